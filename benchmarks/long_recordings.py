"""Peak memory of long recordings: the same path, the same model, an hour and a day.

Synthesizes recordings (streamed to disk, tiled from a real one where one is given), takes each
through the scan, the spectrograms and the encoding in a process of its own, and reports the peak
resident memory of every stage. The model is a tiny AudioMAE++ with new weights (width 64, one
block) behind the default log-mel transform: cheap, but decoded, resampled, transformed, batched,
checked and stored like any other.

    python benchmarks/long_recordings.py --source RECORDING --work DIR --out report.json [--cap MB]

With `--cap` the kernel enforces a limit: every stage runs in a control group of its own, page cache
included, and is killed when it cannot be kept below so many megabytes (needs the right to make
control groups; version 1 and 2).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

STAGES = ("scan", "spectrograms", "encode_stored", "encode_streamed")
BLOCK_S = 10
LIMIT_MB = 2000


@dataclass(frozen=True)
class Case:
    """One recording to synthesize."""

    name: str
    seconds: int
    rate: int
    format: str

    @property
    def file(self) -> str:
        return f"{self.name}.{self.format.lower()}"


CASES = {
    case.name: case
    for case in (
        Case("1min-48k", 60, 48_000, "FLAC"),
        Case("1h-48k", 3600, 48_000, "FLAC"),
        Case("6h-48k", 21_600, 48_000, "FLAC"),
        Case("24h-48k", 86_400, 48_000, "FLAC"),
        Case("1h-192k", 3600, 192_000, "WAV"),
    )
}


def synthesize(case: Case, directory: Path, source: Path | None) -> Path:
    """Write a recording block by block; no two windows of it are alike.

    Args:
        case: length, rate and format.
        directory: where the file goes.
        source: a real recording to tile, at another level each time; noise where None.

    Returns:
        The file.
    """
    import soundfile as sf

    rng = np.random.default_rng(51)
    size = BLOCK_S * case.rate
    tile = _tile(source, case.rate, size, rng)
    path = directory / case.file
    clock = np.arange(size) / case.rate
    with sf.SoundFile(path, "w", case.rate, 1, "PCM_16", format=case.format) as file:
        for number in range(-(-case.seconds // BLOCK_S)):
            tone = 0.05 * np.sin(2 * np.pi * rng.uniform(200, 9000) * clock)
            block = np.roll(tile, int(rng.integers(size))) * rng.uniform(0.2, 1.0) + tone
            file.write(block[: case.rate * (case.seconds - number * BLOCK_S)].astype(np.float32))
    return path


def _tile(source: Path | None, rate: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """float32 [size]: ten seconds of the source at the case's rate, peak 0.5."""
    if source is None:
        sound = rng.standard_normal(size)
    else:
        from audio_assets.recordings.decode import Reader
        from audio_assets.recordings.resample import resample

        with Reader(source) as reader:
            sound = resample(reader.read(0, 60 * reader.sample_rate), reader.sample_rate, rate)
    sound = np.resize(sound, size)
    return (0.5 * sound / max(1e-9, float(np.abs(sound).max()))).astype(np.float32)


def stage(name: str, root: Path, work: Path, hop_s: float) -> dict[str, Any]:
    """Run one stage in this process and say what it took."""
    from audio_assets.recordings.scan import scan_folder
    from audio_assets.recordings.windows import WindowGrid, with_grid
    from audio_assets.storage import read_parquet, write_parquet

    started = time.perf_counter()
    table = work / "raw_audio.parquet"
    if name == "scan":
        write_parquet(table, with_grid(scan_folder(root), WindowGrid(window_s=5, hop_s=hop_s)))
        return _measured(started)
    from audio_assets.encoding.encode import encode_folder
    from audio_assets.encoding.spectrograms import compute_spectrograms
    from audio_assets.transforms.registry import make_transform

    recordings = read_parquet(table)
    if name == "spectrograms":
        report = compute_spectrograms(
            root, recordings, make_transform("logmel_image"),
            out_dir=work / "spectrograms", work_dir=work / "unfinished-spectrograms",
        )  # fmt: skip
        pictures = sum(1 for _ in (work / "spectrograms" / "png").iterdir()) - 1
        return {**_measured(started), "windows": report.rows, "pictures": pictures}
    done = encode_folder(
        root, recordings, _small_encoder(), signature="5" * 64, previous=None,
        out=work / f"{name}.parquet", work_dir=work / f"unfinished-{name}",
        spectrograms=work / "spectrograms" if name == "encode_stored" else None,
    )  # fmt: skip
    return {**_measured(started), "windows": done.windows, "from_arrays": done.from_arrays}


