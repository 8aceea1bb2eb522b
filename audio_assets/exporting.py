"""`audio-assets export`: embeddings, metadata, clusters, Raven tables, Audacity labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.reading import load_embeddings
from audio_assets.settings import Settings, load_settings
from audio_assets.storage import atomic_open, read_parquet, write_parquet

if TYPE_CHECKING:
    import pandas as pd

What = Literal["embeddings", "metadata", "clusters", "raven", "audacity", "csv"]


def export(
    folder: str, checkpoint: str, what: What, output: Path, *, settings: Settings | None = None
) -> int:
    """Write one table of a folder to `output` and return its number of rows.

    `embeddings`, `metadata` and `clusters` are Parquet, or CSV when `output` ends in .csv;
    `csv` is metadata and one column per dimension; `raven` and `audacity` are tab-separated, one
    row per window, over several files with cumulative times.

    Raises:
        UsageError: unknown folder, a directory as output.
        NotMaterializedError: the pair has not been computed.
    """
    settings = settings or load_settings()
    if output.is_dir():
        raise UsageError(f"{output} is a directory; give the name of a file to write.")
    windows, vectors = load_embeddings(folder, checkpoint, settings=settings)
    home = Home.of(settings)
    if what == "embeddings":
        _write(windows.assign(embedding=list(vectors)), output)
    elif what == "metadata":
        _write(windows, output)
    elif what == "clusters":
        _write(_with_clusters(home, folder, checkpoint, windows, required=True), output)
    elif what == "csv":
        _write_csv(_wide(windows, vectors), output, ",")
    elif what == "raven":
        labelled = _with_clusters(home, folder, checkpoint, windows, required=False)
        _write_csv(raven_table(labelled, _files(home, folder)), output, "\t")
    else:
        labelled = _with_clusters(home, folder, checkpoint, windows, required=False)
        _write_csv(audacity_labels(labelled, _files(home, folder)), output, "\t", header=False)
    return len(windows)


def raven_table(windows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    """A Raven selection table: begin and end cumulative over the files, offset within each.

    Args:
        windows: rows with path, start_s, end_s and perhaps label and cluster.
        files: one row per recording in playing order: path, duration_s, sample_rate, file.

    Returns:
        Columns as Raven Pro 1.6 writes them; the frequency bounds are 0 and the Nyquist frequency.
    """
    import pandas as pd

    starts = files["duration_s"].cumsum() - files["duration_s"]
    placed = windows.merge(files.assign(begins_at=starts), on="path", how="left")
    table = pd.DataFrame(
        {
            "Selection": np.arange(1, len(placed) + 1),
            "View": "Spectrogram 1",
            "Channel": 1,
            "Begin Time (s)": (placed["begins_at"] + placed["start_s"]).round(6),
            "End Time (s)": (placed["begins_at"] + placed["end_s"]).round(6),
            "Low Freq (Hz)": 0.0,
            "High Freq (Hz)": placed["sample_rate"] / 2,
            "Begin Path": placed["file"],
            "Begin File": [Path(p).name for p in placed["path"]],
            "File Offset (s)": placed["start_s"].round(6),
        }
    )
    for column, name in (("label", "Label"), ("cluster", "Cluster")):
        if column in placed:
            table[name] = placed[column].to_numpy()
    return table


def audacity_labels(windows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    """Audacity's label track: start, end (seconds, cumulative over the files) and text."""
    import pandas as pd

    starts = files["duration_s"].cumsum() - files["duration_s"]
    placed = windows.merge(files.assign(begins_at=starts), on="path", how="left")
    text = placed["label"].fillna("") if "label" in placed else pd.Series("", index=placed.index)
    if "cluster" in placed:
        text = text.astype(str) + " cluster " + placed["cluster"].astype(str)
    return pd.DataFrame(
        {
            "start": (placed["begins_at"] + placed["start_s"]).round(6),
            "end": (placed["begins_at"] + placed["end_s"]).round(6),
            "text": text.str.strip().where(text.str.strip() != "", placed["window_id"]),
        }
    )


def _files(home: Home, folder: str) -> pd.DataFrame:
    """Readable recordings in path order, with their absolute paths."""
    root = FolderRegistry(home).get(folder).root
    table = read_parquet(home.asset("raw_audio", folder=folder)).to_pandas()
    table = table[table["status"] == "ok"].sort_values("path", ignore_index=True)
    table["file"] = [str(Path(root) / path) for path in table["path"]]
    return table[["path", "duration_s", "sample_rate", "file"]]


def _with_clusters(
    home: Home, folder: str, checkpoint: str, windows: pd.DataFrame, *, required: bool
) -> pd.DataFrame:
    path = home.asset("clusters", folder=folder, checkpoint=checkpoint)
    if not path.is_file():
        if required:
            raise NotMaterializedError(
                f"The clusters of folder {folder!r} under {checkpoint!r} have not been computed. "
                f"Run: audio-assets run {FolderRegistry(home).get(folder).root}"
            )
        return windows
    return windows.merge(read_parquet(path).to_pandas(), on="window_id", how="left")


def _wide(windows: pd.DataFrame, vectors: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    names = [f"embedding_{i}" for i in range(vectors.shape[1])]
    return pd.concat([windows, pd.DataFrame(vectors, columns=names, index=windows.index)], axis=1)


def _write(frame: pd.DataFrame, output: Path) -> None:
    if output.suffix.lower() == ".csv":
        if "embedding" in frame:
            vectors = np.stack(list(frame["embedding"])) if len(frame) else np.empty((0, 0))
            frame = _wide(frame.drop(columns="embedding"), vectors)
        _write_csv(frame, output, ",")
        return
    table = pa.Table.from_pandas(
        frame.drop(columns="embedding", errors="ignore"), preserve_index=False
    )
    if "embedding" in frame:
        vectors = np.stack(list(frame["embedding"])).astype(np.float32)
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
        table = table.append_column("embedding", column)
    write_parquet(output, table)


def _write_csv(frame: pd.DataFrame, output: Path, separator: str, *, header: bool = True) -> None:
    with atomic_open(output) as stream:
        stream.write(frame.to_csv(None, sep=separator, index=False, header=header).encode())
