"""A vector that a person typed, pasted or keeps in a file: .npy, .json, .csv or .txt."""

from __future__ import annotations

import io
import json
import re
import tokenize
from typing import Any

import numpy as np

from audio_assets.errors import UsageError

SUFFIXES = (".npy", ".json", ".csv", ".txt", ".tsv")
MOST_BYTES = 4_000_000
SHOWN = 30
DAMAGED = (ValueError, OSError, EOFError, MemoryError, TypeError, OverflowError, SyntaxError,
           tokenize.TokenError)  # fmt: skip
"""What NumPy raises for headers that lie: of size, of type, of brackets."""


def parse_vector(text: str) -> np.ndarray:
    """The numbers of a text, separated by commas, semicolons, blanks or lines, or as JSON.

    Args:
        text: such as "0.1, -2e-3" or "[0.1, -0.002]".

    Returns:
        float32 [dim].

    Raises:
        UsageError: a word is no number, or there is none.
    """
    words = [w for w in re.split(r"[\s,;\[\]()]+", text) if w]
    try:
        values = [float(w) for w in words]
    except ValueError:
        wrong = next(w for w in words if not _is_number(w))
        raise UsageError(
            f"{_short(wrong)!r} is not a number. A vector is a list of numbers, such as "
            "0.12, -0.5, 1.3"
        ) from None
    return _checked(np.array(values, np.float64))


def read_vector(name: str, content: bytes) -> np.ndarray:
    """The one vector of a file.

    Args:
        name: of the file; its ending says how it is read.
        content: its bytes.

    Returns:
        float32 [dim].

    Raises:
        UsageError: another ending, too large, damaged, or more than one vector.
    """
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix not in SUFFIXES:
        raise UsageError(f"{_short(name)!r} holds no vector: expected {', '.join(SUFFIXES)}.")
    if len(content) > MOST_BYTES:
        raise UsageError(
            f"{_short(name)!r} has {len(content) / 1e6:.0f} MB; one vector has far less than "
            f"{MOST_BYTES / 1e6:.0f} MB."
        )
    if suffix == ".npy":
        return _checked(_from_npy(name, content))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{_short(name)!r} is not text in UTF-8.") from error
    if suffix == ".json":
        return _checked(_from_json(name, text))
    return parse_vector(text)


def _from_npy(name: str, content: bytes) -> np.ndarray:
    try:
        if not content.startswith(np.lib.format.MAGIC_PREFIX):
            raise ValueError("another format")
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except DAMAGED as error:
        raise UsageError(f"{_short(name)!r} is not a NumPy array of numbers.") from error
    if array.dtype.kind not in "fiu":
        raise UsageError(f"{_short(name)!r} is not a NumPy array of numbers.")
    return array


def _from_json(name: str, text: str) -> np.ndarray:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{_short(name)!r} is not JSON.") from error
    if isinstance(value, dict):
        value = value.get("vector", value.get("embedding"))
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(
            f"{_short(name)!r} holds no list of numbers, nor one under 'vector' or 'embedding'."
        ) from error


def _checked(array: np.ndarray) -> np.ndarray:
    rows = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array[None]
    if array.ndim == 0 or rows.size == 0:
        raise UsageError("There are no numbers here. A vector is a list of numbers.")
    if len(rows) > 1 and rows.shape[1] > 1:
        raise UsageError(
            f"There are {len(rows)} vectors of {rows.shape[1]} numbers here; search with one."
        )
    with np.errstate(over="ignore"):  # what is too large for float32 is said below
        vector = rows.reshape(-1).astype(np.float32)
    if not np.isfinite(vector).all():
        raise UsageError("The vector holds NaN or infinite values.")
    return vector


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
