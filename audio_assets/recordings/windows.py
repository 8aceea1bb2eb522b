"""The window grid of a folder, and the windows it cuts recordings into (DESIGN §1)."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from audio_assets.errors import StorageError
from audio_assets.schemas import WINDOWS

GRID_KEY = b"grid"
SMALLEST_REST = 10
"""A rest shorter than one tenth of a window opens no new window."""

IN_SAMPLES = 1.0
"""What stands for `window_s` and `hop_s` where windows are counted in samples; nothing reads it."""

Samples = Annotated[int, Field(gt=0, le=1 << 40)]
Seconds = Annotated[float, Field(gt=0, le=7 * 86400, allow_inf_nan=False)]


class WindowGrid(BaseModel):
    """How the recordings of one folder are cut; a property of the folder, never of a checkpoint.

    Attributes:
        policy: `clip`, one window per recording and as long as it; `sliding`, every `hop_s`.
        window_s: length of a window in seconds.
        hop_s: distance between two starts in seconds; the length of a window when not given.
        tail: what becomes of the rest behind the last whole window: `overlap_back`, a window that
            ends with the recording; `pad`, a window filled up with zeros; `drop`, nothing.
        window_samples: length of a window in samples, whatever the rate, instead of `window_s`:
            radio recordings of one folder have rates that differ a thousandfold.
        hop_samples: distance between two starts in samples; `window_samples` when not given.
        most: a recording that gives more windows than this gives this many, evenly spread; only
            with `window_samples`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Literal["clip", "sliding"] = "sliding"
    window_s: Seconds
    hop_s: Seconds
    tail: Literal["overlap_back", "pad", "drop"] = "overlap_back"
    window_samples: Samples | None = None
    hop_samples: Samples | None = None
    most: Samples | None = None

    @model_validator(mode="before")
    @classmethod
    def _hop_defaults_to_window(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("window_samples") is not None:
            hop = values.get("hop_samples") or values["window_samples"]
            return {"window_s": IN_SAMPLES, "hop_s": IN_SAMPLES, **values, "hop_samples": hop}
        if isinstance(values, dict) and values.get("hop_s") is None and "window_s" in values:
            return {**values, "hop_s": values["window_s"]}
        return values

    @model_serializer(mode="wrap")
    def _without_unused(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Grids in seconds are written as before there were others: signatures stay."""
        return {k: v for k, v in dump(self).items() if v is not None}

    def window_frames(self, rate: np.ndarray) -> np.ndarray:
        """Length of a window at each rate in Hz (int64 [N]): int64 [N] frames, at least 1."""
        if self.window_samples is not None:
            return np.full_like(rate, self.window_samples)
        return np.maximum(1, np.rint(rate * self.window_s).astype(np.int64))

    def to_json(self) -> str:
        """Canonical JSON: equal grids give equal text."""
        return json.dumps(self.model_dump(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            StorageError: when the text is not a grid.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise StorageError(f"{text!r} is not a window grid: {error}.") from error


def with_grid(recordings: pa.Table, grid: WindowGrid) -> pa.Table:
    """Return `recordings` with the folder's grid in its schema metadata."""
    metadata = {**(recordings.schema.metadata or {}), GRID_KEY: grid.to_json().encode()}
    return recordings.replace_schema_metadata(metadata)


def grid_of(recordings: pa.Table) -> WindowGrid:
    """The grid that `with_grid` stored.

    Raises:
        StorageError: when the table carries none.
    """
    text = (recordings.schema.metadata or {}).get(GRID_KEY)
    if text is None:
        raise StorageError("The recordings table carries no window grid; materialize raw_audio.")
    return WindowGrid.from_json(text)


def make_windows(recordings: pa.Table, grid: WindowGrid) -> pa.Table:
    """Cut every recording of status `ok` into windows.

    A window never reaches beyond its recording: `frames` and `end_s` count real samples, and
    `padded_s` is what the grid's length asks for beyond them. A recording shorter than a window
    gives one padded window under every tail policy.

    Args:
        recordings: table of the RECORDINGS schema.
        grid: the folder's grid.

    Returns:
        Table of the WINDOWS schema, sorted by (path, start_frame).
    """
    table = recordings.filter(pa.array(recordings["status"].to_numpy() == "ok")).sort_by("path")
    frames = table["frames"].to_numpy().astype(np.int64, copy=False)
    rate = table["sample_rate"].to_numpy().astype(np.int64, copy=False)
    if grid.policy == "clip":
        row = np.arange(len(frames))
        start, length, padded = np.zeros_like(frames), frames, np.zeros_like(frames)
    else:
        row, start, length, padded = _slide(frames, rate, grid)
    return _table(table, row, start, length, padded, rate[row])


def _slide(
    frames: np.ndarray, rate: np.ndarray, grid: WindowGrid
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row, start, real length and padding (all int64 frames) of each sliding window."""
    window = grid.window_frames(rate)
    hop = (
        np.maximum(1, np.rint(rate * grid.hop_s).astype(np.int64))
        if grid.hop_samples is None
        else np.full_like(rate, grid.hop_samples)
    )
    short = frames < window
    whole = np.where(short, 0, (frames - window) // hop + 1)
    covered = np.maximum((whole - 1) * hop + window, whole * hop)
    rest = np.where(short, 0, frames - covered)
    opens = (rest > 0) & (rest * SMALLEST_REST >= window) & (grid.tail != "drop")
    count = whole + opens + short
    kept = count if grid.most is None else np.minimum(count, grid.most)
    row = np.repeat(np.arange(len(frames)), kept)
    number = np.arange(len(row)) - np.repeat(np.cumsum(kept) - kept, kept)
    spread = (kept < count)[row]
    if spread.any():
        last = np.maximum(1, kept - 1)[row]
        number = np.where(spread, number * (count - 1)[row] // last, number)
    start = number * hop[row]
    if grid.tail == "overlap_back":
        start = np.where(number == whole[row], np.maximum(0, frames - window)[row], start)
    length = np.minimum(window[row], frames[row] - start)
    return row, start, length, window[row] - length


def _table(
    table: pa.Table,
    row: np.ndarray,
    start: np.ndarray,
    length: np.ndarray,
    padded: np.ndarray,
    rate: np.ndarray,
) -> pa.Table:
    """Assemble the WINDOWS table."""
    identity = table["recording_id"].combine_chunks().take(pa.array(row))
    path = table["path"].combine_chunks().take(pa.array(row))
    starts, lengths = pa.array(start, pa.int64()), pa.array(length, pa.int64())
    span = _join(starts.cast(pa.string()), lengths.cast(pa.string()), "+")
    prefix = pc.call_function("utf8_slice_codeunits", [identity], pc.SliceOptions(0, 16))
    return pa.Table.from_arrays(
        [
            _join(prefix, span, "@"),
            identity,
            path,
            starts,
            lengths,
            pa.array(start / rate, pa.float64()),
            pa.array((start + length) / rate, pa.float64()),
            pa.array(padded / rate, pa.float64()),
        ],
        schema=WINDOWS,
    )


def _join(left: pa.Array, right: pa.Array, between: str) -> pa.Array:
    """Strings joined row by row."""
    return pc.call_function("binary_join_element_wise", [left, right, pa.scalar(between)])
