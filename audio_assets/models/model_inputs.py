"""Model inputs: waveforms cut into the length that a model reads, and arrays that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import soxr
from numpy.typing import NDArray

from audio_assets.errors import EncodingError

if TYPE_CHECKING:
    from audio_assets.models.encoder_config import EncoderConfig
    from audio_assets.transforms.transform import Transform

SHORTEST_REST = 0.1


def resample(waveforms: NDArray[np.float32], rate: int, target: int) -> NDArray[np.float32]:
    """Resample with soxr's HQ recipe.

    Args:
        waveforms: float32 [B, T].
        rate: their rate in hertz.
        target: wanted rate in hertz.

    Returns:
        float32 [B, T'].
    """
    if rate == target:
        return waveforms
    return np.stack([soxr.resample(waveform, rate, target, quality="HQ") for waveform in waveforms])


def input_starts(samples: int, length: int) -> list[int]:
    """Return where the model inputs across a waveform start.

    They follow each other; a rest of at least a tenth of an input opens a last one that overlaps
    back.

    Args:
        samples: length of the waveform.
        length: length of one input, at most ``samples``.

    Returns:
        Start samples, ascending.
    """
    whole, rest = divmod(samples, length)
    starts = [index * length for index in range(whole)]
    if rest >= SHORTEST_REST * length:
        starts.append(samples - length)
    return starts


def cut_inputs(waveforms: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Cut waveforms into model inputs.

    Args:
        waveforms: float32 [B, T]; shorter ones are padded with zeros on the right.
        length: length of one input in samples.

    Returns:
        float32 [B, inputs, length].
    """
    batch, samples = waveforms.shape
    if samples < length:
        return np.pad(waveforms, ((0, 0), (0, length - samples)))[:, None]
    starts = input_starts(samples, length)
    return np.stack([waveforms[:, start : start + length] for start in starts], axis=1).reshape(
        batch, -1, length
    )


def model_ready(
    inputs: Any, transform: Transform, config: EncoderConfig, name: str
) -> NDArray[Any]:
    """Check that arrays are what a spectrogram encoder takes.

    Args:
        inputs: [B, *transform.output_shape] of the transform's dtype, or normalised arrays, float32
            [B, C, H, W].
        transform: the checkpoint's.
        config: geometry of the model.
        name: of the checkpoint, for the message.

    Returns:
        The arrays.

    Raises:
        EncodingError: they are neither.
    """
    arrays = np.asarray(inputs)
    shape, dtype = transform.output_shape, transform.output_dtype
    normalised = (config.channels, *config.image_size)
    ready = arrays.shape[1:] == shape and arrays.dtype == dtype
    if not ready and (arrays.shape[1:] != normalised or arrays.dtype != np.float32):
        raise EncodingError(
            f"encode_inputs got {arrays.dtype} {arrays.shape}; expected {dtype} "
            f"[batch, {', '.join(map(str, shape))}], as the transform of {name!r} makes them."
        )
    return arrays
