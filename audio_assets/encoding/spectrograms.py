"""Spectrograms of a folder: one model-ready array and one PNG preview per window."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.encoding.came_back import refuse_passing_failures
from audio_assets.encoding.failures import Failures
from audio_assets.encoding.inputs import InputBatch, Readers, read_inputs
from audio_assets.encoding.jobs import (
    InputJob,
    Recording,
    first_spans,
    input_jobs,
    is_native,
    recordings_by_path,
)
from audio_assets.encoding.pipeline import ordered_map
from audio_assets.encoding.plan import Plan, assemble, kept_windows
from audio_assets.encoding.previews import Previews, png_name
from audio_assets.encoding.protocols import PicturedTransform
from audio_assets.encoding.shards import ShardStore, remove_other_signatures, store_directory
from audio_assets.encoding.signature import spectrogram_signature, transform_fields
from audio_assets.encoding.stored_rows import StoredRows
from audio_assets.encoding.window_arrays import WindowArrays, write_window_arrays
from audio_assets.progress import Progress

logger = logging.getLogger(__name__)

BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class SpectrogramReport:
    """What `compute_spectrograms` did.

    Attributes:
        rows: windows in the published store.
        computed: arrays computed by this run.
        reused: arrays taken from the previous store.
        resumed: arrays that were there in the work directory: of a killed run, or `arrays_ahead`.
        pngs: previews written by this run.
        removed_pngs: previews of windows that are no more.
        failed: [{path, reason}], recordings left out.
        bytes: size of the array.
        seconds: wall time.
        signature: the spectrogram signature.
        stage_seconds: seconds per stage, summed over threads: decode, resample, transform, png.
        audio_seconds: length of the computed and resumed windows altogether.
    """

    rows: int
    computed: int
    reused: int
    resumed: int
    pngs: int
    removed_pngs: int
    failed: list[dict[str, str]]
    bytes: int
    seconds: float
    signature: str
    stage_seconds: dict[str, float] = field(default_factory=dict)
    audio_seconds: float = 0.0


@dataclass(frozen=True)
class _Work:
    """What the worker threads need."""

    ids: pa.Array
    transform: PicturedTransform
    previews: Previews
    readers: Readers

    def compute(self, job: InputJob) -> InputBatch:
        """Read the arrays of a job and draw their previews."""
        batch = read_inputs(job, self.transform, self.readers)
        if batch.arrays is not None:
            started = time.perf_counter()
            for row, array in zip(job.windows.tolist(), batch.arrays, strict=True):
                self.previews.write(self.ids[row].as_py(), array)
            batch.seconds["png"] = time.perf_counter() - started
        return batch


def compute_spectrograms(
    root: Path,
    recordings: pa.Table,
    transform: PicturedTransform,
    *,
    out_dir: Path,
    work_dir: Path,
    png_dir: Path | None = None,
    workers: int = 0,
) -> SpectrogramReport:
    """Compute the model-ready array and the preview of every window of a folder.

    The array is that of the window's first input (`recordings.model_input.input_spans`); `n_inputs`
    in the index tells whether it is the only one. Rows of the store in `out_dir` with the same
    signature and window are taken over, finished rows of a killed run too, and only previews that
    are missing are drawn.

    Args:
        root: the folder.
        recordings: table of the RECORDINGS schema with the folder's grid.
        transform: gives arrays and pictures.
        out_dir: the store (`WindowArrays`); replaced at the end, unless nothing changed.
        work_dir: directory for unfinished work of this (asset, partition) alone.
        png_dir: directory of the previews; `out_dir/png` by default.
        workers: threads; 0 takes one per processor.

    Returns:
        Counts, failures and timings.

    Raises:
        RecordingError: the folder is away, or a recording was for a moment; nothing is published.
        StorageError: a file cannot be written; finished rows stay in `work_dir`.
    """
    from audio_assets.recordings.resample import RESAMPLER
    from audio_assets.recordings.windows import grid_of, make_windows

    started = time.perf_counter()
    grid = grid_of(recordings)
    signature = spectrogram_signature(transform, grid)
    windows = make_windows(recordings, grid)
    ids = windows["window_id"].combine_chunks()
    old = WindowArrays.reusable(out_dir)
    if old is not None and old.attributes.get("signature") != signature:
        old = None
    directory = store_directory(work_dir, signature)
    shards = ShardStore(directory, transform.output_shape, transform.output_dtype)
    previews = Previews(png_dir or out_dir / "png", signature, transform)
    if is_native(transform):
        from audio_assets.radio.waterfalls import painter_of

        painter = painter_of(root, windows, recordings, transform, previews.directory)
        if painter is not None:
            painter.forget_changed()
            previews.paint = painter
    drawn = previews.names()
    nowhere = np.full(len(ids), -1, np.int64)
    plan = Plan(nowhere if old is None else old.locate(ids), shards.locate(ids))

    files = recordings_by_path(root, recordings)
    with Readers() as readers:
        work = _Work(ids, transform, previews, readers)
        failures, seconds = _compute(windows, plan, files, work, shards, workers)
    refuse_passing_failures(root, failures, files)
    rows, keep = kept_windows(windows, failures.mask(windows["path"]))
    plan_now = Plan(plan.previous, shards.locate(ids))
    source = None if old is None else _Rows(old)
    index = _index(rows, files, transform)
    if old is None or not old.index.equals(index):
        row_bytes = int(np.prod(transform.output_shape)) * np.dtype(transform.output_dtype).itemsize
        blocks = assemble(plan_now, keep, source, shards, max(1, BLOCK_BYTES // max(1, row_bytes)))
        attributes = {
            "signature": signature,
            "transform": transform_fields(transform),
            "resampler": RESAMPLER,
        }
        write_window_arrays(
            out_dir, index, blocks, transform.output_shape, transform.output_dtype, attributes
        )
    published = WindowArrays.open(out_dir)
    drawing = time.perf_counter()
    redrawn = _draw_missing(published, drawn, plan, keep, previews, workers)
    if redrawn:
        seconds["draw"] = time.perf_counter() - drawing
    removed = previews.remove_all_but(rows["window_id"].to_pylist())
    shards.clear()
    remove_other_signatures(work_dir)
    computed = np.zeros(len(ids), bool)
    computed[plan.todo] = True
    ends, starts = rows["end_s"].to_numpy(), rows["start_s"].to_numpy()
    return SpectrogramReport(
        rows=rows.num_rows,
        computed=int(computed[keep].sum()),
        reused=int(plan.reused[keep].sum()),
        resumed=int(plan.resumed[keep].sum()),
        pngs=int(computed[keep].sum()) + redrawn,
        removed_pngs=removed,
        failed=failures.rows(),
        bytes=int(published.array.nbytes),
        seconds=time.perf_counter() - started,
        signature=signature,
        stage_seconds={name: round(s, 3) for name, s in seconds.items()},
        audio_seconds=float((ends - starts)[~plan.reused[keep]].sum()),
    )


@dataclass(frozen=True)
class _Rows:
    """A store as a source of rows."""

    arrays: WindowArrays

    def take(self, rows: np.ndarray) -> np.ndarray | StoredRows:
        """[n, *shape]; what is only copied from file to file is not read."""
        return self.arrays.rows(rows)


def _compute(
    windows: pa.Table,
    plan: Plan,
    files: dict[str, Recording],
    work: _Work,
    shards: ShardStore,
    workers: int,
) -> tuple[Failures, dict[str, float]]:
    """Compute what is to do into the shards."""
    failures = Failures()
    seconds: dict[str, float] = {}
    if not len(plan.todo):
        return failures, seconds
    jobs = input_jobs(
        windows, plan.todo, files, work.transform, first_only=True, skip=failures.__contains__
    )
    with Progress(len(plan.todo), "spectrograms", "windows") as progress:
        for batch in ordered_map(work.compute, jobs, workers=workers):
            progress.update(len(batch.job.windows))
            if batch.arrays is None:
                failures.add(batch.job.recording.path, batch.reason or "unknown")
                continue
            for name, value in batch.seconds.items():
                seconds[name] = seconds.get(name, 0.0) + value
            shards.add(work.ids.take(pa.array(batch.job.windows)), batch.arrays)
        shards.flush()
    return failures, seconds


def _index(
    windows: pa.Table, files: dict[str, Recording], transform: PicturedTransform
) -> pa.Table:
    """window_id, recording_id, n_inputs, span_start, span_frames (of the first input)."""
    counts, spans = first_spans(windows, files, transform)
    return pa.table(
        {
            "window_id": windows["window_id"].combine_chunks(),
            "recording_id": windows["recording_id"].combine_chunks(),
            "n_inputs": pa.array(counts, pa.int32()),
            "span_start": pa.array(spans[:, 0]),
            "span_frames": pa.array(spans[:, 1]),
        }
    )


def _draw_missing(
    published: WindowArrays, drawn: set[str], plan: Plan, keep: np.ndarray,
    previews: Previews, workers: int,
) -> int:  # fmt: skip
    """Draw the previews that are missing although their arrays were not computed now."""
    there = ~np.isin(keep, plan.todo)
    ids = published.window_ids.combine_chunks()
    names = zip(
        np.flatnonzero(there).tolist(), ids.filter(pa.array(there)).to_pylist(), strict=True
    )
    missing = [(row, window) for row, window in names if png_name(window) not in drawn]

    def draw(item: tuple[int, str]) -> None:
        previews.write(item[1], published.take(np.array([item[0]]))[0])

    def jobs() -> Iterator[tuple[int, str]]:
        yield from missing

    for _ in ordered_map(draw, jobs(), workers=workers) if missing else ():
        pass
    return len(missing)
