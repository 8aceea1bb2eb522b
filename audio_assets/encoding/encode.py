"""Encode a folder: decode threads feed one batched model; nothing finished is computed again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.encoding.array_inputs import StoredInputs
from audio_assets.encoding.batches import Call, WindowEncoder, rows_per_call
from audio_assets.encoding.came_back import refuse_passing_failures
from audio_assets.encoding.embeddings_file import (
    EmbeddingsFile,
    rows_per_group,
    write_embeddings,
)
from audio_assets.encoding.engine import Engine
from audio_assets.encoding.failures import Failures
from audio_assets.encoding.fetched_inputs import Files, read_fetched
from audio_assets.encoding.inputs import InputBatch, Readers, read_inputs
from audio_assets.encoding.jobs import InputJob, input_jobs, recordings_by_path
from audio_assets.encoding.pipeline import ordered_map
from audio_assets.encoding.plan import Plan, assemble, kept_windows
from audio_assets.encoding.protocols import InputEncoder
from audio_assets.encoding.shards import ShardStore, remove_other_signatures, store_directory
from audio_assets.encoding.vector_checks import VectorChecks
from audio_assets.progress import Progress


@dataclass(frozen=True)
class EncodeReport:
    """What `encode_folder` did.

    Attributes:
        windows: rows of the published table.
        encoded: windows computed by this run.
        reused: windows taken from the previous table.
        resumed: windows that a killed run had finished.
        from_arrays: encoded windows whose input was read from the spectrogram store.
        failed: [{path, reason}], recordings left out.
        dim: length of a vector.
        calls: calls of the encoder.
        audio_seconds: length of the encoded windows altogether.
        seconds: wall time.
        stage_seconds: CPU-side seconds per stage, summed over threads: decode, resample, transform,
            encode, write.
    """

    windows: int
    encoded: int
    reused: int
    resumed: int
    from_arrays: int
    failed: list[dict[str, str]]
    dim: int
    calls: int
    audio_seconds: float
    seconds: float
    stage_seconds: dict[str, float] = field(default_factory=dict)


def encode_folder(
    root: Path,
    recordings: pa.Table,
    encoder: InputEncoder,
    *,
    signature: str,
    previous: Path | None,
    out: Path,
    work_dir: Path,
    spectrograms: Path | None = None,
    batch_size: int = 32,
    workers: int = 0,
    engine: Engine | None = None,
    files: Files | None = None,
) -> EncodeReport:
    """Compute the vector of every window of a folder and publish the embeddings table.

    Rows of `previous` with the same window and signature are taken over. Finished windows are kept
    in shards under `work_dir`; after kill -9 the next run continues there and writes the same bytes
    as an undisturbed one. A recording that vanished, changed or cannot be decoded is reported and
    left out whole; the others are encoded.

    Args:
        root: the folder.
        recordings: table of the RECORDINGS schema with the folder's grid.
        encoder: the checkpoint's.
        signature: the encoding signature.
        previous: an embeddings table of an earlier run; may be the same path as `out`.
        out: the embeddings table, replaced at the very end.
        work_dir: directory for unfinished work of this (asset, partition) alone.
        spectrograms: directory of the folder's spectrogram store; its arrays are used where
            transform and span are the encoder's.
        batch_size: rows per call of the model.
        workers: decoding threads; 0 takes one per processor.
        engine: where inputs are read and encoded; threads of this process where None. Another
            one reads no spectrogram store.
        files: where this process finds the recordings; below `root` where None.

    Returns:
        Counts, failures and timings.

    Raises:
        RecordingError: the folder is away, or a recording was for a moment; nothing is published.
        EncodingError: a vector is not finite, or vectors are constant; nothing is published.
        StorageError: a file cannot be written; finished windows stay in `work_dir`.
    """
    from audio_assets.recordings.windows import grid_of, make_windows

    started = time.perf_counter()
    windows = make_windows(recordings, grid_of(recordings))
    directory = store_directory(work_dir, signature)
    shards = ShardStore(directory, (encoder.dim,), np.dtype(np.float32))
    old = EmbeddingsFile.reusable(previous, encoder.dim)
    try:
        before = _plan(windows, old, shards, signature)
        stored = spectrograms if engine is None and files is None else None
        run = _Run(root, recordings, windows, before.todo, encoder, shards, stored)
        run.files = files
        if engine is None:
            run.encode(batch_size, workers)
        else:
            run.encode_on(engine, batch_size)
        if files is None:
            refuse_passing_failures(root, run.failures, run.recordings)
        writing = time.perf_counter()
        rows, keep = kept_windows(windows, run.failures.mask(windows["path"]))
        places = Plan(before.previous, shards.locate(windows["window_id"]))
        blocks = assemble(places, keep, old, shards, rows_per_group(encoder.dim))
        metadata = {"encoding_signature": signature, "dim": str(encoder.dim)}
        write_embeddings(out, rows, signature, encoder.dim, blocks, metadata)
    finally:
        if old is not None:
            old.close()
    shards.clear()
    remove_other_signatures(work_dir)
    done = np.zeros(windows.num_rows, bool)
    done[before.todo] = True
    ends, starts = rows["end_s"].to_numpy(), rows["start_s"].to_numpy()
    run.seconds["write"] = time.perf_counter() - writing
    return EncodeReport(
        windows=rows.num_rows,
        encoded=int(done[keep].sum()),
        reused=int(before.reused[keep].sum()),
        resumed=int(before.resumed[keep].sum()),
        from_arrays=run.from_arrays,
        failed=run.failures.rows(),
        dim=encoder.dim,
        calls=run.calls,
        audio_seconds=float((ends - starts)[done[keep]].sum()),
        seconds=time.perf_counter() - started,
        stage_seconds={name: round(s, 3) for name, s in run.seconds.items()},
    )


def _plan(
    windows: pa.Table, old: EmbeddingsFile | None, shards: ShardStore, signature: str
) -> Plan:
    ids = windows["window_id"]
    nowhere = np.full(len(ids), -1, np.int64)
    return Plan(nowhere if old is None else old.locate(ids, signature), shards.locate(ids))


class _Run:
    """The moving parts of one run: jobs, threads, batches, checks, shards."""

    def __init__(
        self, root: Path, recordings: pa.Table, windows: pa.Table, todo: np.ndarray,
        encoder: InputEncoder, shards: ShardStore, spectrograms: Path | None,
    ) -> None:  # fmt: skip
        self.windows, self.todo = windows, todo
        self.encoder, self.shards = encoder, shards
        self.failures, self.checks = Failures(), VectorChecks()
        self.files: Files | None = None
        self.recordings = recordings_by_path(root, recordings) if len(todo) else {}
        self.seconds: dict[str, float] = {}
        self.calls = self.from_arrays = 0
        self._readers = Readers()
        self._ids = windows["window_id"].combine_chunks()
        self._stored = StoredInputs.usable(spectrograms, encoder.transform) if len(todo) else None

    def encode(self, batch_size: int, workers: int) -> None:
        """Encode what is to do; afterwards every finished window is in the shards."""
        if not len(self.todo):
            return
        batches = WindowEncoder(self.encoder, rows_per_call(self.encoder, batch_size))
        with self._readers, Progress(len(self.todo), "embeddings", "windows") as progress:
            for batch in ordered_map(self._read, self._jobs(), workers=workers):
                if batch.arrays is None:
                    self.failures.add(batch.job.recording.path, batch.reason or "unknown")
                    continue
                for name, seconds in batch.seconds.items():
                    self.seconds[name] = self.seconds.get(name, 0.0) + seconds
                for call in batches.add(batch.job.windows, batch.job.counts, batch.arrays):
                    self._keep(call)
                    progress.update(len(call.windows))
            for call in batches.finish():
                self._keep(call)
                progress.update(len(call.windows))
            self.checks.settle()
            self.shards.flush()
        self.seconds["encode"], self.calls = batches.seconds, batches.calls

    def encode_on(self, engine: Engine, batch_size: int) -> None:
        """The same on another engine; what it finished before an error is kept."""
        if not len(self.todo):
            return
        with Progress(len(self.todo), "embeddings", "windows") as progress:
            try:
                for part in engine.encode(self._jobs(), self.encoder, batch_size):
                    for path, reason in part.failed:
                        self.failures.add(path, reason)
                    for name, seconds in part.seconds.items():
                        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
                    self.calls += part.calls
                    self.shards.add(self._ids.take(pa.array(part.windows)), part.vectors)
                    progress.update(len(part.windows))
            finally:
                self.shards.flush()

    def _jobs(self) -> Iterator[InputJob]:
        """Jobs in the order of the windows, those of stored arrays among them."""
        skip = self.failures.__contains__
        transform = self.encoder.transform
        if self._stored is None:
            yield from input_jobs(self.windows, self.todo, self.recordings, transform, skip=skip)
            return
        stored, streamed = self._stored.split(self.windows, self.todo, self.recordings)
        self.from_arrays = len(stored)
        yield from self._stored.jobs(self.windows, stored, self.recordings)
        yield from input_jobs(self.windows, streamed, self.recordings, transform, skip=skip)

    def _read(self, job: InputJob) -> InputBatch:
        if self._stored is not None and job.spans.shape[1] == 1:
            return self._stored.read(job)
        if self.files is not None:
            return read_fetched(job, self.encoder.transform, self._readers, self.files)
        return read_inputs(job, self.encoder.transform, self._readers)

    def _keep(self, call: Call) -> None:
        """Check the vectors of one call and hand them to the shards."""

        def name(i: int) -> tuple[str, str]:
            row = int(call.input_windows[i])
            return self._ids[row].as_py(), self.windows["path"][row].as_py()

        self.checks.check(call.inputs, call.input_vectors, name)
        self.checks.settle()
        self.shards.add(self._ids.take(pa.array(call.windows)), call.vectors)
