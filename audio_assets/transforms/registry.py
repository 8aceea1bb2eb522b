"""The transform registry: from a name and parameters in a card to a transform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from audio_assets.errors import CardError
from audio_assets.plugins import Registry
from audio_assets.transforms.transform import Transform

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
        return transform(transform.Parameters(**(params or {})))
    except (ValidationError, TypeError) as error:
        raise CardError(f"Transform {name!r} does not take these parameters: {error}") from error
