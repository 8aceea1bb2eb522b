"""Spectrograms of each class, and the rows of them that other sections show."""

from __future__ import annotations

from collections.abc import Sequence

from audio_assets.analysis.palette import color
from audio_assets.reports.contents import Contents
from audio_assets.reports.document import Block, Note, Picture, Section, Text
from audio_assets.reports.figures.sounds import Sound, SoundRow, sound_rows
from audio_assets.reports.wording import count, shorten, span

ROWS = 2  # of one drawing, so that pages fill well
MOST_CLASSES = 30
HOW = (
    "Low frequencies are at the bottom, loud is bright; each picture is stretched to its own "
    "loudest and quietest level. Dotted lines mark the window where the picture shows more."
)


def sounds(contents: Contents) -> Section:
    """The most typical windows of each class; without labels the clusters show theirs."""
    title = "Spectrograms"
    if contents.previews is None:
        return Section("sounds", title, [Note(contents.missing("spectrograms") or "")])
    if not contents.typical:
        return Section("sounds", title, _without_classes(contents))
    place = {name: i for i, name in enumerate(contents.classes)}
    sizes = contents.class_sizes()
    shown = list(sizes)[:MOST_CLASSES]
    rows = [
        SoundRow(
            f"{name}, {count(sizes[name], 'window')}", color(place[name]),
            sounds_of(contents, contents.typical[name]),
        )
        for name in shown
    ]  # fmt: skip
    told = "The three windows of each class that are nearest to the mean of its vectors. " + HOW
    blocks: list[Block] = [Text(told), *pictures(rows, "Typical windows of classes")]
    if len(sizes) > len(shown):
        blocks.append(Note(f"{len(sizes) - len(shown)} smaller classes are not shown."))
    return Section("sounds", title, blocks)


def sounds_of(contents: Contents, rows: Sequence[int]) -> list[Sound]:
    """The windows of some rows, with spectrograms."""
    clips = contents.overview.grid.policy == "clip"
    found: list[Sound] = []
    for row in rows:
        window = contents.window(row)
        start, end = float(window["start_s"]), float(window["end_s"])
        name = window["path"] if clips else f"{shorten(window['path'], 25)}, {span(start, end)}"
        preview = contents.previews.read(window) if contents.previews else None
        found.append(Sound(preview, name, start, end))
    return found


def pictures(rows: Sequence[SoundRow], alt: str, per_picture: int = ROWS) -> list[Picture]:
    """Rows of spectrograms as drawings that fit a page."""
    parts = [rows[i : i + per_picture] for i in range(0, len(rows), per_picture)]
    return [
        Picture(sound_rows(part), f"{alt}: " + "; ".join(r.title for r in part if r.title))
        for part in parts
    ]


def _without_classes(contents: Contents) -> list[Block]:
    told = "The recordings have no labels. "
    if contents.clusters is not None and contents.clusters.names:
        return [Text(told + "Spectrograms of each cluster are in the section on clusters.")]
    step = max(1, len(contents.windows) // 9)
    rows = list(range(0, len(contents.windows), step))[:9]
    if not rows:
        return [Note("There is no window to show.")]
    lines = [SoundRow("", "", sounds_of(contents, rows[i : i + 3])) for i in range(0, len(rows), 3)]
    return [Text(told + f"{count(len(rows), 'window')} at equal steps. {HOW}"),
            *pictures(lines, "Spectrograms at equal steps")]  # fmt: skip
