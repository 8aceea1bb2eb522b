"""From a model's output tensor to one vector per row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import EncodingError
from audio_assets.models.adapters.runtime_spec import Pooling


def pool(
    tensor: NDArray[np.floating], pooling: Pooling, feature_axis: int, name: str
) -> NDArray[np.float32]:
    """Reduce every axis but the batch and the features.

    Args:
        tensor: float [B, …], the features on `feature_axis`.
        pooling: "none" when the other axes have length 1; "mean", "max", or "mean_std" (both side
            by side) over them.
        feature_axis: axis of the features, in the whole tensor.
        name: of the tensor, for messages.

    Returns:
        float32 [B, D], or [B, 2 D] for "mean_std".

    Raises:
        EncodingError: when there is no feature axis, or "none" would have to drop values.
    """
    if tensor.ndim < 2 or feature_axis % tensor.ndim == 0:
        raise EncodingError(
            f"{name} has shape {tensor.shape}: no axis {feature_axis} beside the batch to hold the "
            "features. Correct feature_axis in the card."
        )
    rows = np.moveaxis(tensor, feature_axis, -1)
    rows = rows.reshape(len(rows), -1, rows.shape[-1])
    if rows.shape[1] == 0:
        raise EncodingError(
            f"{name} has shape {tensor.shape}: nothing to average; input too short."
        )
    if pooling == "none":
        if rows.shape[1] != 1:
            raise EncodingError(
                f"{name} has shape {tensor.shape}: {rows.shape[1]} vectors per row. "
                "Set pooling to mean, max or mean_std in the card."
            )
        return rows[:, 0].astype(np.float32)
    wide = rows.astype(np.float64)
    parts = {"mean": [wide.mean(axis=1)], "max": [wide.max(axis=1)]}
    parts["mean_std"] = [wide.mean(axis=1), wide.std(axis=1)]
    return np.concatenate(parts[pooling], axis=1).astype(np.float32)
