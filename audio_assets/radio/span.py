"""The samples of one window, in bounded memory however long the window is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import RecordingError

if TYPE_CHECKING:
    from audio_assets.recordings.decode import Reader

MOST_SAMPLES = 1 << 21
PART = 1 << 13
"""Of a longer window only parts of this length are read, evenly spread: its picture has 224
columns, and each is then the mean of what stands there."""


def read_window(reader: Reader, start: int, frames: int) -> NDArray[np.complex64]:
    """Samples of a window.

    Args:
        reader: of the recording.
        start: first sample.
        frames: length of the window.

    Returns:
        complex64 [channels, n]: all samples of windows of at most 2,097,152; of a longer one 256
        parts of 8,192, which follow each other.

    Raises:
        RecordingError: the recording ends before the window does.
    """
    if frames <= MOST_SAMPLES:
        return _read(reader, start, frames)
    count = MOST_SAMPLES // PART
    starts = [start + (frames - PART) * number // (count - 1) for number in range(count)]
    return np.concatenate([_read(reader, at, PART) for at in starts], axis=1)


def _read(reader: Reader, start: int, frames: int) -> NDArray[np.complex64]:
    span = reader.read_iq(start, frames)
    if span.shape[1] < frames:
        raise RecordingError(
            f"ends at sample {start + span.shape[1]}; the file is damaged or changed since the "
            "scan, scan again"
        )
    return span
