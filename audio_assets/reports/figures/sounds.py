"""Spectrograms with axes, in rows of a group each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_assets.reports.figures.canvas import FAINT, WIDTH, Drawing, draw
from audio_assets.reports.previews import Preview
from audio_assets.reports.wording import clock, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
HEAD, PICTURE, FOOT = 0.22, 0.88, 0.3
LEFT, GAP = 0.4, 0.16
TONES = (
    10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000,
    500_000, 1_000_000, 5_000_000,
)  # fmt: skip
CLEAR = 0.17  # of the height between two numbers


@dataclass(frozen=True)
class Sound:
    """One window: its spectrogram (None where it is missing), its name, and its span in seconds."""

    preview: Preview | None
    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class SoundRow:
    """Up to three windows of one group, with its name above them; "" for none."""

    title: str
    color: str
    sounds: Sequence[Sound]


def sound_rows(rows: Sequence[SoundRow]) -> Drawing:
    """Draw rows of spectrograms; at most six fit a page."""
    tall = [(HEAD if row.title else 0.02) + 0.16 + PICTURE + FOOT for row in rows]
    height = sum(tall)
    wide = (WIDTH - LEFT - GAP * (COLUMNS - 1) - 0.02) / COLUMNS

    def paint(figure: Figure) -> None:
        top = height
        for row, size in zip(rows, tall, strict=True):
            if row.title:
                y = (top - 0.12) / height
                figure.text(0.0, y, "■", color=row.color, fontsize=9, va="center")
                figure.text(
                    0.16 / WIDTH, y, shorten(row.title, 95), weight="bold", va="center", fontsize=8
                )
            for i, sound in enumerate(row.sounds[:COLUMNS]):
                box = (LEFT + i * (wide + GAP), top - size + FOOT, wide, PICTURE)
                axes = figure.add_axes(
                    (box[0] / WIDTH, box[1] / height, box[2] / WIDTH, box[3] / height)
                )
                same = i > 0 and _scale(sound) == _scale(row.sounds[0])
                _spectrogram(axes, sound, first=i == 0, own_scale=not same, letters=int(wide * 19))
            top -= size

    return draw(height, paint)


def _scale(sound: Sound) -> tuple[float, float] | None:
    return (sound.preview.low_hz, sound.preview.high_hz) if sound.preview else None


def _spectrogram(axes: Axes, sound: Sound, *, first: bool, own_scale: bool, letters: int) -> None:
    axes.set_title(shorten(sound.name, letters), fontsize=6.5, color=FAINT, loc="left", pad=2)
    preview = sound.preview
    if preview is None:
        axes.text(0.5, 0.5, "no picture stored", ha="center", va="center", color=FAINT)
        axes.set_xticks([])
        axes.set_yticks([])
        return
    axes.imshow(
        preview.levels, cmap="magma", vmin=0, vmax=255, aspect="auto", interpolation="bilinear",
        extent=(preview.start_s, preview.end_s, 0.0, 1.0), origin="upper",
    )  # fmt: skip
    wide = preview.end_s - preview.start_s
    for edge in (sound.start_s, sound.end_s):
        if preview.start_s + 0.02 * wide < edge < preview.end_s - 0.02 * wide:
            axes.axvline(edge, color="white", linestyle=":", linewidth=0.9)
    tones = _tones(preview)
    axes.set_yticks([preview.height_of(hz) for hz in tones], [_hertz(hz) for hz in tones])
    axes.tick_params(labelsize=6, length=2, pad=1.5)
    if not own_scale:
        axes.tick_params(axis="y", labelleft=False)
    elif not first:  # no room beside it
        axes.tick_params(axis="y", pad=-3, labelcolor="white", color="white")
        for label in axes.get_yticklabels():
            label.set_horizontalalignment("left")
    ticks = np.linspace(preview.start_s, preview.end_s, 3)
    axes.set_xticks(ticks, [_time(t, wide, preview.end_s) for t in ticks])
    for label, place in zip(axes.get_xticklabels(), ("left", "center", "right"), strict=True):
        label.set_horizontalalignment(place)
    axes.spines[:].set_visible(False)


def _tones(preview: Preview) -> list[int]:
    """Round frequencies with room between them."""
    low, high = preview.low_hz, preview.high_hz
    if abs(preview.height_of((low + high) / 2) - 0.5) < 1e-6:
        from matplotlib.ticker import MaxNLocator

        return [int(hz) for hz in MaxNLocator(4).tick_values(low, high) if low <= hz <= high]
    shown: list[int] = []
    for hz in TONES:
        at = preview.height_of(hz)
        if hz < preview.low_hz or hz > preview.high_hz or not 0.02 <= at <= 0.98:
            continue
        if not shown or at - preview.height_of(shown[-1]) >= CLEAR:
            shown.append(hz)
    return shown


def _hertz(hz: int) -> str:
    if hz >= 1_000_000:
        return f"{hz / 1_000_000:g} MHz"
    return f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz"


def _time(value: float, wide: float, end: float) -> str:
    if end >= 120:
        return clock(value)
    return f"{value:.3g} s" if wide < 1 else f"{value:.1f} s"
