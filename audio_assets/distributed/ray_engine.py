"""The encoding engine on Ray Data: tasks that decode stream into a pool of actors that encode."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from audio_assets.distributed.cluster import connected, encoders_for, processors
from audio_assets.distributed.encode_actor import EncodeActor
from audio_assets.distributed.job_table import job_tables
from audio_assets.distributed.read_task import read_block
from audio_assets.distributed.window_sums import WindowSums
from audio_assets.encoding.batches import ROWS_ON_CPU
from audio_assets.encoding.engine import Part
from audio_assets.encoding.fetched_inputs import Files
from audio_assets.encoding.jobs import InputJob
from audio_assets.encoding.protocols import ArrayTransform, InputEncoder
from audio_assets.errors import AudioAssetsError, EncodingError

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset

logger = logging.getLogger(__name__)

STAGES: tuple[str, ...] = ("decode", "resample", "transform", "encode")
BLOCK_INPUTS = 128
"""Inputs of a task: enough that its start does not count, few enough to lose with a node."""
WAVE_JOBS = 200_000
"""Jobs that the driver describes at once (a quarter of a gigabyte); bounds its memory."""
TASKS_PER_PROCESSOR = 4
"""Small folders are cut finer than `BLOCK_INPUTS`, so that every node has something to do."""
OUR_ERROR = re.compile(r"^audio_assets[\w.]*Error: (.+)$", re.MULTILINE)
DECODE_CPUS = 0.5
"""Processors of a decoding task, which waits for files half of its time."""


@dataclass(frozen=True)
class RayEngine:
    """Encodes on a Ray cluster; the process that asks keeps the shards and writes the table.

    Ray runs a task again, and restarts an actor, where a node was lost. What comes twice is
    dropped, what is missing at the end is an error.

    Attributes:
        root: the folder, at the same path on every node.
        load: called in each actor; gives the encoder.
        address: of the cluster; "" for `RAY_ADDRESS`, or this machine.
        device: "cuda" gives each actor a GPU.
        encoders: actors; 0 for one per GPU, or three quarters of the processors.
        block_inputs: inputs of a decoding task, at most.
        files: where nodes find the recordings; below `root` where None.
    """

    root: Path
    load: Callable[[], Callable[[], InputEncoder]]
    address: str = ""
    device: str = "cpu"
    encoders: int = 0
    block_inputs: int = BLOCK_INPUTS
    files: Files | None = None

    def encode(
        self, jobs: Iterable[InputJob], encoder: InputEncoder, batch_size: int
    ) -> Iterator[Part]:
        """Encode; see `audio_assets.encoding.engine.Engine`.

        Raises:
            EncodingError: vectors are wrong, a node does not see the folder, the cluster is lost,
                or windows are missing.
        """
        with connected(self.address):
            loader = self.load()
            waiting = iter(jobs)
            while wave := list(islice(waiting, WAVE_JOBS)):
                tables = list(job_tables(wave, self._block(wave)))
                yield from self._wave(tables, loader, encoder.transform, batch_size)

    def _block(self, jobs: list[InputJob]) -> int:
        """Inputs of a decoding task."""
        tasks = TASKS_PER_PROCESSOR * max(1, processors())
        fair = sum(len(job.windows) for job in jobs) // tasks
        return min(self.block_inputs, max(ROWS_ON_CPU, fair))

    def _wave(
        self,
        tables: list[pa.Table],
        loader: Callable[[], InputEncoder],
        transform: ArrayTransform,
        batch_size: int,
    ) -> Iterator[Part]:
        sums = WindowSums()
        failed: set[str] = set()
        dataset = self._dataset(tables, loader, transform, batch_size)
        for batch in _batches(dataset):
            reasons = batch["reason"].tolist()
            bad = [(path, why) for path, why in zip(batch["path"].tolist(), reasons, strict=True)
                   if why]  # fmt: skip
            failed.update(path for path, _ in bad)
            good = np.array([not why for why in reasons], bool)
            columns = (batch[name][good] for name in ("window", "count", "start", "vector"))
            windows, vectors = sums.add(*columns)
            seconds = dict(zip(STAGES, batch["seconds"].sum(axis=0).tolist(), strict=True))
            yield Part(windows, vectors, tuple(bad), seconds, int(batch["calls"].sum()))
        _check_complete(tables, sums, failed)

    def _dataset(
        self,
        tables: list[pa.Table],
        loader: Callable[[], InputEncoder],
        transform: ArrayTransform,
        batch_size: int,
    ) -> Dataset:
        import ray.data

        logging.getLogger("ray.data").setLevel(logging.WARNING)  # its import has set another level
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        on_gpu = self.device == "cuda"
        largest = encoders_for(self.device, self.encoders)
        gpu: dict[str, Any] = {"num_gpus": 1, "num_cpus": 1} if on_gpu else {"num_cpus": 1}
        return (
            ray.data.from_arrow(tables)
            .map_batches(
                cast("Any", read_block),
                batch_size=None,
                batch_format="pyarrow",
                fn_kwargs={"root": self.root, "transform": transform, "files": self.files},
                num_cpus=DECODE_CPUS,
            )
            .map_batches(
                cast("Any", EncodeActor),
                batch_size=batch_size if on_gpu else 4 * ROWS_ON_CPU,
                batch_format="numpy",
                fn_constructor_args=(loader, batch_size),
                compute=ray.data.ActorPoolStrategy(min_size=1, max_size=largest),
                **gpu,
            )
        )


def _batches(dataset: Dataset) -> Iterator[dict[str, np.ndarray]]:
    """Finished rows as they come, whatever their order.

    Raises:
        EncodingError: with the words of the error that a task or actor met.
    """
    from ray.exceptions import RayError

    batches = dataset.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=1)
    try:
        yield from cast("Iterator[Any]", batches)
    except (RayError, AudioAssetsError) as error:
        raise EncodingError(_words(error)) from error


def _words(error: BaseException) -> str:
    """What went wrong on the cluster: the sentence of our own error where there is one.

    Ray wraps errors in errors, and of what lies below only the text of the traceback travels.
    """
    if isinstance(error, AudioAssetsError) and not hasattr(error, "cause"):
        return str(error)
    ours = OUR_ERROR.findall(str(error))
    if ours:
        return ours[-1]
    return (
        f"The Ray cluster could not go on ({type(error).__name__}). Finished windows are kept; run "
        "again. Ray's own words are in its log, below /tmp/ray on the head."
    )


def _check_complete(tables: list[pa.Table], sums: WindowSums, failed: set[str]) -> None:
    if sums.repeated:
        logger.warning("%d inputs came twice and were taken once.", sums.repeated)
    lost = 0
    for table in tables:
        for path, windows in zip(
            table["path"].to_pylist(), table["windows"].to_pylist(), strict=True
        ):
            if path not in failed:
                lost += sum(window not in sums for window in set(windows))
    if lost:
        raise EncodingError(
            f"{lost} windows were lost by the cluster. Finished ones are kept; run again."
        )
