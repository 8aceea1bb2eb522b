"""Find similar: by windows or a vector, among some windows, with filters."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.errors import NotFoundError, UsageError
from audio_assets.home import Home
from audio_assets.searching import Space, Spaces
from audio_assets.similar import Wanted, find_similar
from audio_assets_tests.stored_sets import class_vectors, store_folder, store_vectors


@pytest.fixture
def space(tmp_path) -> Space:
    """24 recordings of two windows each, in four classes."""
    home = Home(tmp_path).ensure()
    store_vectors(home, "reef", "good", store_folder(home, "reef"), class_vectors(48))
    return Spaces(home).open(["reef"], "good")[0]


def brute_force(space: Space, query: np.ndarray, allowed: np.ndarray, k: int) -> list[str]:
    scores = space.units @ (query / np.linalg.norm(query))
    rows = [r for r in np.argsort(-scores, kind="stable") if allowed[r]]
    return [str(space.window_ids[r]) for r in rows[:k]]


def found(hits) -> list[str]:
    return [hit.window_id for hit in hits]


def test_a_window_finds_its_neighbours_but_not_itself_best_first(space):
    hits = find_similar(space, windows=[space.window_ids[5]], wanted=Wanted(k=7))
    allowed = np.arange(48) != 5
    assert found(hits) == brute_force(space, space.units[5], allowed, 7)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_several_windows_ask_with_the_mean_of_their_directions(space):
    asked = [space.window_ids[i] for i in (0, 8, 16)]
    hits = find_similar(space, windows=asked, wanted=Wanted(k=5))
    allowed = ~np.isin(np.arange(48), (0, 8, 16))
    mean = space.units[[0, 8, 16]].mean(axis=0)
    assert found(hits) == brute_force(space, mean, allowed, 5)


def test_a_vector_finds_what_lies_in_its_direction_whatever_its_length(space):
    hits = find_similar(space, vector=1000 * space.units[3], wanted=Wanted(k=3))
    assert hits[0].window_id == space.window_ids[3]
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)


def test_only_windows_of_the_view_are_found(space):
    among = {str(w) for w in space.window_ids[20:30]}
    hits = find_similar(space, windows=[space.window_ids[0]], wanted=Wanted(k=40, among=among))
    assert set(found(hits)) == among


def test_windows_of_the_same_recording_can_be_left_out(space):
    own = space.recording_ids[6]
    plain = find_similar(space, windows=[space.window_ids[6]], wanted=Wanted(k=47))
    assert own in {hit.recording_id for hit in plain}
    hits = find_similar(
        space, windows=[space.window_ids[6]], wanted=Wanted(k=47, other_recordings=True)
    )
    assert len(hits) == 46
    assert own not in {hit.recording_id for hit in hits}


def test_one_window_of_each_recording_is_its_best(space):
    query = space.units[0]
    hits = find_similar(space, vector=query, wanted=Wanted(k=24, one_per_recording=True))
    assert len({hit.recording_id for hit in hits}) == len(hits) == 24
    for hit in hits:
        rows = np.flatnonzero(space.recording_ids == hit.recording_id)
        assert hit.score == pytest.approx(float((space.units[rows] @ query).max()), abs=1e-6)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    three = find_similar(space, vector=query, wanted=Wanted(k=3, one_per_recording=True))
    assert found(three) == found(hits)[:3]


def test_what_cannot_be_asked_is_refused_with_the_reason(space):
    with pytest.raises(UsageError, match="with samples or with a vector"):
        find_similar(space)
    with pytest.raises(UsageError, match="1 to 10,000"):
        find_similar(space, vector=space.units[0], wanted=Wanted(k=0))
    with pytest.raises(UsageError, match="3 values; these vectors have 16"):
        find_similar(space, vector=np.ones(3))
    with pytest.raises(UsageError, match="NaN"):
        find_similar(space, vector=np.full(16, np.nan))
    with pytest.raises(NotFoundError):
        find_similar(space, windows=["0000000000000000@0+5"])
