"""Marks, training, review and quality over vectors whose classes are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_assets.errors import MetadataError, NotFoundError, UsageError
from audio_assets.few_shot import FewShot, Trained
from audio_assets.home import Home
from audio_assets.searching import Spaces
from audio_assets_tests.unit.few_shot.labelled_space import CHECKPOINT, LabelledSpace


def world(tmp_path: Path, **of: Any) -> tuple[LabelledSpace, FewShot]:
    home = Home(tmp_path).ensure()
    return LabelledSpace(home, **of).write(), FewShot(Spaces(home))


def marked(space: LabelledSpace, few_shot: FewShot, each: int) -> Trained:
    answers: Any = dict.fromkeys(space.of(True, each), "yes") | dict.fromkeys(
        space.of(False, each), "no"
    )
    few_shot.mark(space.key, CHECKPOINT, "wren", answers, by="Ana")
    return few_shot.train(space.key, CHECKPOINT, "wren")


def test_three_of_each_put_the_rest_of_the_class_first(tmp_path):
    space, few_shot = world(tmp_path, recordings=40)
    trained = marked(space, few_shot, 3)
    state = few_shot.marked(space.key, CHECKPOINT, "wren")
    best = few_shot.review(trained, state, "best")
    rest = sum(space.wrens) - 3
    assert [space.wrens[row] for row in best[:rest]] == [True] * rest
    assert len(best) == 40 - 6, "what is marked is not shown for review again"


def test_uncertain_first_is_the_smallest_margin_first(tmp_path):
    space, few_shot = world(tmp_path, recordings=40)
    trained = marked(space, few_shot, 3)
    state = few_shot.marked(space.key, CHECKPOINT, "wren")
    margins = np.abs(trained.scores[few_shot.review(trained, state, "uncertain")] - 0.5)
    assert (np.diff(margins) >= 0).all()
    assert margins[0] < margins[-1]


def test_few_labels_are_not_measured_and_more_are(tmp_path):
    space, few_shot = world(tmp_path, recordings=40)
    few = marked(space, few_shot, 3).quality
    assert few.average_precision is None
    assert "too few" in few.note
    enough = marked(space, few_shot, 6).quality
    assert enough.average_precision is not None
    assert enough.average_precision > 0.9
    assert enough.chance == pytest.approx(0.5)


def test_labels_of_one_recording_are_not_measured_against_each_other(tmp_path):
    space, few_shot = world(tmp_path, recordings=8, windows=10)
    quality = marked(space, few_shot, 8).quality
    assert quality.average_precision is None
    assert "one recording" in quality.note


def test_an_answer_that_is_taken_back_does_not_count(tmp_path):
    space, few_shot = world(tmp_path)
    marked(space, few_shot, 2)
    few_shot.mark(space.key, CHECKPOINT, "wren", {space.of(True, 1)[0]: None}, by="Ana")
    assert len(few_shot.marked(space.key, CHECKPOINT, "wren").rows("yes")) == 1


def test_the_same_marks_are_trained_on_once_and_give_the_same_scores_in_another_process(tmp_path):
    space, few_shot = world(tmp_path)
    trained = marked(space, few_shot, 3)
    assert few_shot.train(space.key, CHECKPOINT, "wren") is trained
    again = FewShot(Spaces(space.home)).train(space.key, CHECKPOINT, "wren")
    assert (again.scores == trained.scores).all()


def test_the_folders_own_labels_can_be_learned_from(tmp_path):
    space, few_shot = world(tmp_path)
    state = few_shot.marked(space.key, CHECKPOINT, "Wren", with_labels=True)
    assert len(state.rows("yes")) == sum(space.wrens)
    assert state.from_labels == len(space.wrens)
    assert few_shot.labels(space.key) == ["wind", "wren"]


def test_what_cannot_be_trained_or_marked_is_said(tmp_path):
    space, few_shot = world(tmp_path)
    few_shot.mark(space.key, CHECKPOINT, "wren", {space.window_ids[0]: "yes"}, by="Ana")
    with pytest.raises(UsageError, match="that are not"):
        few_shot.train(space.key, CHECKPOINT, "wren")
    with pytest.raises(NotFoundError, match="no window"):
        few_shot.mark(space.key, CHECKPOINT, "wren", {"0" * 16 + "@0+1": "yes"}, by="Ana")
    with pytest.raises(MetadataError, match="Name what you are looking for"):
        few_shot.mark(space.key, CHECKPOINT, "  ", {space.window_ids[0]: "yes"}, by="Ana")


def test_windows_of_a_long_recording_are_marked_one_by_one(tmp_path):
    space, few_shot = world(tmp_path, recordings=4, windows=5)
    few_shot.mark(space.key, CHECKPOINT, "wren", {space.window_ids[2]: "yes"}, by="Ana")
    assert few_shot.marked(space.key, CHECKPOINT, "wren").rows("yes").tolist() == [2]
