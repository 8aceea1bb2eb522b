"""Libraries imported in the background while the recordings of a new folder are read."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from audio_assets.models.card import ModelCard
from audio_assets.models.encoder import FIXED_COMPUTE

log = logging.getLogger(__name__)


def libraries(card: ModelCard) -> list[str]:
    """What a first run needs later, in that order.

    With torch they are four seconds of a processor that waits for files anyway. None of them
    imports one of ours, so that no two threads wait for each other.
    """
    torch = [] if card.runs_as in FIXED_COMPUTE else ["torch"]
    return ["pandas", *torch, "pandera.pandas", "umap"]


@contextmanager
def imported_meanwhile(names: Sequence[str]) -> Iterator[None]:
    """Import while something else is done; at its end the import under way is awaited."""
    stop = threading.Event()

    def import_all() -> None:
        for library in names:
            if stop.is_set():
                return
            try:
                importlib.import_module(library)
            except Exception as error:  # who needs it meets it too, and tells what is wrong
                log.info("%s could not be imported ahead: %s", library, error)

    thread = threading.Thread(target=import_all, name="imports", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
