"""The outline of a waveform: lowest and highest value per column."""

from __future__ import annotations

from typing import Any

import numpy as np

from audio_assets.errors import UsageError
from audio_assets.explore.sound.sample_sound import SampleSound
from audio_assets.explore.sound.span import Span
from audio_assets.recordings.decode import Reader

MOST_FRAMES = 500_000_000
BLOCK = 1 << 20


def check_length(sound: SampleSound, span: Span) -> None:
    """Refuse spans whose every sample would take minutes to look at.

    Raises:
        UsageError: with the length that is possible.
    """
    if span.end - span.first > MOST_FRAMES:
        hours = MOST_FRAMES / sound.sample_rate / 3600
        raise UsageError(f"At most {hours:.1f} hours of this recording are drawn at once.")


def peaks_of(sound: SampleSound, span: Span, columns: int) -> dict[str, Any]:
    """Lowest and highest sample of each of `columns` equal parts of a span.

    Returns:
        start_s and end_s (from the start of the window), sample_rate, min and max, each a list of
        floats, full scale is 1.

    Raises:
        RecordingError: decoding fails.
        UsageError: the span is too long.
    """
    check_length(sound, span)
    count = span.end - span.first
    columns = min(columns, count)
    edges = np.linspace(0, count, columns + 1).astype(np.int64)
    low = np.zeros(columns, np.float32)
    high = np.zeros(columns, np.float32)
    per_block = max(1, BLOCK * columns // count)
    with Reader(sound.path, sound.radio) as reader:
        for first in range(0, columns, per_block):
            last = min(columns, first + per_block)
            begin, end = int(edges[first]), int(edges[last])
            waveform = np.nan_to_num(reader.read(span.first + begin, end - begin))
            starts = edges[first:last] - begin
            starts = starts[starts < len(waveform)]
            if len(starts):
                low[first : first + len(starts)] = np.minimum.reduceat(waveform, starts)
                high[first : first + len(starts)] = np.maximum.reduceat(waveform, starts)
    return {
        "start_s": span.start_s, "end_s": span.end_s, "sample_rate": sound.sample_rate,
        "min": low.astype(float).round(6).tolist(), "max": high.astype(float).round(6).tolist(),
    }  # fmt: skip
