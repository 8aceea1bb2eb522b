"""The figures of a run: a line in the log each time, and handed to whoever follows the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

logger = logging.getLogger(__name__)
Follower = Callable[[str, int, dict[str, float]], None]
_followers: ContextVar[tuple[Follower, ...]] = ContextVar("training_followers", default=())


def record(stage: str, epoch: int, epochs: int, **figures: float) -> None:
    """Record the figures of a finished pass.

    Args:
        stage: of the run, such as "finetune".
        epoch: passes that are done.
        epochs: passes in all.
        **figures: by name; seconds among them.
    """
    text = " ".join(f"{name} {value:.4g}" for name, value in figures.items())
    logger.info("%s epoch %d/%d %s", stage, epoch, epochs, text)
    for follower in _followers.get():
        follower(stage, epoch, figures)


@contextmanager
def followed(follower: Follower) -> Iterator[None]:
    """Hand the figures of all runs in this context to `follower`: (stage, epoch, figures)."""
    before = _followers.set((*_followers.get(), follower))
    try:
        yield
    finally:
        _followers.reset(before)
