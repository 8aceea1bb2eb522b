"""Signatures: SHA-256 over everything that can change a vector, or a model-ready array."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from audio_assets.encoding.protocols import ArrayTransform, Card, Grid
from audio_assets.errors import EncodingError

CODE_VERSION = 1
"""Raised by hand when this package begins to give other vectors for the same inputs."""


def encoding_signature(
    *,
    card: Card,
    weights_sha256: str,
    transform: ArrayTransform,
    grid: Grid,
    precision: str,
    device_class: str,
    resampler: str,
) -> str:
    """Identify one way of turning windows into vectors.

    Two runs with the same signature give the same vectors on one machine; whatever could make
    them differ is in it. Licence, prose and probe results of the card are not.

    Args:
        card: model card; its `encoding_fields()` count (runtime, embedding tensor, pooling, …).
        weights_sha256: SHA-256 of the weight file's bytes, hex.
        transform: the checkpoint's transform; name, version and parameters count.
        grid: the folder's window grid.
        precision: `fp32` or `bf16`.
        device_class: `cpu`, `cuda` or `mps`; never a device number.
        resampler: library, version and quality.

    Returns:
        64 hex digits.

    Raises:
        EncodingError: a field is not JSON, so that it could not be compared between runs.
    """
    return _digest(
        {
            "kind": "encoding",
            "code": CODE_VERSION,
            "card": dict(card.encoding_fields()),
            "weights": weights_sha256,
            "transform": transform_fields(transform),
            "grid": json.loads(grid.to_json()),
            "precision": arithmetic(precision, device_class),
            "device": device_class,
            "resampler": resampler,
        }
    )


def arithmetic(precision: str, device_class: str) -> str:
    """The precision, with the kernels where they have changed since signatures were first made."""
    packed = (precision, device_class) == ("bf16", "cpu")
    return "bf16, packed weights" if packed else precision


def spectrogram_signature(transform: ArrayTransform, grid: Grid) -> str:
    """Identify one way of turning windows into model-ready arrays.

    The resampler counts too; it is taken from `recordings.resample`.

    Args:
        transform: name, version and parameters count.
        grid: the folder's window grid.

    Returns:
        64 hex digits.

    Raises:
        EncodingError: a parameter is not JSON.
    """
    from audio_assets.recordings.resample import RESAMPLER

    return _digest(
        {
            "kind": "spectrogram",
            "code": CODE_VERSION,
            "transform": transform_fields(transform),
            "grid": json.loads(grid.to_json()),
            "resampler": RESAMPLER,
        }
    )


def transform_fields(transform: ArrayTransform) -> dict[str, Any]:
    """Name, version and parameters of a transform: equal fields, equal arrays."""
    return {
        "name": transform.name,
        "version": transform.version,
        "parameters": transform.parameters(),
    }


def canonical(value: Any) -> str:
    """JSON with sorted keys and without spaces, so that equal values are equal text.

    Raises:
        EncodingError: when the value is not JSON (NaN included).
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise EncodingError(
            f"A signature needs plain JSON values; {value!r} is not: {error}."
        ) from error


def _digest(fields: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(fields).encode()).hexdigest()
