"""Model inputs read from the folder's spectrogram store, instead of decoding again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.encoding.inputs import InputBatch
from audio_assets.encoding.jobs import InputJob, Recording, first_spans
from audio_assets.encoding.protocols import ArrayTransform
from audio_assets.encoding.signature import transform_fields
from audio_assets.encoding.window_arrays import WindowArrays

ROWS_PER_JOB = 64


@dataclass(frozen=True)
class StoredInputs:
    """A spectrogram store whose transform is the encoder's."""

    arrays: WindowArrays
    transform: ArrayTransform

    @classmethod
    def usable(cls, directory: Path | None, transform: ArrayTransform) -> StoredInputs | None:
        """The store, when there is one of exactly that transform (name, version, parameters).

        Args:
            directory: of the store.
            transform: the encoder's.
        """
        arrays = WindowArrays.reusable(directory)
        if arrays is None or arrays.attributes.get("resampler") != _resampler():
            return None
        same = arrays.attributes.get("transform") == transform_fields(transform)
        fits = arrays.array.shape[1:] == tuple(transform.output_shape)
        return cls(arrays, transform) if same and fits and len(arrays) else None

    def split(
        self, windows: pa.Table, rows: np.ndarray, recordings: dict[str, Recording]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which windows can be read here, and which must be streamed.

        Args:
            windows: table of the WINDOWS schema.
            rows: int64 [n], ascending rows of the windows wanted.
            recordings: by path.

        Returns:
            Two ascending int64 arrays that together are `rows`. A window is read here when it
            has one input and the stored array is of that very span.
        """
        chosen = windows.take(pa.array(rows))
        found = self.arrays.locate(chosen["window_id"])
        counts, spans = first_spans(chosen, recordings, self.transform)
        index = self.arrays.index
        columns = [index[name].to_numpy() for name in ("n_inputs", "span_start", "span_frames")]
        stored = np.stack(columns, axis=1)[found]
        same = (stored == np.column_stack([counts, spans])).all(axis=1)
        usable = (found >= 0) & (counts == 1) & same
        return rows[usable], rows[~usable]

    def jobs(
        self, windows: pa.Table, rows: np.ndarray, recordings: dict[str, Recording]
    ) -> Iterator[InputJob]:
        """Jobs whose spans are row numbers [n, 1] of the store.

        Args:
            windows: table of the WINDOWS schema.
            rows: int64 [n], from `split`.
            recordings: by path.
        """
        found = self.arrays.locate(windows["window_id"].take(pa.array(rows)))
        for begin in range(0, len(rows), ROWS_PER_JOB):
            here = rows[begin : begin + ROWS_PER_JOB]
            recording = recordings[windows["path"][int(here[0])].as_py()]
            places = found[begin : begin + ROWS_PER_JOB, None]
            yield InputJob(recording, here, np.ones(len(here), np.int64), places)

    def read(self, job: InputJob) -> InputBatch:
        """Copy the rows of a job out of the store."""
        started = time.perf_counter()
        arrays = self.arrays.take(job.spans[:, 0])
        return InputBatch(job, arrays, seconds={"read_arrays": time.perf_counter() - started})


def _resampler() -> str:
    from audio_assets.recordings.resample import RESAMPLER

    return RESAMPLER
