"""Kill a run, run again, and compare what is there with an undisturbed run."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from audio_assets.forgetting import forget_folder
from audio_assets.home import Home
from audio_assets.running import register_folder
from audio_assets.settings import load_settings
from audio_assets.storage import TEMPORARY, read_json
from audio_assets_tests.faults.comparing import differences
from audio_assets_tests.faults.moments import SIDES

REFERENCE = "never-killed"


@dataclass
class Verdict:
    """What one trial showed.

    Attributes:
        moment: where the run was to die.
        killed: whether it did; a moment can lie behind the end.
        kept: windows whose vectors had reached the disk when it died.
        encoded: windows that the next run encoded.
        faults: what was not as it should be, in words.
        said: the sentence with which a run in trouble ended; empty when it went on.
    """

    moment: str
    killed: bool = False
    kept: int = 0
    encoded: int = 0
    faults: list[str] = field(default_factory=list)
    said: str = ""


class Harness:
    """Trials in one home, each with a folder of its own that holds the same recordings."""

    def __init__(self, home: Home, checkpoint: str, recordings: Path, scratch: Path) -> None:
        """Start the server of runs, and make the reference, its moments written down."""
        self.home, self.checkpoint, self.recordings = home, checkpoint, recordings
        self.scratch = scratch
        scratch.mkdir(parents=True, exist_ok=True)
        self.errors = (scratch / "runs.log").open("ab")
        self.server = subprocess.Popen(
            [sys.executable, "-m", "audio_assets_tests.faults.fork_server", str(home.root)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )  # fmt: skip
        assert self._answer()["ready"]
        self.trials = 0
        record = scratch / "moments.jsonl"
        self.reference = self.run(self.prepare(REFERENCE), record=record)
        self.moments = [json.loads(line) for line in record.read_text().splitlines()]

    def close(self) -> None:
        """End the server of runs."""
        if self.server.stdin:
            self.server.stdin.close()
        self.server.wait(60)
        self.errors.close()

    def prepare(self, key: str, source: Path | None = None) -> str:
        """Register a copy of the recordings, or of `source`, times of the files included."""
        root = self.scratch / "recordings" / key
        shutil.copytree(source or self.recordings, root)
        assert register_folder(self.home, root, self.checkpoint).key == key
        return key

    def run(self, key: str, record: Path | None = None) -> dict[str, Any]:
        """A run that nobody disturbs; its report.

        Raises:
            AssertionError: when it fails, with the sentence of its report, or with `runs.log`.
        """
        report = self.scratch / "report.json"
        report.unlink(missing_ok=True)
        status = self.order(key, report, record=str(record) if record else None)
        why = read_json(report) if report.exists() else f"see {self.errors.name}"
        assert status == 0, f"the run of {key} ended with {status}: {why}"
        return read_json(report)

    def trial(
        self, *, at: int | None = None, side: str = "before", after_s: float | None = None
    ) -> Verdict:
        """One folder: a run that is killed, then one that is not."""
        self.trials += 1
        key = self.prepare(f"trial{self.trials:04d}")
        if at is None:
            verdict = Verdict(f"after {after_s:.2f} s")
            status = self.order(key, self.scratch / "killed.json", kill_after_s=after_s)
        else:
            name = self.moments[at]
            verdict = Verdict(f"{side} {at}: {name['kind']} {name['name']}")
            death = {"at": at, "side": side}
            status = self.order(key, self.scratch / "killed.json", death=death)
        verdict.killed = status == 9
        if status not in (0, 9):
            verdict.faults.append(f"the killed run ended with {status}")
        verdict.kept = self._kept(key)
        try:
            report = self.run(key)
        except AssertionError as error:
            verdict.faults.append(str(error))
            return verdict
        verdict.encoded = report["encoded"]
        if verdict.encoded > report["windows"] - verdict.kept:
            verdict.faults.append(f"{verdict.encoded} encoded although {verdict.kept} were kept")
        if report["failed"] != self.reference["failed"]:
            verdict.faults.append(f"failed: {report['failed']}")
        verdict.faults += differences(self.home, REFERENCE, key, self.checkpoint)
        verdict.faults += self.left_behind(key)
        self.forget(key)
        return verdict

    def again(self, key: str) -> int:
        """Windows that a further run encodes."""
        return self.run(key)["encoded"]

    def choose(self, count: int, rng: random.Random) -> list[tuple[int, str]]:
        """Some moments, each of another kind or name as long as there are such, at one side."""
        first = self.named(rng)
        rest = [n for n in range(len(self.moments)) if n not in set(first)]
        rng.shuffle(rest)
        return [(n, rng.choice(SIDES)) for n in [*first, *rest][:count]]

    def named(self, rng: random.Random) -> list[int]:
        """One moment of every kind and name, which of them by chance."""
        numbers = list(range(len(self.moments)))
        rng.shuffle(numbers)
        names = [(m["kind"], m["name"]) for m in self.moments]
        return list({names[number]: number for number in numbers}.values())

    def twins(self, after_s: float) -> Verdict:
        """One folder: two runs of it, the second begun so many seconds after the first.

        Each may end well or with a sentence; together they leave what one would have left.
        """
        self.trials += 1
        key = self.prepare(f"trial{self.trials:04d}")
        verdict = Verdict(f"twins, {after_s:.2f} s apart")
        reports = [self.scratch / f"twin{n}.json" for n in range(2)]
        for report in reports:
            report.unlink(missing_ok=True)
        self.order(key, reports[0], twin_after_s=after_s, twin_report=str(reports[1]))
        done = [read_json(report) for report in reports if report.exists()]
        ended = [report for report in done if isinstance(report, dict)]
        verdict.said = " ".join(report for report in done if isinstance(report, str))
        verdict.encoded = sum(report["encoded"] for report in ended)
        if len(done) < len(reports) or not ended:
            verdict.faults.append(f"the two ended with {done or 'no word'}")
        if ended and verdict.encoded > ended[0]["windows"]:
            verdict.faults.append(f"{verdict.encoded} encoded of {ended[0]['windows']} windows")
        try:
            if more := self.again(key):
                verdict.faults.append(f"a further run encodes {more}")
        except AssertionError as error:
            verdict.faults.append(str(error))
            return verdict
        verdict.faults += differences(self.home, REFERENCE, key, self.checkpoint)
        verdict.faults += self.left_behind(key)
        self.forget(key)
        return verdict

    def forget(self, key: str) -> None:
        """Remove what a trial made, so that hundreds fit on the disk."""
        forget_folder(load_settings(home=self.home.root), key)
        shutil.rmtree(self.scratch / "recordings" / key)

    def _kept(self, key: str) -> int:
        """Vectors on the disk: of the finished file, else of whole shards."""
        path = self.home.asset("embeddings", folder=key, checkpoint=self.checkpoint)
        if path.exists():
            import pyarrow.parquet as pq

            return pq.read_metadata(path).num_rows
        kept = 0
        for shard in (self.home.work / "embeddings" / self.checkpoint / key).glob("*/shard-*"):
            with suppress(pa.ArrowException, OSError), pa.memory_map(str(shard)) as source:
                kept += pa.ipc.open_file(source).read_all().num_rows
        return kept

    def left_behind(self, key: str) -> list[str]:
        """Temporary files, unfinished work, runs that look alive, slots that are taken."""
        import dagster as dg

        from audio_assets.orchestration.instance import open_instance

        faults = [f"{p} was left" for p in self.home.data.rglob(f"{TEMPORARY}*")]
        for work in self.home.work.glob("**/"):
            if work.name == key:
                faults += [f"{p} was left" for p in work.rglob("*") if p.is_file()]
        with open_instance(self.home) as instance:
            alive = [
                dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING,
                dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.CANCELING,
            ]  # fmt: skip
            faults += [
                f"run {run.run_id} is still {run.status.value}"
                for run in instance.get_runs(dg.RunsFilter(statuses=alive))
            ]
            storage = instance.event_log_storage
            for pool in storage.get_concurrency_keys():
                if storage.get_concurrency_info(pool).active_slot_count:
                    faults.append(f"a slot of the pool {pool} is taken")
        return faults

    def order(self, key: str, report: Path, **more: Any) -> int:
        """Have a run done; how its process ended, as `os.waitpid` says it."""
        order = {
            "key": key, "checkpoint": self.checkpoint, "report": str(report),
            "options": {"umap_n_neighbors": 4, "cluster_min_size": 3, "tsne_perplexity": 2.0},
            **more,
        }  # fmt: skip
        assert self.server.stdin
        self.server.stdin.write(json.dumps(order) + "\n")
        self.server.stdin.flush()
        return int(self._answer()["status"])

    def _answer(self) -> dict[str, Any]:
        assert self.server.stdout
        line = self.server.stdout.readline()
        assert line, f"the server of runs has ended: see {self.errors.name}"
        return json.loads(line)


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Counts, and every fault with its moment."""
    return {
        "trials": len(verdicts),
        "killed": sum(v.killed for v in verdicts),
        "ended_with_a_sentence": sum(bool(v.said) for v in verdicts),
        "windows_kept": sum(v.kept for v in verdicts),
        "windows_encoded_after": sum(v.encoded for v in verdicts),
        "faults": [{"moment": v.moment, "faults": v.faults} for v in verdicts if v.faults],
    }
