"""Label a few windows of a class, find the rest: what is marked, what it teaches, what is next."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_assets.analysis.fewshot.order import Order, review_order
from audio_assets.analysis.fewshot.quality import Quality, cross_validated
from audio_assets.analysis.fewshot.training import train_head
from audio_assets.catalogue.disagreements import Disagreement, disagreements
from audio_assets.catalogue.judgements import (
    Answer,
    Judged,
    class_name,
    column_of,
    edits_of,
    judge,
    judged_classes,
    judgements,
)
from audio_assets.errors import NotFoundError
from audio_assets.folder_facts import Paths, read_labels, read_paths, stamp
from audio_assets.home import Home
from audio_assets.models.linear_probe.head import LinearHead, center_of, directions
from audio_assets.radio.window_labels import labels_of_windows
from audio_assets.searching import Space, Spaces

KEPT = 8


@dataclass(frozen=True)
class Marked:
    """What is known about the windows of a folder and one class.

    Attributes:
        answers: row of the space → last word on it, "yes" and "no" only.
        from_labels: how many of them come from the folder's own labels, not from a judgement.
    """

    answers: Mapping[int, Judged]
    from_labels: int

    def rows(self, answer: Answer) -> np.ndarray:
        """Rows with an answer, ascending: int64 [n]."""
        return np.array(sorted(r for r, j in self.answers.items() if j.answer == answer), np.int64)


@dataclass(frozen=True)
class Trained:
    """A trained head and what it says of every window.

    Attributes:
        name: the class.
        space: the vectors that it was trained on.
        head: of one class.
        scores: float32 [N], 0 to 1.
        positives: labels that are it; negatives: labels that are not.
        quality: on the labels, cross-validated.
    """

    name: str
    space: Space
    head: LinearHead
    scores: np.ndarray
    positives: int
    negatives: int
    quality: Quality


class FewShot:
    """Labelling of one home; keeps vectors and what was trained last; safe for threads.

    Args:
        spaces: opens the vectors.
    """

    def __init__(self, spaces: Spaces) -> None:
        self.home: Home = spaces.home
        self._spaces = spaces
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def space(self, folder: str, checkpoint: str) -> Space:
        """The vectors of a folder under a checkpoint.

        Raises:
            NotMaterializedError: the checkpoint was not run on the folder.
        """
        return self._spaces.open([folder], checkpoint)[0]

    def classes(self, folder: str) -> list[str]:
        """Names of the classes that somebody has judged, sorted."""
        return judged_classes(self._edits(folder))

    def marked(
        self, folder: str, checkpoint: str, name: str, *, with_labels: bool = False
    ) -> Marked:
        """What people said, and with `with_labels` also what the folder's own labels say.

        Raises:
            NotMaterializedError: the checkpoint was not run on the folder.
        """
        space = self.space(folder, checkpoint)
        said = judgements(self._edits(folder), name)
        answers: dict[int, Judged] = {}
        for key, judged in said.items():
            for row in self._rows(space, key):
                answers[row] = judged
        from_labels = 0
        if with_labels:
            for row, label in enumerate(self._labels(space)):
                if label is not None and row not in answers:
                    same = column_of(label) == column_of(name)
                    answers[row] = Judged("yes" if same else "no", None, None)
                    from_labels += 1
        standing = {row: judged for row, judged in answers.items() if judged.answer is not None}
        return Marked(standing, from_labels)

    def mark(
        self,
        folder: str,
        checkpoint: str,
        name: str,
        answers: Mapping[str, Answer | None],
        *,
        by: str,
        settles: bool = False,
    ) -> int:
        """Say of windows, by id, whether they are of a class; see `catalogue.judgements.judge`.

        Raises:
            NotFoundError: there is no such window in the folder.
        """
        space = self.space(folder, checkpoint)
        paths = self._paths(folder)
        keyed: dict[tuple[str, str], Answer | None] = {}
        for window, answer in answers.items():
            rows = self._rows(space, window)
            if not rows:
                raise NotFoundError(f"Folder {folder!r} has no window {window!r}. Reload the page.")
            keyed[window, paths.first[str(space.recording_ids[rows[0]])]] = answer
        return judge(self.home, folder, name, keyed, by=by, settles=settles)

    def train(
        self, folder: str, checkpoint: str, name: str, *, with_labels: bool = False
    ) -> Trained:
        """Train on what is marked and score every window; the same marks are trained on once.

        Raises:
            UsageError: there is no yes or no no.
            NotMaterializedError: the checkpoint was not run on the folder.
        """
        name = class_name(name)
        space = self.space(folder, checkpoint)
        marked = self.marked(folder, checkpoint, name, with_labels=with_labels)
        yes, no = marked.rows("yes"), marked.rows("no")
        key = ("trained", folder, checkpoint, name, id(space), yes.tobytes(), no.tobytes())
        return self._keep(key, lambda: self._train(space, name, yes, no))

    def labels(self, folder: str) -> list[str]:
        """The folder's own labels, sorted; at most 500."""
        path = self.home.asset("metadata_table", folder=folder)
        labels = self._keep(("labels", folder, stamp(path)), lambda: read_labels(path))
        return sorted({label for label in labels.values() if label is not None})[:500]

    def review(self, trained: Trained, marked: Marked, order: Order) -> np.ndarray:
        """Rows that nobody judged, in the order of review: int64."""
        known = np.zeros(len(trained.scores), bool)
        known[list(marked.answers)] = True
        return review_order(trained.scores, known, order)

    def disagreements(self, folder: str, name: str | None = None) -> list[Disagreement]:
        """Where people do not agree, on one class or on anything."""
        return disagreements(self._edits(folder), column_of(name) if name else None)

    def rows_of(self, space: Space, key: str) -> list[int]:
        """Rows of a window id, or of the windows of a recording's path."""
        return self._rows(space, key)

    def path_of(self, space: Space, row: int) -> str:
        """Path of a window's recording, relative to the folder."""
        return self._paths(space.folder).first.get(str(space.recording_ids[row]), "")

    def _train(self, space: Space, name: str, yes: np.ndarray, no: np.ndarray) -> Trained:
        centred, center = self._keep(("centred", id(space)), lambda: _centred(space), space)
        head = train_head(centred, center, yes, no)
        rows = np.concatenate([yes, no])
        wanted = np.repeat([1, 0], [len(yes), len(no)])
        quality = cross_validated(centred[rows], wanted, space.recording_ids[rows])
        scores = head.scores_of(centred)[:, 0]
        return Trained(name, space, head, scores, len(yes), len(no), quality)

    def _edits(self, folder: str) -> list[dict[str, Any]]:
        files = [self.home.edits / f"{folder}{suffix}" for suffix in (".parquet", ".jsonl")]
        key = ("edits", folder, *map(stamp, files))
        return self._keep(key, lambda: edits_of(self.home, folder))

    def _rows(self, space: Space, key: str) -> list[int]:
        by_window, by_recording = self._keep(("rows", id(space)), lambda: _positions(space), space)
        if key in by_window:
            return [by_window[key]]
        recording = self._paths(space.folder).recording.get(key)
        return by_recording.get(recording, []) if recording else []

    def _labels(self, space: Space) -> list[str | None]:
        path = self.home.asset("metadata_table", folder=space.folder)
        labels = self._keep(("labels", space.folder, stamp(path)), lambda: read_labels(path))
        first = self._paths(space.folder).first
        of_recordings = [labels.get(first.get(r, "")) for r in space.recording_ids.tolist()]
        return labels_of_windows(self.home, space.folder, space.window_ids.tolist(), of_recordings)

    def _paths(self, folder: str) -> Paths:
        path = self.home.asset("raw_audio", folder=folder)
        return self._keep(("paths", folder, stamp(path)), lambda: read_paths(path, folder))

    def _keep(self, key: Any, make: Any, owner: Any = None) -> Any:
        """A kept value; `owner` is held so that its id stays its own."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value = make()
        with self._lock:
            self._kept[key] = (value, owner)
            while len(self._kept) > 4 * KEPT:
                self._kept.popitem(last=False)
        return value


def _positions(space: Space) -> tuple[dict[str, int], dict[str, list[int]]]:
    by_recording: dict[str, list[int]] = {}
    for row, recording in enumerate(space.recording_ids.tolist()):
        by_recording.setdefault(recording, []).append(row)
    return {window: row for row, window in enumerate(space.window_ids.tolist())}, by_recording


def _centred(space: Space) -> tuple[np.ndarray, np.ndarray]:
    center = center_of(space.units)
    return directions(space.units, center), center
