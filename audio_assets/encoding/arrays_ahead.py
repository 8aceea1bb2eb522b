"""Model-ready arrays of short recordings, made by the processes that decode them for the scan.

Decoding is a good part of a first run, and the spectrograms of a folder come next. The arrays go
into the same shards as those of a killed run, by window and spectrogram signature: whatever the
folder becomes until then, an array is of the bytes and the parameters that it is named by.
"""

from __future__ import annotations

import json
import threading
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.encoding.inputs import fitted
from audio_assets.encoding.jobs import JOB_BYTES, Recording, first_spans
from audio_assets.encoding.protocols import ArrayTransform
from audio_assets.encoding.shards import ShardStore, store_directory
from audio_assets.encoding.signature import spectrogram_signature
from audio_assets.recordings.verdict import Verdict
from audio_assets.recordings.windows import WindowGrid, make_windows
from audio_assets.transforms.registry import make_transform

SOME_ID = "0" * 16
"""As much of a recording's id as a window's begins with."""


class ArraysAhead:
    """A listener of the scan (`recordings.verify_apart.Listener`)."""

    maker = f"{__name__}:arrays_of"

    def __init__(self, transform: ArrayTransform, grid: WindowGrid, work_dir: Path) -> None:
        """Nothing is touched before the first arrays come.

        Args:
            transform: of the folder's spectrograms, one of the registry.
            grid: the folder's.
            work_dir: of `compute_spectrograms`.
        """
        self._transform, self._grid, self._work_dir = transform, grid, work_dir
        self._lock = threading.Lock()
        self._taken = False

    @property
    def parameters(self) -> str:
        """What `arrays_of` needs, as JSON."""
        name, given = self._transform.name, self._transform.parameters()
        return json.dumps([name, given, self._grid.to_json()])

    def take(self, names: list[str], made: bytes) -> None:
        """Keep the arrays of some windows.

        Raises:
            StorageError: when the disk refuses.
        """
        rows = np.frombuffer(made, self._transform.output_dtype)
        with self._lock:
            self._taken = True
            self._shards.add(pa.array(names), rows.reshape(-1, *self._transform.output_shape))

    def flush(self) -> None:
        """Write what is still in memory."""
        if self._taken:
            self._shards.flush()

    @cached_property
    def _shards(self) -> ShardStore:
        signature = spectrogram_signature(self._transform, self._grid)
        directory = store_directory(self._work_dir, signature)
        return ShardStore(directory, self._transform.output_shape, self._transform.output_dtype)


def arrays_of(parameters: str, verdict: Verdict, samples: np.ndarray) -> tuple[list[str], bytes]:
    """The arrays that `compute_spectrograms` would make of a recording's windows.

    Args:
        parameters: of `ArraysAhead`.
        verdict: on the recording.
        samples: all of it, float32 [frames].

    Returns:
        Window ids and their arrays one after the other; nothing where these are many.
    """
    rate, identity = verdict.sample_rate or 0, verdict.recording_id or ""
    transform = _transform(parameters)
    windows, spans = _spans(parameters, rate, len(samples))
    itemsize = np.dtype(transform.output_dtype).itemsize
    if len(windows) * int(np.prod(transform.output_shape)) * itemsize > JOB_BYTES:
        return [], b""
    out = np.empty((len(windows), *transform.output_shape), transform.output_dtype)
    for row, (start, frames) in enumerate(spans):
        out[row] = transform(fitted(samples[start : start + frames], rate, transform)[None])[0]
    return [identity[: len(SOME_ID)] + window for window in windows], out.tobytes()


@lru_cache(maxsize=1)
def _transform(parameters: str) -> ArrayTransform:
    name, given, _ = json.loads(parameters)
    return make_transform(name, given)


@lru_cache(maxsize=16)
def _spans(parameters: str, rate: int, frames: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Window ids without the recording's and first inputs; many clips are of equal length."""
    columns = {
        "path": [""], "recording_id": [SOME_ID], "sample_rate": [rate], "frames": [frames],
        "status": ["ok"],
    }  # fmt: skip
    windows = make_windows(pa.table(columns), WindowGrid.from_json(json.loads(parameters)[2]))
    recording = Recording("", Path(), rate, frames, 0, None)
    _, spans = first_spans(windows, {"": recording}, _transform(parameters))
    names = [name.removeprefix(SOME_ID) for name in windows["window_id"].to_pylist()]
    return names, [(start, length) for start, length in spans.tolist()]
