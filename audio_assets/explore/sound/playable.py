"""A span of a recording as a WAV file that browsers play, byte by byte, in bounded memory.

Every byte has one value wherever reading starts: where the rate stays, bytes are frames; where it
changes, each block of the output is resampled on its own from a span with a margin around it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import soxr

from audio_assets.explore.sound.sample_sound import SampleSound
from audio_assets.explore.sound.span import Span
from audio_assets.recordings.decode import Reader

HEADER_BYTES = 44
FRAME_BYTES = 2
LOWEST_RATE, HIGHEST_RATE = 8000, 48000
"""Rates that every browser plays and that lose nothing a person can hear."""

BLOCK = 1 << 16
MARGIN = 4096


class PlayableWav:
    """Mono, 16 bits; the mean over the channels, which is what the models hear, too.

    Args:
        sound: of the sample.
        span: of its recording.
        slow: factor by which time is stretched; pitch falls with it.
        rate: wanted rate in Hz; None for the recording's own where browsers play it.
    """

    def __init__(
        self, sound: SampleSound, span: Span, slow: Fraction = Fraction(1), rate: int | None = None
    ) -> None:
        self.sound, self.span = sound, span
        played = Fraction(sound.sample_rate) / slow
        self.rate = rate or _rate_for(played)
        ratio = self.rate / played
        self._step_in, self._step_out = ratio.denominator, ratio.numerator
        self.frames = max(1, round((span.end - span.first) * ratio))
        self.size = HEADER_BYTES + self.frames * FRAME_BYTES

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self.frames / self.rate

    def read(self, first: int, end: int) -> Iterator[bytes]:
        """The bytes [first, end) of the file.

        Raises:
            RecordingError: decoding fails.
        """
        if first < HEADER_BYTES:
            yield self._header()[first:end]
        frame = max(0, first - HEADER_BYTES) // FRAME_BYTES
        last = min(self.frames, -(-(end - HEADER_BYTES) // FRAME_BYTES))
        with Reader(self.sound.path, self.sound.radio) as reader:
            while frame < last:
                block, begin = self._block(reader, frame)
                stop = min(last, begin + len(block))
                content = block[frame - begin : stop - begin].tobytes()
                base = HEADER_BYTES + frame * FRAME_BYTES
                yield content[max(0, first - base) : max(0, end - base)]
                frame = stop

    def _block(self, reader: Reader, frame: int) -> tuple[np.ndarray, int]:
        """The block that holds a frame, int16 [n], and its first frame."""
        if self._step_in == self._step_out:
            begin = frame // BLOCK * BLOCK
            count = min(BLOCK, self.frames - begin)
            return _pcm(reader.read(self.span.first + begin, count), count), begin
        steps = max(1, BLOCK // self._step_out)
        number = frame // (steps * self._step_out)
        begin = number * steps * self._step_out
        count = min(steps * self._step_out, self.frames - begin)
        margin = -(-MARGIN // self._step_in)  # in steps, so that the grids of both rates agree
        first = number * steps - min(number * steps, margin)
        source = self.span.first + first * self._step_in
        wanted = (number * steps + steps + margin - first) * self._step_in
        waveform = reader.read(source, min(wanted, self.span.end - source))
        resampled = soxr.resample(waveform, self._step_in, self._step_out, quality="HQ")
        skip = begin - first * self._step_out
        return _pcm(resampled[skip : skip + count], count), begin

    def _header(self) -> bytes:
        data = self.frames * FRAME_BYTES
        # a RIFF size has 32 bits; players take the largest one for "until the end"
        riff, chunk = min(data + 36, 0xFFFFFFFF), min(data, 0xFFFFFFFF)
        return struct.pack(
            "<4sI4s4sIHHIIHH4sI", b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, 1, self.rate,
            self.rate * FRAME_BYTES, FRAME_BYTES, 16, b"data", chunk,
        )  # fmt: skip


def _rate_for(played: Fraction) -> int:
    """The rate itself where browsers play it, else one that they do."""
    if played.denominator == 1 and LOWEST_RATE <= played <= HIGHEST_RATE:
        return int(played)
    if played < LOWEST_RATE:
        # a multiple keeps the grids of both rates simple
        factor = -(-Fraction(LOWEST_RATE) // played)
        multiple = played * factor
        return int(multiple) if multiple.denominator == 1 else LOWEST_RATE
    return HIGHEST_RATE


def _pcm(waveform: np.ndarray, count: int) -> np.ndarray:
    """Float32 of full scale 1 → int16 [count], clipped; zeros where the recording ends early."""
    clean = np.nan_to_num(waveform[:count], nan=0.0, posinf=1.0, neginf=-1.0)
    samples = np.round(np.clip(clean, -1.0, 32767 / 32768) * 32768).astype("<i2")
    return np.pad(samples, (0, count - len(samples)))
