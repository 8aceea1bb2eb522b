"""Model inputs of windows: read the span, resample it on its own, fit it, transform it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from audio_assets.encoding.jobs import InputJob, Recording, is_native
from audio_assets.encoding.protocols import ArrayTransform
from audio_assets.errors import AudioAssetsError, RecordingError

if TYPE_CHECKING:
    from audio_assets.radio.statement import RadioSettings
    from audio_assets.recordings.decode import Reader

VANISHED = "vanished since the scan; scan again"
CHANGED = "changed since the scan; scan again"


@dataclass
class InputBatch:
    """What became of a job: arrays [n, *output_shape] in the job's order, or a reason."""

    job: InputJob
    arrays: np.ndarray | None = None
    reason: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)


class Readers:
    """One open recording per thread, so that the jobs of a long one go on where the last ended.

    Use as a context manager around the threads' work; leaving it closes what is open.
    """

    def __init__(self) -> None:
        self._open: dict[int, tuple[Path, Reader]] = {}

    def get(self, file: Path, radio: RadioSettings | None = None) -> Reader:
        """This thread's reader of `file`; `radio` is what its folder says of IQ.

        Raises:
            RecordingError: when it cannot be opened.
        """
        from audio_assets.recordings.decode import Reader

        thread = threading.get_ident()
        known = self._open.get(thread)
        if known is not None and known[0] == file:
            return known[1]
        self.drop()
        reader = Reader(file, radio)
        self._open[thread] = (file, reader)
        return reader

    def drop(self) -> None:
        """Close this thread's reader."""
        known = self._open.pop(threading.get_ident(), None)
        if known is not None:
            known[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for _, reader in self._open.values():
            reader.close()
        self._open.clear()


def read_inputs(job: InputJob, transform: ArrayTransform, readers: Readers) -> InputBatch:
    """Decode, resample, fit and transform the inputs of a job; never raises for a bad file.

    Each input is transformed in a call of its own, so its bits depend on nothing but its samples.

    Args:
        job: what to read.
        transform: the checkpoint's.
        readers: open recordings.

    Returns:
        The arrays, or the reason that they could not be made.
    """
    batch = InputBatch(job)
    try:
        _check_unchanged(job.recording)
        batch.arrays = _read(job, transform, readers, batch.seconds)
        _check_unchanged(job.recording)
    except AudioAssetsError as error:
        batch.arrays, batch.reason = None, str(error)
    except OSError as error:
        batch.arrays, batch.reason = None, f"cannot be read: {error.strerror or error}"
    if batch.arrays is None:
        readers.drop()
    return batch


def _read(
    job: InputJob, transform: ArrayTransform, readers: Readers, seconds: dict[str, float]
) -> np.ndarray:
    recording = job.recording
    out = np.empty((len(job.spans), *transform.output_shape), transform.output_dtype)
    spent = np.zeros(3)
    reader = readers.get(recording.file, recording.radio)
    if is_native(transform):
        return _read_iq(job, transform, reader, out, seconds)
    for row, (start, frames) in enumerate(job.spans.tolist()):
        began = time.perf_counter()
        waveform = reader.read(start, frames)
        if len(waveform) < min(frames, recording.frames - start):
            raise RecordingError(
                f"decoding ended at frame {start + len(waveform)} of {recording.frames}; the file "
                "is damaged or changed since the scan, scan again"
            )
        decoded = time.perf_counter()
        waveform = fitted(waveform, recording.sample_rate, transform)
        resampled = time.perf_counter()
        out[row] = transform(waveform[None])[0]
        spent += np.diff([began, decoded, resampled, time.perf_counter()])
    seconds.update(zip(("decode", "resample", "transform"), spent.tolist(), strict=True))
    return out


def fitted(waveform: np.ndarray, sample_rate: int, transform: ArrayTransform) -> np.ndarray:
    """A span at the recording's rate as a transform takes it, float32 [input_samples]."""
    from audio_assets.recordings.model_input import fit
    from audio_assets.recordings.resample import resample

    waveform = resample(waveform, sample_rate, transform.sample_rate)
    keep_short = getattr(transform, "takes_shorter", False)
    return fit(waveform, transform.input_samples, keep_short=keep_short)


def _read_iq(
    job: InputJob, transform: ArrayTransform, reader: Reader, out: np.ndarray,
    seconds: dict[str, float],
) -> np.ndarray:  # fmt: skip
    """Windows of IQ samples, transformed at their own rate; `out` filled."""
    from audio_assets.radio.span import read_window

    spent = np.zeros(2)
    for row, (start, frames) in enumerate(job.spans.tolist()):
        began = time.perf_counter()
        samples = read_window(reader, start, frames)
        decoded = time.perf_counter()
        out[row] = transform(samples[None])[0]
        spent += np.diff([began, decoded, time.perf_counter()])
    seconds.update(zip(("decode", "transform"), spent.tolist(), strict=True))
    return out


def _check_unchanged(recording: Recording) -> None:
    """Raise RecordingError when the file is gone, or is not the one that was scanned."""
    try:
        now = recording.file.stat()
    except FileNotFoundError as error:
        raise RecordingError(VANISHED) from error
    except OSError as error:
        raise RecordingError(f"cannot be read: {error.strerror or error}") from error
    known = recording.mtime_ns if recording.mtime_ns is not None else now.st_mtime_ns
    if (now.st_size, now.st_mtime_ns) != (recording.size, known):
        raise RecordingError(CHANGED)
