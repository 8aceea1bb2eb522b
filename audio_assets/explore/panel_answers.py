"""What panels answer to their scripts: a result, or one sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from audio_assets.errors import AudioAssetsError


def said(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Make an error for users the answer `{"error": sentence}`, which the panel shows."""

    @wraps(method)
    def run(self: Any, ctx: Any) -> Any:
        try:
            return method(self, ctx)
        except AudioAssetsError as error:
            return {"error": str(error)}

    return run
