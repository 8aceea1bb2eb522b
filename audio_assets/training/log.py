"""What a person sees of a run: a line per epoch, and on a terminal a bar below the lines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm.contrib.logging import logging_redirect_tqdm

from audio_assets import progress


@contextmanager
def logged() -> Iterator[None]:
    """Write the lines of a run to standard error while the context lasts."""
    logger, handler = logging.getLogger("audio_assets.training"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    silenced = progress.quiet.set(not sys.stderr.isatty())
    try:
        with logging_redirect_tqdm([logger]):
            yield
    finally:
        progress.quiet.reset(silenced)
        logger.setLevel(level)
        logger.removeHandler(handler)
