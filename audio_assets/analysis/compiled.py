"""Functions that numba compiled, kept on disk for the next process."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

logger = logging.getLogger(__name__)


def keep_compiled(functions: Iterable[Any]) -> None:
    """Let numba keep what it compiles, where there is a place to write; else it compiles as ever.

    Args:
        functions: made by `numba.njit`, not called yet.
    """
    for function in functions:
        try:
            function.enable_caching()
        except RuntimeError as error:
            logger.info("numba's cache cannot be used: %s", error)
            return
