"""One folder put through the real path: scan, windows, model inputs, spectrograms."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.encoding.inputs import Readers, read_inputs
from audio_assets.encoding.jobs import input_jobs, recordings_by_path
from audio_assets.encoding.spectrograms import compute_spectrograms
from audio_assets.encoding.window_arrays import WindowArrays
from audio_assets.errors import AudioAssetsError
from audio_assets.recordings.decode import Reader
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.transforms.registry import make_transform
from audio_assets_tests.hostile.memory import reset_peak, status_kb

RATE, WINDOW_S = 16_000, 5.0
MOST_COMPARED = 5_000_000
LONGEST_S = 3600.0
"""No file here holds more than seconds of sound; what claims hours without a warning lies."""


@dataclass
class Passed:
    """What became of the files of a folder.

    Attributes:
        rows: status, reason and warning of each file, by path.
        windows: how many windows were cut.
        named: files that the scan took and a later step left out with a reason.
        faults: what should not have happened, in words.
        seconds: how long it took.
        peak_mb: memory over what the process had before.
    """

    rows: dict[str, list[str | None]] = field(default_factory=dict)
    windows: int = 0
    named: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak_mb: float = 0.0


def put_through(root: Path, scratch: Path) -> Passed:
    """Scan a folder and make everything that an encoder would be given.

    Args:
        root: the folder.
        scratch: an empty directory for what is written.
    """
    passed = Passed()
    started, before = time.monotonic(), reset_peak()
    try:
        table = scan_folder(root, workers=1)
        _check_rows(table, passed)
        _check_places(root, table, passed)
        for policy in ("sliding", "clip"):
            grid = WindowGrid.model_validate({"policy": policy, "window_s": WINDOW_S})
            windows = make_windows(table, grid)
            passed.windows += windows.num_rows
            if windows.num_rows:
                _check_inputs(root, table, windows, passed)
            if windows.num_rows and policy == "sliding":
                _check_spectrograms(root, with_grid(table, grid), windows, scratch, passed)
    except AudioAssetsError as error:
        passed.named.append(str(error))
    except Exception as error:  # everything else is what this looks for
        passed.faults.append(f"raised {type(error).__name__}: {error}")
    passed.seconds = time.monotonic() - started
    passed.peak_mb = (status_kb("VmHWM") - before) / 1024
    return passed


def _check_rows(table: pa.Table, passed: Passed) -> None:
    for row in table.to_pylist():
        passed.rows[row["path"]] = [row["status"], row["reason"], row["warning"]]
        passed.faults += [f"{row['path']!r}: {fault}" for fault in _row_faults(row)]


def _row_faults(row: dict[str, Any]) -> list[str]:
    """What contradicts itself in a row of the recordings table."""
    if row["status"] == "failed":
        reason = row["reason"] or ""
        if len(reason) < 10 or not reason.isprintable():
            return [f"failed for no readable reason: {reason!r}"]
        return [f"not our words: {reason}"] if reason.startswith("could not be read: ") else []
    faults = []
    if row["frames"] <= 0 or row["sample_rate"] <= 0 or row["channels"] <= 0:
        faults.append(
            f"{row['frames']} frames, {row['sample_rate']} Hz, {row['channels']} channels"
        )
    elif not math.isclose(row["duration_s"], row["frames"] / row["sample_rate"]):
        faults.append(f"{row['duration_s']} s are not {row['frames']} at {row['sample_rate']} Hz")
    elif row["duration_s"] > LONGEST_S and not row["warning"]:
        faults.append(f"{row['duration_s']:.0f} s, and no warning")
    return faults


def _check_places(root: Path, table: pa.Table, passed: Passed) -> None:
    """Samples must be the same wherever reading starts."""
    for row in table.to_pylist():
        if row["status"] != "ok" or row["frames"] > MOST_COMPARED:
            continue
        path, middle = root / row["path"], row["frames"] // 2
        with Reader(path) as one, Reader(path) as other:
            whole, rest = one.read(0, row["frames"]), other.read(middle, row["frames"])
            again = other.read(middle // 2, 1000)
        if len(whole) != row["frames"]:
            passed.faults.append(f"{row['path']}: {len(whole)} of {row['frames']} frames")
        if not (np.array_equal(whole[middle:], rest)
                and np.array_equal(whole[middle // 2 :][:1000], again)):  # fmt: skip
            passed.faults.append(f"{row['path']}: other samples when read from the middle")


def _check_inputs(root: Path, table: pa.Table, windows: pa.Table, passed: Passed) -> None:
    """Every model input as encoding reads it."""
    transform = make_transform("waveform", {"sample_rate": RATE, "input_samples": RATE})
    rows = np.arange(windows.num_rows)
    with Readers() as readers:
        for job in input_jobs(windows, rows, recordings_by_path(root, table), transform):
            batch = read_inputs(job, transform, readers)
            if batch.arrays is None:
                passed.named.append(f"{job.recording.path}: {batch.reason}")
            elif not np.isfinite(batch.arrays).all():
                passed.faults.append(f"{job.recording.path}: a model input is not finite")


def _check_spectrograms(
    root: Path, table: pa.Table, windows: pa.Table, scratch: Path, passed: Passed
) -> None:
    """The store and its pictures."""
    report = compute_spectrograms(
        root, table, make_transform("logmel", {"sample_rate": RATE, "seconds": WINDOW_S}),
        out_dir=scratch / "out", work_dir=scratch / "work", workers=1,
    )  # fmt: skip
    stored = WindowArrays.open(scratch / "out")
    left_out = {item["path"] for item in report.failed}
    passed.named += [f"{item['path']}: {item['reason']}" for item in report.failed]
    expected = sum(path not in left_out for path in windows["path"].to_pylist())
    if len(stored) != expected:
        passed.faults.append(f"{len(stored)} spectrograms of {expected} windows")
    if not np.isfinite(stored.array).all():
        passed.faults.append("a spectrogram holds NaN or infinite values")
