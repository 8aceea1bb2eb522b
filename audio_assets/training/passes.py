"""The passes of a stage, counted by a bar."""

from __future__ import annotations

from collections.abc import Iterator

from audio_assets.progress import Progress


def passes(stage: str, first: int, epochs: int) -> Iterator[int]:
    """Yield the numbers of the passes that are left.

    Args:
        stage: name on the bar.
        first: passes that are done already.
        epochs: passes in all.

    Yields:
        `first` to `epochs` - 1.
    """
    with Progress(epochs, stage, unit="epoch") as bar:
        bar.update(first)
        for epoch in range(first, epochs):
            yield epoch
            bar.update()
