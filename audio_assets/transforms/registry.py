"""The transform registry: from a name and parameters in a card to a transform."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from audio_assets.errors import CardError
from audio_assets.plugins import Registry
from audio_assets.transforms.transform import Transform

MOST = {"n_fft": 1 << 16, "window": 1 << 16, "n_mels": 2048, "n_bins": 2048, "bins_per_octave": 960,
        "size": 4096, "height": 4096, "width": 4096}  # fmt: skip
"""Largest parameters; filters grow with their product."""

MOST_OF_OTHERS = 10_000_000_000
MOST_SAMPLES, MOST_VALUES = 1 << 28, 1 << 28
"""Numbers of one model input before and after the transform."""

transform_registry: Registry[Any] = Registry(
    "transforms",
    {
        "logmel_image": "audio_assets.transforms.logmel_image:LogmelImage",
        "kaldi_fbank": "audio_assets.transforms.kaldi_fbank:KaldiFbank",
        "logmel": "audio_assets.transforms.logmel:LogMel",
        "stft": "audio_assets.transforms.stft:Stft",
        "cqt": "audio_assets.transforms.cqt:Cqt",
        "waveform": "audio_assets.transforms.waveform:WaveformTransform",
        "iq_spectrogram": "audio_assets.transforms.iq_spectrogram:IqSpectrogram",
        "iq_constellation": "audio_assets.transforms.iq_constellation:IqConstellation",
    },
)
"""Name -> transform class; its `Parameters` is the pydantic model that its constructor takes."""


def make_transform(name: str, params: Mapping[str, Any] | None = None) -> Transform:
    """Make a transform.

    Args:
        name: name in the registry.
        params: parameters; the defaults where absent.

    Returns:
        The transform.

    Raises:
        CardError: when the name is unknown, or a parameter is unknown or wrong.
    """
    if name not in transform_registry.names():
        raise CardError(
            f"There is no transform {name!r}; expected one of "
            f"{', '.join(transform_registry.names())}."
        )
    transform = transform_registry.get(name)
    try:
        parameters = transform.Parameters(**(params or {}))
    except (ValidationError, TypeError) as error:
        raise CardError(f"Transform {name!r} does not take these parameters: {error}") from error
    _check_numbers(name, parameters.model_dump())
    made = transform(parameters)
    for what, found, most in (
        ("takes waveforms of", made.input_samples, MOST_SAMPLES),
        ("gives arrays of", math.prod(made.output_shape), MOST_VALUES),
    ):
        if not 0 < found <= most:
            raise CardError(
                f"Transform {name!r} {what} {found:,} numbers with these parameters; expected 1 to "
                f"{most:,}."
            )
    return made


def _check_numbers(name: str, parameters: Mapping[str, Any]) -> None:
    """Refuse numbers that are none, or that would take all memory.

    Raises:
        CardError: naming the parameter.
    """
    for field, value in parameters.items():
        if not isinstance(value, int | float):
            continue
        most = MOST.get(field, MOST_OF_OTHERS)
        if not abs(value) <= most:
            raise CardError(
                f"Transform {name!r} does not take {field} = {value:.6g}; expected at most "
                f"{most:,}."
            )
