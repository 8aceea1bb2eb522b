"""Rows of a batch: shaped for a model's input, and cut into calls of one fixed size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import EncodingError

Array = NDArray[np.float32]


def shape_rows(rows: Array, declared: tuple[int, ...] | None, name: str) -> Array:
    """Give rows the rank that the model's input declares: [B, T] to [B, T, 1], [1, T] or [T].

    Args:
        rows: [B, …].
        declared: the input's shape, -1 where free; None when the model does not say.
        name: of the input, for messages.

    Returns:
        The same values; axes of length 1 added or removed only.

    Raises:
        EncodingError: when the lengths do not fit.
    """
    if declared is None:
        return rows
    if len(declared) == rows.ndim - 1 and len(rows) == 1:
        shaped = rows[0]
    elif declared and len(declared) > rows.ndim:
        inner = list(rows.shape[1:])
        target = [len(rows)]
        for size in declared[1:]:
            target.append(
                1 if size == 1 and (not inner or inner[0] != 1) else inner.pop(0) if inner else 1
            )
        shaped = rows.reshape(target) if not inner else rows
    else:
        shaped = rows
    fits = shaped.ndim == len(declared) and all(
        want in (-1, have) for have, want in zip(shaped.shape[1:], declared[1:], strict=True)
    )
    if not fits or (shaped.ndim == 1 and declared[0] not in (-1, len(shaped))):
        raise EncodingError(
            f"The model's input {name} has shape {list(declared)} (-1 = free) and got rows "
            f"of shape {list(rows.shape)}. Correct the card's sample_rate, "
            "input_seconds or transform."
        )
    return shaped


def as_dtype(rows: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Rows in the dtype of a model's input: whole numbers are rounded and kept within its limits.

    A plain cast would cut towards zero and turn the loudest sample into the quietest.
    """
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.clip(np.rint(rows), limits.min, limits.max).astype(dtype)
    return np.ascontiguousarray(rows, dtype=dtype)


def in_calls(rows: Array, size: int, call: Callable[[Array], list[Array]]) -> list[Array]:
    """Run rows in calls of exactly `size`, the last one padded with zeros.

    Every call has the same shape, so that a row's vector does not depend on how many rows came
    with it, and models that compile per shape compile once.

    Args:
        rows: [B, …], B at least 1.
        size: rows per call.
        call: rows [size, …] to a list of arrays [size, …].

    Returns:
        A list of arrays [B, …].

    Raises:
        EncodingError: when an array does not have one entry per row.
    """
    results = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        short = size - len(part)
        if short:
            part = np.concatenate([part, np.zeros((short, *part.shape[1:]), part.dtype)])
        arrays = call(part)
        for number, array in enumerate(arrays, 1):
            if array.ndim == 0 or len(array) != size:
                raise EncodingError(
                    f"Wanted tensor {number} has shape {list(array.shape)} for {size} row(s): its "
                    "first axis is not the batch. Name a tensor with one entry per input."
                )
        results.append([array[: size - short] for array in arrays])
    return [np.concatenate(arrays) for arrays in zip(*results, strict=True)]
