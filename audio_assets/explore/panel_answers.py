"""What panels answer to their scripts: a result, or one sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from audio_assets.errors import AudioAssetsError, UsageError


def said(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Make an error for users the answer `{"error": sentence}`, which the panel shows."""

    @wraps(method)
    def run(self: Any, ctx: Any) -> Any:
        try:
            return method(self, ctx)
        except AudioAssetsError as error:
            return {"error": str(error)}

    return run


def show_samples(ctx: Any) -> dict[str, Any]:
    """Make the samples `ids` the view of the grid.

    Raises:
        UsageError: there are none.
    """
    ids = list(ctx.params.get("ids") or [])
    if not ids:
        raise UsageError("Nothing is selected. Draw around points first.")
    ctx.ops.set_view(ctx.dataset.select(ids))
    return {"shown": len(ids)}
