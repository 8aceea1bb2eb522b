"""Sound files in a folder of radio: their channels as complex samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import RecordingError
from audio_assets.radio.statement import RadioSettings


def complex_channels(
    block: NDArray[np.float32], stated: RadioSettings | None
) -> NDArray[np.complex64]:
    """Channels of a sound file as complex samples.

    Args:
        block: float32 [n, channels].
        stated: of the folder; `wav_iq` takes pairs of channels as I and Q. Mono files stay real.

    Returns:
        complex64 [channels, n], or [channels / 2, n] of I and Q.

    Raises:
        RecordingError: the folder asks for a channel that is not there.
    """
    channels = block.shape[1]
    if stated is not None and stated.wav_iq and channels % 2 == 0:
        found = np.ascontiguousarray(block).view(np.complex64)
    else:
        found = block.astype(np.complex64)
    if stated is not None and stated.channel is not None:
        if stated.channel >= found.shape[1]:
            raise RecordingError(f"has {found.shape[1]} channels, none of number {stated.channel}")
        found = found[:, stated.channel : stated.channel + 1]
    return np.ascontiguousarray(found.T)
