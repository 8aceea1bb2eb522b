"""What an engine other than this process must do: turn jobs into vectors of whole windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from audio_assets.encoding.jobs import InputJob
from audio_assets.encoding.protocols import InputEncoder


@dataclass(frozen=True)
class Part:
    """Some finished windows, in any order.

    Attributes:
        windows: int64 [w], row of each window.
        vectors: float32 [w, dim], theirs, looked at by `VectorChecks` already.
        failed: (path, reason) of recordings that could not be read.
        seconds: stage → seconds of this part.
        calls: calls of the encoder.
    """

    windows: np.ndarray
    vectors: np.ndarray
    failed: tuple[tuple[str, str], ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    calls: int = 0


class Engine(Protocol):
    """Encodes jobs somewhere; the caller keeps the shards, whoever computed their rows."""

    def encode(
        self, jobs: Iterable[InputJob], encoder: InputEncoder, batch_size: int
    ) -> Iterator[Part]:
        """Encode.

        Args:
            jobs: inputs to read; those of one window may be spread over several jobs.
            encoder: gives `dim` and `transform`; need not be able to compute.
            batch_size: rows per call of the model.

        Yields:
            Every window of `jobs` exactly once, but for recordings that are named as failed.

        Raises:
            EncodingError: vectors are wrong, or the engine is lost.
        """
        ...
