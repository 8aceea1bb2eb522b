"""Conditions that a panel of ours adds to the App's view, and takes out again.

Each is a `Match` stage whose query carries the panel's mark as MongoDB's `$comment`, so that a
panel finds its own stage in whatever view the App shows, after a reload, too. A `SortBy` right
after it belongs to it.
"""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.server.view as server_view

Stages = list[dict[str, Any]]
COMMENT = "$comment"
_SAYS = ": "


def view_without(ctx: Any, mark: str) -> fo.DatasetView:
    """What the App shows, filters included, as if the stage of that mark were not there.

    The sidebar's filters become stages: the App forgets them when it is given a view.
    """
    params = ctx.request_params
    view: Any = server_view.get_view(
        ctx.dataset,
        stages=_stages_without(ctx, mark),
        filters=params.get("filters"),
        extended_stages=dict(params.get("extended") or {}),  # get_view takes the order out
        reload=False,
    )
    return view


def marked_query(ctx: Any, mark: str) -> dict[str, Any] | None:
    """The query of the stage with that mark; None where the App's view has none."""
    found = [query for query in map(_query, _stages(ctx)) if _has_mark(query, mark)]
    return found[-1] if found else None


def marked_choice(ctx: Any, mark: str) -> str:
    """What the stage with that mark was said to choose (`with_query`); "" where there is none."""
    query = marked_query(ctx, mark) or {}
    return str(query.get(COMMENT, "")).removeprefix(mark).removeprefix(_SAYS)


def with_query(
    view: fo.DatasetView, query: dict[str, Any], mark: str, choice: str = ""
) -> fo.DatasetView:
    """The view restricted to a query, under a mark; `choice` names what it chooses."""
    return view.match({**query, COMMENT: f"{mark}{_SAYS}{choice}" if choice else mark})


def _stages_without(ctx: Any, mark: str) -> Stages:
    kept: Stages = []
    after_ours = False
    for stage in _stages(ctx):
        ours = _has_mark(_query(stage), mark)
        if not ours and not (after_ours and stage.get("_cls", "").endswith(".SortBy")):
            kept.append(stage)
        after_ours = ours
    return kept


def _has_mark(query: dict[str, Any], mark: str) -> bool:
    comment = str(query.get(COMMENT, ""))
    return comment == mark or comment.startswith(mark + _SAYS)


def _stages(ctx: Any) -> Stages:
    params = ctx.request_params
    stages, name = params.get("view"), params.get("view_name")
    if not stages and name and ctx.dataset.has_saved_view(name):
        return ctx.dataset.load_saved_view(name)._serialize()
    return stages or []


def _query(stage: dict[str, Any]) -> dict[str, Any]:
    kwargs = dict(stage.get("kwargs") or [])
    query = kwargs.get("filter")
    return query if isinstance(query, dict) else {}
