"""The transform registry: from a name and parameters in a card to a transform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from audio_assets.errors import CardError
from audio_assets.transforms.cqt import Cqt, CqtParameters
from audio_assets.transforms.kaldi_fbank import KaldiFbank, KaldiFbankParameters
from audio_assets.transforms.logmel import LogMel, LogMelParameters
from audio_assets.transforms.logmel_image import LogmelImage, LogmelImageParameters
from audio_assets.transforms.stft import Stft, StftParameters
from audio_assets.transforms.transform import Transform

TRANSFORMS: dict[str, tuple[Callable[[Any], Transform], type[BaseModel]]] = {
    LogmelImage.name: (LogmelImage, LogmelImageParameters),
    KaldiFbank.name: (KaldiFbank, KaldiFbankParameters),
    LogMel.name: (LogMel, LogMelParameters),
    Stft.name: (Stft, StftParameters),
    Cqt.name: (Cqt, CqtParameters),
}
"""Name -> (transform class, model of its parameters)."""


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
    if name not in TRANSFORMS:
        raise CardError(
            f"There is no transform {name!r}; expected one of {', '.join(sorted(TRANSFORMS))}."
        )
    transform, parameters = TRANSFORMS[name]
    try:
        return transform(parameters(**(params or {})))
    except (ValidationError, TypeError) as error:
        raise CardError(f"Transform {name!r} does not take these parameters: {error}") from error
