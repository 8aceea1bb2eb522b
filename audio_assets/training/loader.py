"""Loading ahead: a second process makes the next batches while the model learns from this one."""

from __future__ import annotations

from collections.abc import Iterator

from torch.utils.data import DataLoader, IterableDataset

from audio_assets.training.batches import Batch, BatchMaker


class BatchStream(IterableDataset[Batch]):
    """The batches of several passes, one after another."""

    def __init__(self, maker: BatchMaker, stage: int, epochs: range, batch_size: int) -> None:
        """Describe the stream.

        Args:
            maker: makes the batches.
            stage: number of the training stage.
            epochs: numbers of the passes.
            batch_size: sounds per batch.
        """
        self.maker, self.stage, self.epochs, self.batch_size = maker, stage, epochs, batch_size

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches in order."""
        for epoch in self.epochs:
            yield from self.maker.epoch(self.stage, epoch, self.batch_size)


def load_ahead(stream: BatchStream, processes: int) -> Iterator[Batch]:
    """Iterate over a stream, made in this process (0) or ahead in one of its own (1).

    The order and the content are the same either way.

    Args:
        stream: the batches.
        processes: 0 or 1.

    Yields:
        Batches.
    """
    if processes == 0:
        yield from stream
        return
    yield from DataLoader(
        stream, batch_size=None, num_workers=1, prefetch_factor=8, multiprocessing_context="fork"
    )