def _small_encoder() -> Any:
    import torch

    from audio_assets.encoding.module_encoder import ModuleEncoder
    from audio_assets.models.encoder_config import audiomaepp_config
    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
    from audio_assets.transforms.registry import make_transform

    torch.set_num_threads(1)  # memory is measured; threads that wait for each other burn time
    torch.manual_seed(0)
    config = audiomaepp_config(width=64, depth=1, first_hidden=64, second_hidden=64)
    return ModuleEncoder(SpectrogramEncoder(config), make_transform("logmel_image"), "cpu")


def _measured(started: float) -> dict[str, Any]:
    """Wall and processor seconds and the peak, by the kernel's own high-water mark."""
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    used = os.times()
    return {
        "peak_rss_mb": round(int(peak.split()[1]) / 1024, 1),
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(used.user + used.system, 1),
    }


@contextlib.contextmanager
def capped(megabytes: int | None) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """A control group with a limit of memory.

    Yields:
        What to put before a command so that it runs in the group, and a dict that holds what the
        kernel counted once the block is left.
    """
    if megabytes is None:
        yield [], {}
        return
    first = Path("/sys/fs/cgroup/memory")
    root = first if first.is_dir() else Path("/sys/fs/cgroup")
    group = root / f"audio-assets-{os.getpid()}"
    old = root == first
    limit, peak = (
        ("memory.limit_in_bytes", "memory.max_usage_in_bytes") if old
        else ("memory.max", "memory.peak")
    )  # fmt: skip
    try:
        group.mkdir()
        (group / limit).write_text(str(megabytes * 1_000_000))
    except OSError as error:
        raise SystemExit(f"--cap needs the right to make control groups: {error}") from error
    counted: dict[str, Any] = {"cap_mb": megabytes}
    try:
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"], counted
        counted["group_peak_mb"] = round(int((group / peak).read_text()) / 1e6, 1)
        events = (group / ("memory.oom_control" if old else "memory.events")).read_text()
        counted["killed"] = int(re.findall(r"oom_kill (\d+)", events)[0])
    finally:
        group.rmdir()


def measure(
    case: Case,
    work: Path,
    source: Path | None,
    stages: tuple[str, ...],
    hop_s: float,
    cap_mb: int | None = None,
) -> dict[str, Any]:
    """All stages of one case, each in a process of its own; what was written is removed."""
    directory = Path(tempfile.mkdtemp(prefix=f"{case.name}-", dir=work))
    try:
        (root := directory / "recordings").mkdir()
        path = synthesize(case, root, source)
        found: dict[str, Any] = {**asdict(case), "hop_s": hop_s, "bytes": path.stat().st_size}
        found["stages"] = {}
        for name in stages:
            command = [sys.executable, __file__, "--stage", name, str(root), str(directory)]
            command += ["--hop", str(hop_s)]
            with capped(cap_mb) as (before, counted):
                done = subprocess.run(
                    [*before, *command], stdout=subprocess.PIPE, text=True, check=False
                )
            if done.returncode:
                raise SystemExit(f"{case.name} {name} ended with {done.returncode}: {counted}")
            found["stages"][name] = {**json.loads(done.stdout.splitlines()[-1]), **counted}
            print(case.name, name, found["stages"][name], file=sys.stderr, flush=True)
        return found
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def judge(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Highest peak, and by stage the spread between the lengths of one rate."""
    peaks = {
        name: {case["name"]: case["stages"][name]["peak_rss_mb"] for case in cases}
        for name in cases[0]["stages"]
    }
    spread = {}
    for name, found in peaks.items():
        long = [mb for case, mb in found.items() if case.endswith("h-48k")]
        spread[name] = round(max(long) - min(long), 1) if len(long) > 1 else None
    highest = max(mb for found in peaks.values() for mb in found.values())
    return {
        "highest_peak_mb": highest,
        "below_2_gb": highest < LIMIT_MB,
        "spread_of_48k_mb": spread,
    }


def main() -> None:
    """Measure the cases that are asked for and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", nargs=3, metavar=("NAME", "ROOT", "WORK"))
    parser.add_argument("--source", type=Path, help="a real recording to tile")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--out", type=Path, default=Path("long_recordings.json"))
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--cap", type=int, metavar="MB", help="limit enforced by the kernel")
    parser.add_argument("--hop", type=float, default=5.0, help="seconds between window starts")
    given = parser.parse_args()
    if given.stage:
        name, root, work = given.stage
        print(json.dumps(stage(name, Path(root), Path(work), given.hop)))
        return
    given.work.mkdir(parents=True, exist_ok=True)
    cases: list[dict[str, Any]] = []
    for name in given.cases:
        stages = tuple(given.stages)
        cases.append(measure(CASES[name], given.work, given.source, stages, given.hop, given.cap))
        machine = {"processors": os.cpu_count(), "python": platform.python_version()}
        report = {"machine": machine, "cases": cases, **judge(cases)}
        given.out.write_text(json.dumps(report, indent=2) + "\n")
    print(given.out.read_text())


if __name__ == "__main__":
    main()
