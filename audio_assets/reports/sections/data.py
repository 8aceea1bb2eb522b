"""Sections on the recordings: overview, classes, places, and files with problems."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import numpy as np

from audio_assets.analysis.palette import color
from audio_assets.recordings.times import time_zone
from audio_assets.reports.contents import Contents, Overview
from audio_assets.reports.document import Block, Facts, Heading, Note, Picture, Section, Table, Text
from audio_assets.reports.wording import count, counted, seconds, share, size

MOST_CLASSES, MOST_TROUBLES = 60, 100
KINDS = {
    "failed": "failed",
    "not encoded": "gave no vector",
    "duplicate": "with the same bytes as another",
    "warning": "with a warning",
}


def data(contents: Contents) -> Section:
    """What was recorded, when, where, and of which class."""
    blocks: list[Block] = [Facts(_facts(contents))]
    blocks += _classes(contents)
    blocks += _places(contents)
    return Section("data", "Data", blocks)


def files(contents: Contents) -> Section:
    """Files with something wrong, each with the reason."""
    troubles = contents.troubles
    if not troubles:
        return Section("files", "Files with problems", [Text("Every file could be used.")])
    kinds = Counter(trouble.kind for trouble in troubles)
    told = ", ".join(f"{kinds[kind]:,} {name}" for kind, name in KINDS.items() if kinds[kind])
    rows = [(t.path, t.kind, t.reason) for t in troubles[:MOST_TROUBLES]]
    hidden = len(troubles) - len(rows)
    return Section(
        "files",
        "Files with problems",
        [
            Text(f"{count(len(troubles), 'file')}: {told}. The rest is not affected."),
            Table(
                ("File", "Verdict", "Reason"), rows, (36, 14, 50),
                more=f"and {hidden:,} more" if hidden else "",
            ),
        ],
    )  # fmt: skip


def _facts(contents: Contents) -> list[tuple[str, str]]:
    o = contents.overview
    facts = [
        ("Files", _verdicts(o)),
        ("Sound", f"{seconds(o.seconds)}, {size(o.bytes)}"),
    ]
    if o.shortest_s is not None and o.longest_s is not None:
        same = seconds(o.shortest_s) == seconds(o.longest_s)
        facts.append(
            (
                "Length of a recording",
                seconds(o.longest_s)
                if same
                else f"{seconds(o.shortest_s)} to {seconds(o.longest_s)}",
            )
        )
        facts += [
            ("Formats", counted(o.formats)),
            ("Sample rates", counted({f"{rate:,} Hz": n for rate, n in o.rates.items()})),
            ("Channels", counted(o.channels)),
        ]
    facts.append(("Recorded", _when(o, contents.time_zone)))
    facts.append(("Windows", _windows(contents)))
    folds = contents.windows["fold"].dropna() if "fold" in contents.windows else []
    if len(folds):
        facts.append(("Folds", counted(Counter(int(fold) for fold in folds))))
    return facts


def _verdicts(overview: Overview) -> str:
    names = {"ok": "ok", "failed": "failed", "duplicate": "with the same bytes as another"}
    told = [
        f"{overview.status[key]:,} {name}" for key, name in names.items() if key in overview.status
    ]
    return ", ".join(told) or "none"


def _when(overview: Overview, zone: str) -> str:
    if overview.first is None or overview.last is None:
        return "not known: neither the file names nor a table say when"
    place = time_zone(zone)

    def told(moment: datetime) -> str:
        return f"{moment.astimezone(place):%Y-%m-%d %H:%M:%S}"

    text = f"{told(overview.first)} to {told(overview.last)} ({zone})"
    unknown = overview.status.get("ok", 0) - overview.with_start
    return text + (f"; {count(unknown, 'recording')} without a time" if unknown else "")


def _windows(contents: Contents) -> str:
    grid, windows = contents.overview.grid, contents.windows
    total = count(len(windows), "window")
    if grid.policy == "clip":
        return f"{total}, one for each recording and as long as it"
    samples, step = grid.window_samples, grid.hop_samples
    text = f"{total} of {samples:,} samples every {step:,}" if samples and step else None
    text = text or f"{total} of {seconds(grid.window_s)} every {seconds(grid.hop_s)}"
    padded = int((windows["padded_s"].to_numpy() > 0).sum())
    return text + (f", {padded:,} of them filled up with zeros" if padded else "")


def _classes(contents: Contents) -> list[Block]:
    sizes = contents.class_sizes()
    if not sizes:
        return [Note("The recordings have no labels, so there is nothing to count by class.")]
    from audio_assets.reports.figures.bars import MOST, class_bars

    known = contents.windows.assign(label=contents.labels).dropna(subset=["label"])
    known["seconds"] = known["end_s"] - known["start_s"]
    by_class = known.groupby("label").agg({"recording_id": "nunique", "seconds": "sum"})
    of_class: dict = by_class.to_dict("index")
    place = {name: i for i, name in enumerate(contents.classes)}
    shown = list(sizes)[:MOST_CLASSES]
    rows = [
        (
            name, f"{of_class[name]['recording_id']:,}", f"{sizes[name]:,}",
            share(sizes[name], len(contents.labels)), seconds(of_class[name]["seconds"]),
        )
        for name in shown
    ]  # fmt: skip
    hidden = len(sizes) - len(shown)
    caption = f"The {MOST} most frequent of {len(sizes)} classes." if len(sizes) > MOST else ""
    return [
        Heading("Classes"),
        Picture(class_bars(sizes, contents.classes), "Windows of each class", caption),
        Table(
            ("Class", "Recordings", "Windows", "Share", "Sound"), rows,
            (40, 15, 15, 15, 15), frozenset({1, 2, 3, 4}), [color(place[n]) for n in shown],
            more=f"and {count(hidden, 'class', 'classes')} more" if hidden else "",
        ),
    ]  # fmt: skip


def _places(contents: Contents) -> list[Block]:
    windows = contents.windows
    if not {"lat", "lon"} <= set(windows):
        return []
    known = windows.dropna(subset=["lat", "lon"])
    if known.empty:
        return []
    from audio_assets.reports.figures.places import places_map

    counts = known.groupby(["lon", "lat"]).size()
    lon, lat = (np.array(counts.index.get_level_values(i), float) for i in (0, 1))
    invented = 0
    if "coordinates" in known:
        invented = int((known["coordinates"].to_numpy() == "synthetic").sum())
    blocks: list[Block] = [
        Heading("Places"),
        Picture(
            places_map(lon, lat, counts.to_numpy()),
            "Map of the recording places",
            f"{count(len(counts), 'place')} with {count(len(known), 'window')}; "
            f"{len(windows) - len(known):,} windows have no coordinates. "
            "Coastline: Natural Earth, 1:110 million.",
        ),
    ]
    if invented:
        blocks.append(Note(f"The coordinates of {count(invented, 'window')} are invented."))
    return blocks
