"""Reading spans of a recording as mono, sample-exact wherever one starts."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from audio_assets.errors import RecordingError
from audio_assets.radio.names import is_radio_name
from audio_assets.radio.statement import RadioSettings
from audio_assets.recordings.sources import Source, open_descriptor, open_source

BLOCK_SAMPLES = 1 << 20
"""Samples (all channels together) that are decoded at once: bounds the memory of a reader."""

MP3_SECTION = 1 << 19
MP3_PREROLL = 1152 * 16
"""An MP3 is decoded in sections, each from a fresh seek with this much run-up, so that a sample
does not depend on what was read before it: mpg123's rounding does, by about 1e-7."""


class Reader:
    """One recording, open for reading; sequential reads are cheap. Not for use by two threads.

    Args:
        path: the file.
        radio: what its folder says of IQ; None in a folder of sound.

    Attributes:
        sample_rate: in Hz.
        channels: of the file; what is read is their mean.

    Raises:
        RecordingError: when it cannot be opened or decoded, with the reason in plain words.
    """

    def __init__(self, path: Path | str, radio: RadioSettings | None = None) -> None:
        self._path = Path(path)
        self._radio = radio
        self._descriptor = open_descriptor(self._path)
        try:
            self._source: Source = self._open()
        except BaseException:
            os.close(self._descriptor)
            raise
        self.sample_rate, self.channels = self._source.sample_rate, self._source.channels
        self._block = max(1, BLOCK_SAMPLES // self.channels)
        self._position, self._seeks = 0, True
        self._section: tuple[int, np.ndarray] | None = None

    def read(self, start_frame: int, frames: int) -> np.ndarray:
        """Read a span.

        Args:
            start_frame: first frame, from 0.
            frames: how many.

        Returns:
            float32 [n], the mean over the channels; n < frames only where the recording ends.

        Raises:
            RecordingError: when decoding fails.
            ValueError: when a number is negative.
        """
        if start_frame < 0 or frames < 0:
            raise ValueError(f"a span needs start and length >= 0, found {start_frame}, {frames}")
        if self._source.format == "MP3":
            return self._read_sections(start_frame, frames)
        self._move_to(start_frame)
        return self._next(frames)

    def read_iq(self, start_frame: int, frames: int) -> np.ndarray:
        """Read a span as complex samples, all channels.

        Sound becomes one real signal per channel, or, where the folder says so (`wav_iq`), I and Q
        of each pair of channels.

        Returns:
            complex64 [channels, n]; n < frames only where the recording ends.

        Raises:
            RecordingError: when decoding fails.
        """
        from audio_assets.radio.sound import complex_channels
        from audio_assets.radio.source import IqSource

        if isinstance(self._source, IqSource):
            return self._source.complex_span(start_frame, frames)
        if self._source.format == "MP3":
            return self.read(start_frame, frames).astype(np.complex64)[None]
        self._move_to(start_frame)
        parts = [np.empty((0, self.channels), np.float32)]
        while frames > 0:
            block = self._source.read(min(frames, self._block))
            self._position += len(block)
            frames -= len(block)
            parts.append(block)
            if not len(block):
                break
        return complex_channels(np.concatenate(parts), self._radio)

    def _open(self) -> Source:
        """The source of the file, at its first frame."""
        named = is_radio_name(self._path.name) or self._path.suffix.lower() == ".npy"
        if not named:
            return open_source(self._descriptor, self._path)
        from audio_assets.radio.layout import layout_of
        from audio_assets.radio.source import IqSource

        channel = self._radio.channel if self._radio is not None else None
        return IqSource(layout_of(self._path, self._radio), channel)

    def _move_to(self, frame: int) -> None:
        """Stand before `frame`: by seeking where that is exact, else by decoding up to it."""
        if frame == self._position:
            return
        if self._seeks and self._source.seeks:
            try:
                self._seek(frame)
                return
            except RecordingError:  # a table or header that lies; forwards every frame is reached
                self._seeks = False
                self._restart()
        if frame < self._position:
            self._restart()
        while self._position < frame:
            count = len(self._source.read(min(self._block, frame - self._position)))
            self._position += count
            if count == 0:
                return

    def _restart(self) -> None:
        """Stand before the first frame."""
        self._source.close()
        self._source = self._open()
        self._position = 0

    def _seek(self, frame: int) -> None:
        end = self._source.header_frames
        self._source.seek(frame if end is None else min(frame, end))
        self._position = frame

    def _next(self, frames: int) -> np.ndarray:
        """The next `frames` frames as mono, decoded block by block."""
        parts: list[np.ndarray] = []
        left = frames
        while left > 0:
            wanted = min(left, self._block)
            block = self._source.read(wanted)
            parts.append(mono(block))
            self._position += len(block)
            left -= len(block)
            if len(block) < wanted:
                break
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def _read_sections(self, start: int, frames: int) -> np.ndarray:
        parts = [np.empty(0, np.float32)]
        for number in range(start // MP3_SECTION, -(-(start + frames) // MP3_SECTION)):
            section = self._mp3_section(number)
            first = number * MP3_SECTION
            parts.append(section[max(0, start - first) : max(0, start + frames - first)])
            if len(section) < MP3_SECTION:
                break
        return np.concatenate(parts)

    def _mp3_section(self, number: int) -> np.ndarray:
        """Section `number` of an MP3; the last one used is kept."""
        if self._section is None or self._section[0] != number:
            first = number * MP3_SECTION
            begin = max(0, first - MP3_PREROLL)
            end = self._source.header_frames
            samples = np.empty(0, np.float32)
            if end is None or begin < end:
                self._source.seek(begin)
                samples = self._next(first - begin + MP3_SECTION)[first - begin :]
            self._section = (number, samples)
        return self._section[1]

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        if self._descriptor >= 0:
            self._source.close()
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def mono(block: np.ndarray) -> np.ndarray:
    """The mean over the channels: float32 [n, channels] → float32 [n]."""
    return block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)


def read_span(path: Path | str, start_frame: int, frames: int) -> np.ndarray:
    """Open, read one span and close; see `Reader.read`.

    Returns:
        float32 [n], mono; n < frames only where the recording ends.

    Raises:
        RecordingError: when the file cannot be opened or decoded.
    """
    with Reader(path) as reader:
        return reader.read(start_frame, frames)
