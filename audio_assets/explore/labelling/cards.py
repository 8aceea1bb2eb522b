"""A page of windows to judge, as the panel shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import fiftyone as fo

from audio_assets.catalogue.disagreements import Disagreement
from audio_assets.explore.similar_view import sample_ids
from audio_assets.few_shot import FewShot, Marked, Trained
from audio_assets.searching import Space

Order = Literal["uncertain", "best", "marked", "disagree"]
ORDERS: tuple[Order, ...] = get_args(Order)
PAGE = 24


@dataclass(frozen=True)
class Asked:
    """What the panel is about: a folder, whose vectors, and which class."""

    folder: str
    checkpoint: str
    name: str
    with_labels: bool


def rows_in_order(
    few_shot: FewShot, asked: Asked, marked: Marked, trained: Trained | None, order: Order
) -> list[int]:
    """Rows of the space to show: those to review, those that are marked, or those in dispute."""
    if order == "marked":
        return sorted(
            marked.answers, key=lambda row: marked.answers[row].edited or "", reverse=True
        )
    if order == "disagree":
        space = few_shot.space(asked.folder, asked.checkpoint)
        found = few_shot.disagreements(asked.folder, asked.name)
        return [row for one in found for row in few_shot.rows_of(space, one.key)]
    return [] if trained is None else few_shot.review(trained, marked, order).tolist()


def cards_of(
    dataset: fo.Dataset,
    few_shot: FewShot,
    asked: Asked,
    rows: Sequence[int],
    marked: Marked,
    trained: Trained | None,
) -> list[dict[str, Any]]:
    """Cards of some rows; windows that have no sample (yet) are left out."""
    space: Space = few_shot.space(asked.folder, asked.checkpoint)
    ids = sample_ids(dataset, [str(space.window_ids[row]) for row in rows])
    disputes = {
        row: one
        for one in few_shot.disagreements(asked.folder, asked.name)
        for row in few_shot.rows_of(space, one.key)
    }
    cards = []
    for row in rows:
        sample = ids.get(str(space.window_ids[row]))
        if sample is None:
            continue
        judged = marked.answers.get(row)
        cards.append(
            {
                "id": sample,
                "path": few_shot.path_of(space, row),
                "start": float(space.start_s[row]),
                "end": float(space.end_s[row]),
                "score": None if trained is None else round(float(trained.scores[row]), 3),
                "answer": judged.answer if judged else None,
                "by": judged.by if judged else None,
                "said": _said(disputes.get(row)),
            }
        )
    return cards


def _said(dispute: Disagreement | None) -> list[list[str]]:
    """[who, what] of each person in dispute, the newest last."""
    return [] if dispute is None else [[who, str(value)] for who, value, _ in dispute.said]
