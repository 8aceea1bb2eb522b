"""Cards of a clustering."""

import pyarrow as pa

from audio_assets.catalogue.window_editing import LabelEdit
from audio_assets.explore.clusters.cards import Window, cluster_cards
from audio_assets.schemas import CLUSTERS


def table(clusters, ranks, outliers=None):
    count = len(clusters)
    columns = [
        pa.array([f"w{i}" for i in range(count)]),
        pa.array(clusters, pa.int32()),
        pa.array([0.5] * count, pa.float32()),
        pa.array(outliers or [0.1] * count, pa.float32()),
        pa.array(ranks, pa.int32()),
    ]
    return pa.Table.from_arrays(columns, schema=CLUSTERS)


def windows(labels):
    return {f"w{i}": Window(f"w{i}", f"s{i}", f"{i}.wav", label) for i, label in enumerate(labels)}


def test_a_card_says_how_large_and_how_pure_a_cluster_is():
    labels = ["frog", "frog", "rain", None, "rain", "wind"]
    cards = cluster_cards(
        table([0, 0, 0, 0, 1, -1], [1, 0, None, None, 0, None]), windows(labels), {}
    )
    assert [(c.cluster, c.size) for c in cards] == [(0, 4), (1, 1), (-1, 1)]
    assert cards[0].labels == [("frog", 2), ("rain", 1)]
    assert cards[0].labelled == 3
    assert cards[0].purity == round(2 / 3, 6)
    assert cards[0].share == round(4 / 6, 6)
    assert [e.window_id for e in cards[0].exemplars] == ["w1", "w0", "w2", "w3"]


def test_noise_shows_its_least_typical_windows_first():
    cards = cluster_cards(table([-1, -1, -1], [None] * 3, [0.2, 0.9, 0.5]), windows([None] * 3), {})
    assert [e.window_id for e in cards[0].exemplars] == ["w1", "w2", "w0"]
    assert cards[0].probability is None
    assert cards[0].purity is None


def test_windows_that_the_data_set_lacks_are_left_out():
    cards = cluster_cards(table([0, 0, 1], [0, 1, 0]), windows(["a", "b"]), {})
    assert [(c.cluster, c.size) for c in cards] == [(0, 2)]


def test_a_cluster_bears_the_name_that_most_of_its_windows_got():
    named = LabelEdit("frog", "2026-01-02T00:00:00+00:00", "ana", "cluster 0 of asset:m")
    typed = LabelEdit("frog", "2026-01-03T00:00:00+00:00", "ben", "typed")
    known = windows(["frog", "frog", "rain", "frog"])
    clusters = table([0, 0, 0, 1], [0, 1, None, 0])
    half = cluster_cards(clusters, known, {"w0": named})
    assert half[0].name is None
    most = cluster_cards(clusters, known, {"w0": named, "1.wav": named, "w3": typed})
    assert (most[0].name, most[0].named_by) == ("frog", "ana")
    assert most[1].name is None, "a label that was typed in is no name of a cluster"
