"""Samples of a radio recording, mapped from the disk span by span."""

from __future__ import annotations

import mmap
import os

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import RecordingError
from audio_assets.radio.layout import IqLayout
from audio_assets.recordings.sources import open_descriptor

LARGEST_MAP = 32 << 20
"""Bytes mapped at once: a map is let go before the next, so that memory does not grow."""


class IqSource:
    """A recording of IQ samples as a `recordings.sources.Source`, and as complex spans.

    As sound it is its real part, which is what a person can listen to.
    """

    seeks = True

    def __init__(self, layout: IqLayout, channel: int | None = None) -> None:
        """Open the file.

        Args:
            layout: where the samples lie.
            channel: the only one to read, from 0; all of them where None.

        Raises:
            RecordingError: it cannot be opened, or has no such channel.
        """
        if channel is not None and channel >= layout.channels:
            raise RecordingError(f"has {layout.channels} channels, none of number {channel}")
        self.layout, self.channel = layout, channel
        self.sample_rate = round(layout.sample_rate)
        self.channels = layout.channels if channel is None else 1
        self.format, self.subtype = layout.container, layout.datatype.name
        self.header_frames: int | None = layout.frames
        self._at = 0
        self._descriptor = open_descriptor(layout.file)

    def read(self, frames: int) -> NDArray[np.float32]:
        """Next frames as sound: the real part, float32 [n, channels]."""
        span = self.complex_span(self._at, frames)
        self._at += span.shape[1]
        return np.ascontiguousarray(span.real.T)

    def seek(self, frame: int) -> None:
        """Continue at `frame`."""
        self._at = frame

    def complex_span(self, start: int, frames: int) -> NDArray[np.complex64]:
        """Samples of a span.

        Args:
            start: first sample.
            frames: how many.

        Returns:
            complex64 [channels, n], full scale 1; n < frames only at the end.

        Raises:
            RecordingError: the file has become shorter.
        """
        frames = max(0, min(frames, self.layout.frames - start))
        step = max(1, LARGEST_MAP // self.layout.frame_bytes)
        parts = [
            self._mapped(at, min(step, start + frames - at))
            for at in range(start, start + frames, step)
        ]
        if len(parts) == 1:
            return parts[0]
        empty = np.empty((self.channels, 0), np.complex64)
        return np.concatenate(parts, axis=1) if parts else empty

    def _mapped(self, start: int, frames: int) -> NDArray[np.complex64]:
        layout = self.layout
        first = layout.first_byte + start * layout.frame_bytes
        size = frames * layout.frame_bytes
        # a map over the end of a file ends the process when it is read
        if os.fstat(self._descriptor).st_size < first + size:
            raise RecordingError("has become shorter since it was looked at; scan again")
        skip = first % mmap.ALLOCATIONGRANULARITY
        with mmap.mmap(
            self._descriptor, size + skip, access=mmap.ACCESS_READ, offset=first - skip
        ) as mapped:
            stored = np.frombuffer(mapped, layout.datatype.component, offset=skip)
            span = layout.datatype.decode(stored, layout.channels)
            del stored  # a map with a view on it cannot be closed
        return span if self.channel is None else span[self.channel : self.channel + 1]

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
