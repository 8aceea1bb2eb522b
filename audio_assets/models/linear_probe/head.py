"""The head of a linear probe: one logistic regression per class over the directions of vectors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from audio_assets.errors import CheckpointError
from audio_assets.storage import atomic_open

TENSORS = ("bias", "center", "weight")


@dataclass(frozen=True)
class LinearHead:
    """Weights of a head.

    Attributes:
        weight: float32 [classes, dim].
        bias: float32 [classes].
        center: float32 [dim], mean direction of the vectors that it was trained among.
    """

    weight: np.ndarray
    bias: np.ndarray
    center: np.ndarray

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.weight.shape[0]

    @property
    def dim(self) -> int:
        """Length of the vectors that it reads."""
        return self.weight.shape[1]

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """Score vectors of the base checkpoint.

        Args:
            vectors: float [N, dim], of any length.

        Returns:
            float32 [N, classes], 0 to 1, a class for itself: they need not add up to 1. 0.5 is the
            border between yes and no; they order windows and are no calibrated probabilities.
        """
        return self.scores_of(directions(vectors, self.center))

    def scores_of(self, centred: np.ndarray) -> np.ndarray:
        """As `scores`, for vectors that `directions` made with this center."""
        logits = centred @ self.weight.T + self.bias
        return (0.5 * (1.0 + np.tanh(0.5 * logits))).astype(np.float32)  # a sigmoid, never inf


def directions(vectors: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Unit vectors seen from their common center, again of length 1: float32 [N, dim].

    Vectors of one model lie in a narrow cone; without the center, twenty labels say little.

    Args:
        vectors: float [N, dim].
        center: float32 [dim], mean of unit vectors.
    """
    return _units(_units(np.asarray(vectors, np.float32)) - center)


def center_of(vectors: np.ndarray) -> np.ndarray:
    """Mean direction of vectors [N, dim]: float32 [dim]."""
    return _units(np.asarray(vectors, np.float32)).mean(axis=0, dtype=np.float64).astype(np.float32)


def write_head(head: LinearHead, path: Path) -> None:
    """Write a head as safetensors; equal heads give equal bytes.

    Raises:
        StorageError: the file cannot be written.
    """
    tensors = {name: np.ascontiguousarray(getattr(head, name), np.float32) for name in TENSORS}
    content = safetensors.numpy.save(tensors)
    with atomic_open(path) as stream:
        stream.write(content)


def read_head(path: Path) -> LinearHead:
    """Read a head.

    Raises:
        CheckpointError: it is missing or damaged, or its tensors are not those of a head.
    """
    try:
        tensors = safetensors.numpy.load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as a linear head: {error}.") from error
    if tuple(sorted(tensors)) != TENSORS:
        raise CheckpointError(
            f"{path} holds {', '.join(sorted(tensors)) or 'nothing'}; expected the tensors "
            f"{', '.join(TENSORS)} of a linear head."
        )
    head = LinearHead(**{name: tensors[name].astype(np.float32) for name in TENSORS})
    shapes = (head.weight.ndim, head.bias.shape, head.center.shape)
    if head.weight.ndim != 2 or shapes != (2, (head.classes,), (head.dim,)):
        raise CheckpointError(
            f"{path}: weight {head.weight.shape}, bias {head.bias.shape} and center "
            f"{head.center.shape} do not belong together."
        )
    for name in TENSORS:
        if not np.isfinite(getattr(head, name)).all():
            raise CheckpointError(f"{path}: {name} holds NaN or infinite values.")
    return head


def _units(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)
