"""Labels of any folder as the table that training reads."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from audio_assets.errors import RecordingError
from audio_assets.storage import atomic_open

FOLDS = 5


def labelled_folder(
    recordings: Path,
    table: Path,
    out: Path,
    *,
    file_column: str = "filename",
    label_column: str = "category",
    fold_column: str | None = "fold",
    only: tuple[str, str] | None = None,
) -> Path:
    """Write the table of an ESC-50-layout folder that points at recordings where they lie.

    Args:
        recordings: folder that holds the recordings; nothing is copied or changed.
        table: CSV with one row per recording.
        out: directory to make, with `meta/esc50.csv`.
        file_column: column of the file names, relative to `recordings`.
        label_column: column of the classes.
        fold_column: column of the folds, whole numbers. None deals the recordings of each class out
            to five folds, in the order of their names; recordings of one place or animal should
            share a fold, which only you can know.
        only: (column, value) of the rows to keep, as text.

    Returns:
        `out`.

    Raises:
        RecordingError: a column or a file is missing, a fold is no number, or no row is left.
    """
    if not table.is_file():
        raise RecordingError(f"{table} is missing; it should name the recordings and their labels.")
    with table.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    wanted = [file_column, label_column, *filter(None, [fold_column, only[0] if only else None])]
    there = list(rows[0]) if rows else []
    missing = [column for column in wanted if column not in there]
    if missing:
        raise RecordingError(
            f"{table} has no column {', '.join(missing)}; it has {', '.join(there) or 'no rows'}."
        )
    rows = [row for row in rows if only is None or row[only[0]] == only[1]]
    rows = sorted((row for row in rows if row[label_column]), key=lambda row: row[file_column])
    if not rows:
        raise RecordingError(f"{table} names no recording with a label to learn from.")
    dealt: Counter[str] = Counter()
    lines = [("filename", "fold", "category")]
    for row in rows:
        label = row[label_column]
        fold = row[fold_column] if fold_column else str(1 + dealt[label] % FOLDS)
        dealt[label] += 1
        lines.append((str(_recording(recordings, row[file_column])), _fold(fold, table), label))
    (out / "meta").mkdir(parents=True, exist_ok=True)
    with atomic_open(out / "meta" / "esc50.csv") as stream:
        stream.write("".join(_csv_line(line) for line in lines).encode())
    return out


def _recording(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise RecordingError(f"{name!r} lies outside {folder}; name files inside it.")
    if not path.is_file():
        raise RecordingError(f"{path} is missing; the table names it.")
    return path


def _fold(text: str, table: Path) -> str:
    try:
        return str(int(float(text)))
    except ValueError as error:
        raise RecordingError(
            f"{table}: the fold {text!r} is no whole number; correct it, or set the fold column "
            "to None."
        ) from error


def _csv_line(values: tuple[str, ...]) -> str:
    return ",".join('"' + value.replace('"', '""') + '"' for value in values) + "\n"
