"""A cluster renamed into a label: with who and when, and it survives what comes after."""

import json

import pytest

from audio_assets.analysis.clustering.finished import finished_clustering, finished_clusterings
from audio_assets.catalogue.window_editing import label_edits
from audio_assets.errors import MetadataError, NotFoundError
from audio_assets_tests.integration.explore.placed_folder import CHECKPOINT, PlacedFolder

ASSET = f"asset:{CHECKPOINT}"


@pytest.fixture
def make(fiftyone_home, tmp_path, request):
    from audio_assets.explore.dataset import delete_dataset, open_dataset

    made = []

    def make(**options):
        key = request.node.name[:40]
        folder = PlacedFolder(fiftyone_home, tmp_path / key, key, per_class=3, **options).write()
        folder.materialize()
        made.append(folder)
        return folder, open_dataset(fiftyone_home, key)

    yield make
    for folder in made:
        delete_dataset(fiftyone_home, folder.key)


def cards(folder, dataset):
    from audio_assets.explore.clusters.cards import cluster_cards
    from audio_assets.explore.clusters.windows import windows_of

    found = finished_clustering(folder.home, folder.key, [CHECKPOINT], ASSET)
    edits = label_edits(folder.home, folder.key)
    return found, cluster_cards(found.table(), windows_of(dataset), edits)


def test_a_name_is_kept_with_its_windows_by_runs_and_by_another_clustering(make):
    from audio_assets.explore.clusters.naming import name_cluster

    folder, dataset = make()
    clustering, before = cards(folder, dataset)
    bells = next(c for c in before if c.labels[0][0] == "bell")
    assert (bells.size, bells.purity, bells.name) == (3, 1.0, None)
    count = name_cluster(
        folder.home, dataset, clustering, bells.cluster, "  church   bell ", by="ana"
    )
    assert count == 3
    dataset.reload()
    assert dataset.count_values("label.label")["church bell"] == 3
    line = json.loads((folder.home.edits / f"{folder.key}.jsonl").read_text().splitlines()[0])
    assert (line["column"], line["value"], line["by"]) == ("label", "church bell", "ana")
    assert line["origin"] == f"cluster {bells.cluster} of {ASSET}"
    assert line["edited"].endswith("+00:00")

    report = folder.materialize(clusters=3, seed=7)
    dataset.reload()
    assert report.samples == 12
    assert dataset.count_values("label.label") == {
        "church bell": 3, "rain": 3, "siren": 3, "frog_croak": 3,
    }  # fmt: skip
    _, after = cards(folder, dataset)
    assert len(after) == 3
    for card in after:
        share = dict(card.labels).get("church bell", 0) / card.size
        assert (card.name == "church bell") == (share > 0.5)


def test_windows_of_a_long_recording_get_labels_of_their_own(make):
    from audio_assets.explore.clusters.naming import name_cluster
    from audio_assets.reading import load_embeddings
    from audio_assets.settings import load_settings

    folder, dataset = make(policy="sliding")
    assert len(dataset) == 24
    chosen = sorted(dataset.values("window_id"))[:1]
    from audio_assets.catalogue.window_editing import label_windows

    path = dataset.values("path")[dataset.values("window_id").index(chosen[0])]
    label_windows(folder.home, folder.key, [(chosen[0], path)], "owl", by="ben", origin="typed")
    folder.materialize()
    dataset.reload()
    labels = dict(zip(*dataset.values(["window_id", "label.label"]), strict=True))
    assert [w for w, label in labels.items() if label == "owl"] == chosen
    windows, _ = load_embeddings(
        folder.key, CHECKPOINT, settings=load_settings(home=folder.home.root)
    )
    assert windows[windows["label"] == "owl"]["window_id"].tolist() == chosen
    assert not windows["label"].isna().to_numpy().any()

    clustering, found = cards(folder, dataset)
    card = found[0]
    assert (
        name_cluster(
            folder.home, dataset, clustering, card.cluster, "x", by="", only_unlabelled=True
        )
        == 0
    )


def test_what_is_no_label_changes_nothing(make):
    from audio_assets.explore.clusters.naming import name_cluster

    folder, dataset = make()
    clustering, _ = cards(folder, dataset)
    for label in ("   ", "x" * 201):
        with pytest.raises(MetadataError, match="1 to 200"):
            name_cluster(folder.home, dataset, clustering, 0, label, by="ana")
    assert not (folder.home.edits / f"{folder.key}.jsonl").exists()
    assert dataset.count_values("label.label")["bell"] == 3


def test_clusterings_of_jobs_can_be_looked_at_beside_the_asset(make):
    from audio_assets.analysis.clustering.job import run_clustering
    from audio_assets.analysis.clustering.parameters import ClusteringRequest

    folder, _ = make()
    request = ClusteringRequest(
        folder=folder.key, checkpoint=CHECKPOINT, method="kmeans", n_clusters=2,
        umap_dimensions=None, stability_seeds=0,
    )  # fmt: skip
    run_clustering(folder.home, request, f"job-{folder.key}")
    found = finished_clusterings(folder.home, folder.key, [CHECKPOINT])
    assert [f.id for f in found] == [ASSET, f"job:job-{folder.key}"]
    assert set(found[1].table()["cluster"].to_pylist()) == {0, 1}
    assert found[1].quality["silhouette"] is not None
    with pytest.raises(NotFoundError, match="job:gone"):
        finished_clustering(folder.home, folder.key, [CHECKPOINT], "job:gone")
