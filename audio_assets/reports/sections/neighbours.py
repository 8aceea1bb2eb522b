"""Nearest neighbours against the labels: confusion matrix and precision of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_assets.analysis.palette import color
from audio_assets.analysis.retrieval import VOTES, Retrieval
from audio_assets.reports.contents import Contents
from audio_assets.reports.document import Block, Note, Picture, Section, Table, Text
from audio_assets.reports.figures.matrix import count_matrix
from audio_assets.reports.wording import count, number

MOST_CLASSES = 30
MOST_ROWS = 60
OTHER = "other classes"


def neighbours(contents: Contents) -> Section:
    """How far the nearest recordings are of the same class."""
    found, title = contents.retrieval, "Nearest neighbours and retrieval"
    if found is None:
        return Section("neighbours", title, [Note(contents.missing("retrieval") or "")])
    sizes = _sizes(found)
    shown = sorted(sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_CLASSES])
    matrix, names = _confusion(found, shown)
    blocks: list[Block] = [
        Text(_method(found)),
        Picture(
            count_matrix(matrix, names, names, down="true class", across="predicted class"),
            "Confusion matrix of the 5-nearest-neighbour vote",
            _caption(len(sizes), len(shown)),
        ),
        _table(contents, found, sizes),
    ]
    if found.by == "fold":
        blocks.append(_by_fold(found))
    blocks.append(Note(_seen_in_training(contents, found)))
    low = [name for name in sizes if found.attainable[found.truth == name].mean() < 1]
    if low:
        few = f"{count(len(low), 'class has', 'classes have')} fewer than {found.k} {found.unit}s"
        blocks.append(
            Note(
                f"{few} to be found, so that P@{found.k} cannot reach 1; the column 'at best' "
                "says how high it can be."
            )
        )
    return Section("neighbours", title, blocks)


def _method(found: Retrieval) -> str:
    accuracy = 100 * float((found.truth == found.predicted).mean())
    asked = count(len(found.truth), found.unit)
    if len(found.truth) < found.labelled:
        asked += f" (of {found.labelled:,}, at equal steps)"
    where = f"among all other {found.unit}s (leave-one-out)"
    if found.by == "fold":
        where = f"among the {found.unit}s of the other folds"
    first = "The windows of a recording are averaged first."
    if found.unit == "window":
        first = (
            "Labels differ inside recordings, so single windows are looked up; neighbours of the "
            "same recording count, which flatters the figures."
        )
    return (
        f"{asked} looked up {where}, by cosine of the centred vectors. {first} The {VOTES} nearest "
        f"vote on the class: {accuracy:.1f} % are right. Precision@{found.k} is the share of the "
        f"{found.k} nearest {found.unit}s that have the same class: "
        f"{number(float(found.precision.mean()))} on average."
    )


def _caption(classes: int, shown: int) -> str:
    if classes > shown:
        return f"The {shown} largest of {classes} classes; the rest is '{OTHER}'."
    return "Rows are the true classes, columns what the neighbours voted for."


def _sizes(found: Retrieval) -> dict[str, int]:
    names, sizes = np.unique(found.truth.astype(str), return_counts=True)
    return dict(zip(names.tolist(), sizes.tolist(), strict=True))


def _confusion(found: Retrieval, shown: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Counts int [C, C] by true and predicted class, and their names."""
    place = {name: i for i, name in enumerate(shown)}
    rest = len(shown)
    truth = np.array([place.get(name, rest) for name in found.truth])
    predicted = np.array([place.get(name, rest) for name in found.predicted])
    matrix = np.zeros((rest + 1, rest + 1), int)
    np.add.at(matrix, (truth, predicted), 1)
    if matrix[rest].any() or matrix[:, rest].any():
        return matrix, [*shown, OTHER]
    return matrix[:rest, :rest], list(shown)


def _table(contents: Contents, found: Retrieval, sizes: dict[str, int]) -> Table:
    place = {name: i for i, name in enumerate(contents.classes)}
    rows: list[tuple[str, ...]] = []
    precision = {name: float(found.precision[found.truth == name].mean()) for name in sizes}
    for name in sorted(sizes, key=lambda name: (-precision[name], name))[:MOST_ROWS]:
        mine, voted = found.truth == name, found.predicted == name
        right = int((mine & voted).sum())
        rows.append(
            (
                name, f"{sizes[name]:,}", number(right / sizes[name]),
                number(right / int(voted.sum())) if voted.any() else "–",
                number(precision[name]),
                number(float(found.attainable[mine].mean())), _taken_for(found, name),
            )
        )  # fmt: skip
    hidden = len(sizes) - len(rows)
    head = ("Class", "Looked up", "Recall", "Precision", f"P@{found.k}", "at best",
            "Most often taken for")  # fmt: skip
    return Table(
        head, rows, (24, 11, 10, 11, 10, 10, 24), frozenset(range(1, 6)),
        [color(place[row[0]]) for row in rows],
        more=f"and {count(hidden, 'class', 'classes')} more" if hidden else "",
    )  # fmt: skip


def _by_fold(found: Retrieval) -> Table:
    """Accuracy and precision of each fold: a model is better on folds that it was trained on."""
    rows: list[tuple[str, ...]] = []
    for fold in sorted(set(found.fold.tolist())):
        mine = found.fold == fold
        right = float((found.truth == found.predicted)[mine].mean())
        precision = number(float(found.precision[mine].mean()))
        rows.append((f"{fold:g}", f"{int(mine.sum()):,}", f"{100 * right:.1f} %", precision))
    head = ("Fold", "Looked up", "Right", f"P@{found.k}")
    return Table(head, rows, (25, 25, 25, 25), frozenset({1, 2, 3}))


def _seen_in_training(contents: Contents, found: Retrieval) -> str:
    card = dict(contents.provenance.get("Model", ())).get("description", "")
    where = "the folds it has not seen" if found.by == "fold" else "recordings it has not seen"
    return (
        "A model that was trained on some of these recordings does better on them than on new "
        f"ones; what counts is how it does on {where}."
        + (f" Its card says: {card}" if card else "")
    )


def _taken_for(found: Retrieval, name: str) -> str:
    wrong = found.predicted[(found.truth == name) & (found.predicted != name)]
    if not len(wrong):
        return "–"
    names, sizes = np.unique(wrong.astype(str), return_counts=True)
    return f"{names[sizes.argmax()]} ({int(sizes.max())})"
