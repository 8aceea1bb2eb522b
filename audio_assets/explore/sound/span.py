"""The part of a recording that is asked for: a window, a piece of it, or more around it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from audio_assets.errors import UsageError
from audio_assets.explore.sound.sample_sound import SampleSound

LONGEST_S = 7 * 86400.0
SLOWEST = 50


@dataclass(frozen=True)
class Span:
    """Frames [first, end) of a recording.

    Attributes:
        first: frame.
        end: frame behind the last one.
        start_s: of the span, from the start of the window; negative before it.
        end_s: of the span, from the start of the window.
    """

    first: int
    end: int
    start_s: float
    end_s: float


def span_of(sound: SampleSound, query: Mapping[str, str]) -> Span:
    """The span that a query asks for, cut to the recording.

    Args:
        sound: of the sample.
        query: `start` and `end` in seconds from the start of the window (the whole window by
            default), then `before` and `after`, seconds of the recording around that.

    Raises:
        UsageError: a number does not fit, or nothing of the recording is in the span.
    """
    rate = sound.sample_rate
    start = number(query, "start", -LONGEST_S, LONGEST_S)
    end = number(query, "end", -LONGEST_S, LONGEST_S)
    before = number(query, "before", 0, LONGEST_S) or 0.0
    after = number(query, "after", 0, LONGEST_S) or 0.0
    first = round((start or 0.0) * rate)
    last = sound.frames if end is None else round(end * rate)
    first = max(0, sound.start_frame + first - round(before * rate))
    last = min(sound.total_frames, sound.start_frame + last + round(after * rate))
    if last <= first:
        raise UsageError("Nothing of the recording lies between start and end.")
    return Span(first, last, (first - sound.start_frame) / rate, (last - sound.start_frame) / rate)


def number(query: Mapping[str, str], name: str, low: float, high: float) -> float | None:
    """A number of a query, None when it is not given.

    Raises:
        UsageError: it is no number from `low` to `high`.
    """
    text = query.get(name)
    if text is None or text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:  # NaN, too
        raise UsageError(f"{name}={text!r} is no number from {low:g} to {high:g}.")
    return value


def slow_of(query: Mapping[str, str]) -> Fraction:
    """By which factor the sound is slowed down, 1 by default.

    Raises:
        UsageError: it is no number from 1/10 to 50.
    """
    value = number(query, "slow", 0.1, SLOWEST)
    return Fraction(1 if value is None else value).limit_denominator(20)
