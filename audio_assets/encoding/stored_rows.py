"""Rows of an array in a file that may be copied to another file without being read."""

from __future__ import annotations

from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from audio_assets.errors import StorageError


@dataclass(frozen=True)
class StoredRows:
    """Rows that lie one after the other in a file: an array to who looks, bytes to who copies.

    Attributes:
        file: of the array.
        offset: of the first row's first byte.
        shape: (n, *shape).
        dtype: of the rows.
    """

    file: Path
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        """Bytes."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def read(self, stream: FileIO, out: np.ndarray) -> None:
        """Read by plain reads; pages of a memory map would stay and add up to the whole file.

        Args:
            stream: of the file.
            out: [n, *shape], contiguous.

        Raises:
            StorageError: when the file ends too early.
        """
        stream.seek(self.offset)
        if stream.readinto(out.reshape(-1).view(np.uint8).data) != self.size:
            raise StorageError(f"{self.file} ends before byte {self.offset + self.size}.")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All rows; raises as `read` does."""
        out = np.empty(self.shape, self.dtype)
        with self.file.open("rb", buffering=0) as stream:
            self.read(stream, out)
        return out if dtype is None else out.astype(dtype, copy=False)
