"""Windows of a long recording against as many short clips: the same rate, constant memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.case import Outcome, Ratio, Setup
from benchmarks.clips import audio_files, vary
from benchmarks.long_recordings import Case, synthesize
from benchmarks.machine import decode_rate
from benchmarks.timing import alternate, median_ratio, peak_rss_mb

TITLE = "Long recording against short clips"
WINDOW_S, RATE = 5, 44_100


def measure(setup: Setup) -> Outcome:
    """Windows per second from decoding to stored vectors, with the default checkpoint."""
    from audio_assets.models.encoder import load_encoder
    from audio_assets.settings import DEFAULT_CHECKPOINT

    windows = 24 if setup.quick else 720
    long = setup.work / "long"
    long.mkdir()
    source = audio_files(setup.recordings)[0]
    synthesize(Case("long", windows * WINDOW_S, RATE, "FLAC"), long, source)
    short = setup.work / "short"
    clips = vary(setup.recordings, short, windows)
    for clip in clips:  # the same coding on both sides, so that only the length differs
        _as_flac(clip)
    encoder: Any = load_encoder(DEFAULT_CHECKPOINT, device=setup.device, precision="auto")  # type: ignore[arg-type]
    tables = {name: _scanned(folder) for name, folder in (("long", long), ("short", short))}
    found = alternate(
        {
            name: lambda name=name, folder=folder: _encode(setup, folder, tables[name], encoder)
            for name, folder in (("long", long), ("short", short))
        },
        rounds=1 if setup.quick else 3,
    )
    rates = {name: [windows / s.wall for s in spent] for name, spent in found.items()}
    per_cpu = {name: [windows / s.cpu for s in spent] for name, spent in found.items()}
    return Outcome(
        ratios=[
            Ratio(
                "windows per second, long recording to short clips",
                round(median_ratio(rates["long"], rates["short"]), 3),
                0.9,
            )
        ],
        limits=decode_rate(audio_files(short)[:50]),
        ours={
            "windows": windows,
            "long_windows_per_second": round(max(rates["long"]), 2),
            "short_windows_per_second": round(max(rates["short"]), 2),
            "per_cpu_second_long_to_short": round(
                median_ratio(per_cpu["long"], per_cpu["short"]), 3
            ),
            "precision": encoder.precision,
            "peak_rss_mb": peak_rss_mb(),
        },
        notes=[
            f"{windows} windows of {WINDOW_S} s side by side in one FLAC recording, and as many "
            "FLAC clips. Memory over a day: `benchmarks/long_recordings.py`.",
        ],
    )


def _as_flac(clip: Path) -> None:
    import soundfile as sf

    sound, rate = sf.read(clip, dtype="float32")
    sf.write(clip.with_suffix(".flac"), sound, rate)
    clip.unlink()


def _scanned(folder: Path) -> Any:
    from audio_assets.recordings.scan import scan_folder
    from audio_assets.recordings.windows import WindowGrid, with_grid

    return with_grid(scan_folder(folder), WindowGrid(window_s=WINDOW_S, hop_s=WINDOW_S))


def _encode(setup: Setup, folder: Path, table: Any, encoder: Any) -> None:
    from audio_assets.encoding.encode import encode_folder

    out = setup.work / f"{folder.name}.parquet"
    encode_folder(
        folder, table, encoder, signature="5" * 64, previous=None, out=out,
        work_dir=setup.work / f"unfinished-{folder.name}",
    )  # fmt: skip
