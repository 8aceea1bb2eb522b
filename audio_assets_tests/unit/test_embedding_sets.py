"""Embedding sets: found in the stored embeddings, loaded together, refused where they differ."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.embedding_sets import (
    EmbeddingSetNotFoundError,
    IncompatibleSetsError,
    get_embedding_set,
    list_embedding_sets,
    load_sets,
)
from audio_assets.errors import UsageError
from audio_assets.home import Home
from audio_assets_tests.stored_sets import class_vectors, signature, store_folder, store_vectors


@pytest.fixture
def home(tmp_path) -> Home:
    """Two folders under `c1`, the first also under `c2`, which has shorter vectors."""
    home = Home(tmp_path).ensure()
    for key in ("reef", "shore"):
        windows = store_folder(home, key, recordings=3)
        store_vectors(home, key, "c1", windows, class_vectors(6))
    store_vectors(home, "reef", "c2", store_folder(home, "reef", 3), class_vectors(6, dim=8))
    return home


def test_a_set_is_a_recording_of_a_folder_under_a_signature(home):
    sets = list_embedding_sets(home)
    assert [(s.folder, s.checkpoint, s.path) for s in sets] == [
        (folder, checkpoint, f"00{i}.wav")
        for folder, checkpoint in (("reef", "c1"), ("reef", "c2"), ("shore", "c1"))
        for i in range(3)
    ]
    first = sets[0]
    assert first.id == f"{signature('c1')[:16]}-{first.recording_id[:16]}-reef"
    assert (first.dim, first.windows, first.window_s, first.hop_s) == (16, 2, 5.0, 5.0)
    assert get_embedding_set(home, first.id) == first
    assert len({s.id for s in sets}) == len(sets)


def test_sets_can_be_asked_for_by_folder_and_checkpoint(home):
    assert {s.folder for s in list_embedding_sets(home, "shore")} == {"shore"}
    assert {s.checkpoint for s in list_embedding_sets(home, checkpoint="c2")} == {"c2"}
    assert list_embedding_sets(home, "nowhere") == []
    assert list_embedding_sets(home, "*") == []
    assert list_embedding_sets(home, "../c1") == []


def test_a_copied_checkpoint_gives_the_same_sets_once(home):
    windows = store_folder(home, "shore", 3)
    vectors = class_vectors(6)
    store_vectors(home, "shore", "c1-copy", windows, vectors, encoding_signature=signature("c1"))
    assert len(list_embedding_sets(home, "shore")) == 3
    assert len(list_embedding_sets(home, "shore", "c1-copy")) == 3


def test_loaded_vectors_are_the_stored_ones_with_their_windows_and_metadata(home):
    sets = list_embedding_sets(home, checkpoint="c1")
    chosen = [sets[1], sets[3], sets[1]]
    windows, vectors = load_sets(home, [s.id for s in chosen])
    assert windows[["folder", "path", "start_s"]].to_numpy().tolist() == [
        ["reef", "001.wav", 0.0], ["reef", "001.wav", 5.0],
        ["shore", "000.wav", 0.0], ["shore", "000.wav", 5.0],
    ]  # fmt: skip
    assert windows["label"].tolist() == ["rain", "rain", "dog", "dog"]
    assert np.array_equal(vectors, class_vectors(6)[[2, 3, 0, 1]])


def test_mixed_dimensions_are_refused_and_both_sides_named(home):
    ids = [list_embedding_sets(home, "reef", c)[0].id for c in ("c1", "c2")]
    with pytest.raises(IncompatibleSetsError, match=r"'c1' has 16-d vectors.*'c2' has 8-d ones"):
        load_sets(home, ids)


def test_mixed_signatures_of_one_dimension_are_refused(home):
    windows = store_folder(home, "shore", 3)
    store_vectors(home, "shore", "c3", windows, class_vectors(6))
    ids = [list_embedding_sets(home, "shore", c)[0].id for c in ("c1", "c3")]
    with pytest.raises(IncompatibleSetsError, match=r"'shore' under 'c1'.*'shore' under 'c3'"):
        load_sets(home, ids)


def test_another_encoding_of_the_same_folder_gives_other_ids(home):
    old = list_embedding_sets(home, "shore")[0].id
    windows = store_folder(home, "shore", 3)
    store_vectors(home, "shore", "c1", windows, class_vectors(6), encoding_signature="ab" * 32)
    assert list_embedding_sets(home, "shore")[0].id.startswith("abababababababab-")
    with pytest.raises(EmbeddingSetNotFoundError):
        get_embedding_set(home, old)


@pytest.mark.parametrize("bad", ["", "x", "0" * 16, "../../etc", f"{'0' * 16}-{'0' * 16}-reef"])
def test_an_unknown_id_is_a_readable_error(home, bad):
    with pytest.raises(EmbeddingSetNotFoundError, match="no embedding set"):
        get_embedding_set(home, bad)


def test_nothing_to_load_is_refused(home):
    with pytest.raises(UsageError, match="at least one"):
        load_sets(home, [])


def test_a_damaged_table_hides_only_its_own_sets(home):
    home.asset("embeddings", folder="shore", checkpoint="c1").write_bytes(b"no parquet")
    assert {s.folder for s in list_embedding_sets(home)} == {"reef"}
