"""Features of IQ windows: an image checkpoint's vectors of waterfall and constellation, joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.transforms.registry import make_transform

VIEWS = ("iq_spectrogram", "iq_constellation")
BATCH = 8


class IqFeatures:
    """Turns IQ windows into vectors twice as long as the checkpoint's.

    The waterfall tells apart what differs in time and frequency (FM, FSK, chirp, noise); BPSK, QPSK
    and 16-QAM have one spectrum and need the constellation.
    """

    def __init__(self, encoder: Any) -> None:
        """Look at IQ with a model.

        Args:
            encoder: of an image checkpoint: `encode_inputs` takes uint8 [B, H, W].
        """
        self._encoder = encoder
        height, width = encoder.transform.output_shape
        self._views = [make_transform(v, {"height": height, "width": width}) for v in VIEWS]

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return len(VIEWS) * self._encoder.dim

    def of(self, windows: Iterable[NDArray[np.complex64]]) -> NDArray[np.float32]:
        """Vectors of windows, each part of unit length.

        Args:
            windows: complex64 [T] each; made one by one, so that none need to be kept.

        Returns:
            float32 [N, dim].
        """
        parts = [self._batch(batch) for batch in _batched(windows)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dim), np.float32)

    def _batch(self, windows: list[NDArray[np.complex64]]) -> NDArray[np.float32]:
        vectors = []
        for view in self._views:
            pictures = np.concatenate([view(window[None]) for window in windows])  # type: ignore[arg-type]
            found = self._encoder.encode_inputs(pictures)
            vectors.append(found / np.linalg.norm(found, axis=1, keepdims=True))
        return np.concatenate(vectors, axis=1).astype(np.float32)


def _batched(windows: Iterable[NDArray[np.complex64]]) -> Iterator[list[NDArray[np.complex64]]]:
    source = iter(windows)
    while batch := list(islice(source, BATCH)):
        yield batch
