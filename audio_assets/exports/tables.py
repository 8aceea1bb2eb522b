"""Tables with or without vectors, as Parquet or CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from audio_assets.exports.text_cells import without_formulas
from audio_assets.storage import atomic_open, write_parquet

if TYPE_CHECKING:
    import pandas as pd

CSV_ROWS = 4096


def write_table(
    output: Path,
    frame: pd.DataFrame,
    vectors: np.ndarray | None = None,
    metadata: dict[str, str] | None = None,
    *,
    as_csv: bool | None = None,
) -> None:
    """Write a table.

    Args:
        output: the file; a name that ends in `.csv` gives CSV, any other Parquet.
        frame: one row per window.
        vectors: float32 [N, dim]: the Parquet column `embedding` (fixed-size list), or the CSV
            columns `embedding_0` … with as many digits as a float32 needs to be read back equal.
        metadata: what the Parquet's schema metadata say.
        as_csv: overrides what the name says.

    Raises:
        StorageError: when the disk refuses.
    """
    if output.suffix.lower() == ".csv" if as_csv is None else as_csv:
        with atomic_open(output) as stream:
            for block in _csv_blocks(frame, vectors):
                stream.write(block)
        return
    table = pa.Table.from_pandas(_typed(frame), preserve_index=False)
    if vectors is not None:
        values = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
        column = pa.FixedSizeListArray.from_arrays(values, vectors.shape[1])
        table = table.append_column("embedding", column)
    kept = {**(table.schema.metadata or {}), **(metadata or {})}
    write_parquet(output, table.replace_schema_metadata(kept))


def _csv_blocks(frame: pd.DataFrame, vectors: np.ndarray | None) -> Iterator[bytes]:
    """The CSV a few thousand rows at a time: a wide text is many times larger than its vectors."""
    import pandas as pd

    for begin in range(0, max(1, len(frame)), CSV_ROWS):
        block = without_formulas(frame.iloc[begin : begin + CSV_ROWS])
        if vectors is not None:
            names = [f"embedding_{i}" for i in range(vectors.shape[1])]
            part = vectors[begin : begin + CSV_ROWS]
            block = pd.concat([block, pd.DataFrame(part, columns=names, index=block.index)], axis=1)
        text = io.StringIO()
        block.to_csv(
            text, index=False, header=begin == 0, date_format="%Y-%m-%dT%H:%M:%S.%fZ",
            lineterminator="\n",
        )  # fmt: skip
        yield text.getvalue().encode("utf-8", "replace")


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Object columns of mixed types as text, so that arrow has one type for each."""
    typed = frame.copy(deep=False)
    for name in typed.columns:
        if typed[name].dtype.kind == "O":
            with suppress(pa.ArrowInvalid, pa.ArrowTypeError):
                pa.array(typed[name], from_pandas=True)
                continue
            typed[name] = [None if v is None or v != v else str(v) for v in typed[name]]
    return typed


def write_bytes(output: Path, content: bytes) -> None:
    """Write a whole file atomically.

    Raises:
        StorageError: when the disk refuses.
    """
    with atomic_open(output) as stream:
        stream.write(content)
