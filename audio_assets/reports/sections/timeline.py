"""Clusters, or classes where there are none, over the day, over the dates, along recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from audio_assets.recordings.times import time_zone
from audio_assets.reports.contents import Contents
from audio_assets.reports.document import Block, Heading, Note, Picture, Section, Text
from audio_assets.reports.figures.timeline import Track, along_recordings, shares_over_time
from audio_assets.reports.sections.space import class_codes, cluster_titles
from audio_assets.reports.wording import count

BINS = 48
MOST_GROUPS = 20
MOST_TRACKS, LEAST_WINDOWS = 6, 8
DATES = 60
NO_TIMES = (
    "Neither file names nor tables say when the recordings were made, so nothing can be shown over "
    "the day. A time pattern (--time-pattern) or a column start_time adds it."
)


def timeline(contents: Contents) -> Section:
    """What sounds when."""
    codes, names, what = _groups(contents)
    if not names:
        why = "There are neither clusters nor classes to show over time."
        return Section("time", "Over time", [Note(why)])
    blocks: list[Block] = [*_over_the_day(contents, codes, names, what)]
    blocks += _along(contents, codes, names, what)
    return Section("time", "Over time", blocks)


def _groups(contents: Contents) -> tuple[np.ndarray, list[str], str]:
    """Number of each window's group, the groups' names, and what they are."""
    if contents.clusters is not None and contents.clusters.names:
        return contents.clusters.number, cluster_titles(contents), "cluster"
    return class_codes(contents), contents.classes, "class"


def _over_the_day(
    contents: Contents, codes: np.ndarray, names: list[str], what: str
) -> list[Block]:
    import pandas as pd

    known = contents.windows["window_start_time"].notna().to_numpy()
    if not known.any():
        return [Note(NO_TIMES)]
    times = pd.DatetimeIndex(contents.windows["window_start_time"].to_numpy()[known])
    utc = times.tz_localize("UTC") if times.tz is None else times
    local = utc.tz_convert(time_zone(contents.time_zone))
    hours = np.asarray(local.hour + local.minute / 60 + local.second / 3600)
    if len(set(hours)) < 2:
        return [Note("All windows begin at the same time of day.")]
    counts, shown = _counts(codes[known], names, (hours * BINS / 24).astype(int), BINS)
    ticks = [(hour * BINS / 24, f"{hour:02}:00") for hour in range(0, 25, 3)]
    caption = (
        f"Share of the windows of each half hour that are in each {what}; grey: nothing recorded "
        f"then. Time of day in {contents.time_zone}."
    )
    blocks: list[Block] = [
        Heading("Over the day"),
        Picture(
            shares_over_time(counts, shown, ticks, "time of day"),
            f"{what} over the day", caption,
        ),
    ]  # fmt: skip
    days = local.tz_localize(None).to_numpy().astype("datetime64[D]")
    number = (days - days.min()).astype(int)
    if number.max() >= 2:
        blocks += _over_dates(codes[known], names, number, days.min(), what)
    if not known.all():
        blocks.append(Text(f"{count(int((~known).sum()), 'window')} without a time not counted."))
    return blocks


def _over_dates(
    codes: np.ndarray, names: list[str], number: np.ndarray, first: np.datetime64, what: str
) -> list[Block]:
    width = max(1, -(-(int(number.max()) + 1) // DATES))
    bins = int(number.max()) // width + 1
    counts, shown = _counts(codes, names, number // width, bins)
    steps = np.unique(np.linspace(0, bins - 1, 6).astype(int))
    ticks = [(step + 0.5, str(first + np.timedelta64(int(step) * width, "D"))) for step in steps]
    told = "of each day" if width == 1 else f"of every {width} days"
    return [
        Heading("Over the dates"),
        Picture(
            shares_over_time(counts, shown, ticks, "date"), f"{what} over the dates",
            f"Share of the windows {told} that are in each {what}.",
        ),
    ]  # fmt: skip


def _counts(
    codes: np.ndarray, names: Sequence[str], bins: np.ndarray, number: int
) -> tuple[np.ndarray, list[str]]:
    """Windows of each group in each bin, int [G, number]; the largest groups, then the rest."""
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    largest = np.sort(np.argsort(-sizes, kind="stable")[:MOST_GROUPS])
    row = np.full(len(names), len(largest))
    row[largest] = np.arange(len(largest))
    rows = np.where(codes >= 0, row[codes], len(largest))
    counts = np.zeros((len(largest) + 1, number), int)
    np.add.at(counts, (rows, bins), 1)
    shown = [
        *(names[i] for i in largest),
        "noise and others" if len(names) > len(largest) else "noise",
    ]
    return (counts, shown) if counts[-1].any() else (counts[:-1], shown[:-1])


def _along(contents: Contents, codes: np.ndarray, names: list[str], what: str) -> list[Block]:
    windows = contents.windows
    sizes = Counter(windows["path"].tolist())
    long = [path for path, size in sizes.items() if size >= LEAST_WINDOWS]
    if not long:
        return []
    chosen = sorted(long, key=lambda path: (-sizes[path], path))[:MOST_TRACKS]
    tracks: list[Track] = []
    for path in chosen:
        rows = np.flatnonzero((windows["path"] == path).to_numpy())
        spans = windows.iloc[rows]
        starts, ends = (spans[name].to_numpy(float) for name in ("start_s", "end_s"))
        tracks.append(Track(path, starts, ends, codes[rows]))
    caption = f"The {what} of each window of the recordings with most windows."
    return [
        Heading("Along the recordings"),
        Picture(along_recordings(tracks, names), f"{what} along recordings", caption),
    ]
