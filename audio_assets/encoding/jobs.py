"""Jobs for the decoding threads: a few inputs of one recording each, made lazily."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audio_assets.encoding.protocols import ArrayTransform
from audio_assets.radio.marked import radio_of
from audio_assets.radio.statement import RadioSettings

JOB_BYTES = 16 << 20
JOB_INPUTS = 64


@dataclass(frozen=True)
class Recording:
    """One readable file, as the scan saw it."""

    path: str
    file: Path
    sample_rate: int
    frames: int
    size: int
    mtime_ns: int | None
    radio: RadioSettings | None = None


@dataclass(frozen=True)
class InputJob:
    """Some inputs of one recording, in order.

    Attributes:
        recording: the file.
        windows: int64 [n], row of the window that each input belongs to.
        counts: int64 [n], how many inputs that window has.
        spans: int64 [n, 2], first frame and number of frames at the recording's rate.
    """

    recording: Recording
    windows: np.ndarray
    counts: np.ndarray
    spans: np.ndarray


def recordings_by_path(root: Path, recordings: pa.Table) -> dict[str, Recording]:
    """The rows of status `ok`, keyed by path.

    Args:
        root: directory that the paths are relative to.
        recordings: table of the RECORDINGS schema.
    """
    ok = recordings.filter(pc.field("status") == "ok")
    names = ("path", "sample_rate", "frames", "bytes", "mtime_ns")
    rows = zip(*(ok[name].to_pylist() for name in names), strict=True)
    radio = radio_of(recordings)
    return {path: Recording(path, root / path, *facts, radio=radio) for path, *facts in rows}


def input_jobs(
    windows: pa.Table,
    rows: np.ndarray,
    recordings: dict[str, Recording],
    transform: ArrayTransform,
    *,
    first_only: bool = False,
    skip: Callable[[str], bool] = lambda path: False,
) -> Iterator[InputJob]:
    """Cut the inputs of some windows into jobs of a few megabytes.

    Args:
        windows: table of the WINDOWS schema, sorted.
        rows: int64 [n], ascending row numbers of the windows wanted.
        recordings: from `recordings_by_path`.
        transform: gives the length and rate of an input.
        first_only: one input per window, its first.
        skip: asked before each job; recordings for which it is true give no further jobs.

    Yields:
        Jobs in the order of `rows`; the inputs of a long window may be cut over several.
    """
    chosen = windows.take(pa.array(rows)) if len(rows) < windows.num_rows else windows
    columns = _Columns.of(chosen)
    path = chosen["path"].combine_chunks().dictionary_encode()
    codes, names = path.indices.to_numpy(zero_copy_only=False), path.dictionary.to_pylist()
    edges = np.flatnonzero(np.diff(codes)) + 1
    for begin, end in zip(np.r_[0, edges], np.r_[edges, len(rows)], strict=True):
        if begin == end:
            continue
        recording = recordings[names[codes[begin]]]
        limit = inputs_per_job(recording, transform)
        inputs: list[tuple[int, int, int, int]] = []
        mine = columns.part(begin, end)
        for row, spans in zip(
            rows[begin:end].tolist(), _spans(mine, recording, transform), strict=True
        ):
            for span in spans[:1] if first_only else spans:
                inputs.append((row, len(spans), *span))
                if len(inputs) == limit:
                    if skip(recording.path):
                        break
                    yield _job(recording, inputs)
                    inputs = []
            if skip(recording.path):
                break
        if inputs and not skip(recording.path):
            yield _job(recording, inputs)


def first_spans(
    windows: pa.Table, recordings: dict[str, Recording], transform: ArrayTransform
) -> tuple[np.ndarray, np.ndarray]:
    """Number of inputs and the first input's span of every window.

    Args:
        windows: table of the WINDOWS schema, sorted by path.
        recordings: by path.
        transform: gives the length and rate of an input.

    Returns:
        (counts int64 [N], spans int64 [N, 2]: first frame, frames).
    """
    counts = np.empty(windows.num_rows, np.int64)
    spans = np.empty((windows.num_rows, 2), np.int64)
    columns = _Columns.of(windows)
    path = windows["path"].combine_chunks().dictionary_encode()
    codes, names = path.indices.to_numpy(zero_copy_only=False), path.dictionary.to_pylist()
    edges = np.flatnonzero(np.diff(codes)) + 1
    for begin, end in zip(np.r_[0, edges], np.r_[edges, len(codes)], strict=True):
        if begin < end:
            mine = columns.part(begin, end)
            for i, found in enumerate(
                _spans(mine, recordings[names[codes[begin]]], transform), begin
            ):
                counts[i], spans[i] = len(found), found[0]
    return counts, spans


def inputs_per_job(recording: Recording, transform: ArrayTransform) -> int:
    """As many inputs as 16 MiB of samples or arrays hold, 1 to 64."""
    scale = 1 if is_native(transform) else recording.sample_rate / transform.sample_rate
    native = transform.input_samples * scale
    array = int(np.prod(transform.output_shape)) * np.dtype(transform.output_dtype).itemsize
    largest = max(4 * native, 4 * transform.input_samples, array)
    return int(np.clip(JOB_BYTES // max(1, largest), 1, JOB_INPUTS))


def is_native(transform: ArrayTransform) -> bool:
    """Whether a transform takes whole windows of IQ samples at the recording's own rate."""
    return bool(getattr(transform, "native", False))


@dataclass(frozen=True)
class _Columns:
    """What the inputs of windows depend on: first frames, frames, seconds of silence after them."""

    start: np.ndarray
    frames: np.ndarray
    padded_s: np.ndarray

    @classmethod
    def of(cls, windows: pa.Table) -> Self:
        return cls(*(windows[name].to_numpy() for name in ("start_frame", "frames", "padded_s")))

    def part(self, begin: int, end: int) -> Self:
        rows = slice(begin, end)
        return type(self)(self.start[rows], self.frames[rows], self.padded_s[rows])


def _spans(
    windows: _Columns, recording: Recording, transform: ArrayTransform
) -> Iterator[list[tuple[int, int]]]:
    """The input spans of windows of one recording."""
    from audio_assets.recordings.model_input import input_spans

    rate, frames = recording.sample_rate, recording.frames
    starts, lengths = windows.start.tolist(), windows.frames.tolist()
    if is_native(transform):
        yield from ([span] for span in zip(starts, lengths, strict=True))
        return
    padded = np.rint(windows.padded_s * rate).astype(np.int64).tolist()
    for start, length, zeros in zip(starts, lengths, padded, strict=True):
        yield input_spans(
            start, length, rate, frames, transform.input_samples, transform.sample_rate, zeros
        )


def _job(recording: Recording, inputs: list[tuple[int, int, int, int]]) -> InputJob:
    table = np.array(inputs, np.int64)
    return InputJob(recording, table[:, 0], table[:, 1], table[:, 2:])
