"""One vector for one sound file: what a search by file asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audio_assets.errors import RecordingError

if TYPE_CHECKING:
    from audio_assets.models.encoder import Encoder

LONGEST_S = 600.0


def encode_file(path: Path, encoder: Encoder) -> np.ndarray:
    """The vector of a whole file, as of a `clip` window: the mean over the inputs across it.

    Args:
        path: a sound file of at most ten minutes.
        encoder: any encoder.

    Returns:
        float32 [dim].

    Raises:
        RecordingError: unreadable, empty, not finite, or too long for a query.
    """
    from audio_assets.recordings.decode import Reader
    from audio_assets.recordings.model_input import fit, input_spans
    from audio_assets.recordings.resample import resample
    from audio_assets.recordings.sample_values import not_sound

    with Reader(path) as reader:
        rate = reader.sample_rate
        waveform = reader.read(0, int(LONGEST_S * rate) + 1)
    if len(waveform) > LONGEST_S * rate:
        raise RecordingError(
            f"{path} is longer than {LONGEST_S / 60:.0f} minutes; cut out the sound to look for."
        )
    if not len(waveform):
        raise RecordingError(f"{path} holds no samples.")
    if why := not_sound(waveform, 0, rate):
        raise RecordingError(f"{path} {why}.")
    spans = input_spans(
        0, len(waveform), rate, len(waveform), encoder.input_samples, encoder.sample_rate
    )
    inputs = [
        fit(
            resample(waveform[start : start + frames], rate, encoder.sample_rate),
            encoder.input_samples,
            keep_short=getattr(encoder.transform, "takes_shorter", False),
        )
        for start, frames in spans
    ]
    return encoder.encode(np.stack(inputs), encoder.sample_rate).mean(axis=0)
