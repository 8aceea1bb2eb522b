"""Reading what was materialized: vectors with their windows and metadata, and search over them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.orchestration.edits import window_edits
from audio_assets.recordings.clock import clock_of, window_start_times
from audio_assets.recordings.windows import WindowGrid, grid_of
from audio_assets.schemas import UTC
from audio_assets.settings import Settings, load_settings
from audio_assets.storage import read_parquet

if TYPE_CHECKING:
    import pandas as pd

    from audio_assets.analysis.vector_index import VectorIndex

FIRST = ["window_id", "recording_id", "path", "start_s", "end_s", "padded_s", "window_start_time"]
"""Columns of every window; a custom metadata column of one of these names gets `_custom`."""


def load_embeddings(
    folder: str, checkpoint: str | None = None, *, settings: Settings | None = None
) -> tuple[pd.DataFrame, np.ndarray]:
    """Vectors of one folder under one checkpoint, with the windows they belong to.

    Args:
        folder: the folder's key.
        checkpoint: the checkpoint's name; the default one when None.
        settings: the settings; from the environment when None.

    Returns:
        windows: one row per vector: window_id, recording_id, path (relative to the folder),
            start_s, end_s (seconds from the start of the recording), padded_s (seconds of zeros
            that the window's length asks for beyond them), window_start_time (UTC, corrected by
            what the recorder's clock was wrong by) and all metadata columns, among them
            start_time, that of the recording. label and category are the window's own where its
            recording has annotations (`radio.window_labels`) or people edited it.
        vectors: float32 [N, dim], in the order of `windows`.

    Raises:
        NotMaterializedError: when that pair has not been computed; names the command that does.
    """
    from audio_assets.encoding.embeddings_file import vectors_of

    settings = settings or load_settings()
    home = Home.of(settings)
    table = embeddings_table(home, folder, checkpoint or settings.checkpoint)
    windows = table.drop_columns(["embedding", "encoding_signature"]).to_pandas()
    recordings = _read_asset(home, "raw_audio", folder)
    metadata = _read_asset(home, "metadata_table", folder).to_pandas()
    metadata = metadata.rename(columns={name: f"{name}_custom" for name in FIRST if name != "path"})
    ok = recordings.filter(pc.field("status") == "ok")
    facts = ok.select(["recording_id", "path", "sample_rate", "frames"]).to_pandas()
    joined = windows.merge(facts, on="recording_id", how="left", validate="many_to_one")
    joined["padded_s"] = _padding(joined, grid_of(recordings))
    joined = joined.drop(columns=["sample_rate", "frames"])
    joined = joined.merge(metadata, on="path", how="left", validate="many_to_one")
    joined = _of_windows(home, folder, joined)
    joined["window_start_time"] = window_start_times(
        pa.array(joined["start_time"], UTC), joined["start_s"].to_numpy(), clock_of(recordings)
    ).to_pandas()
    _by_captures(joined, _radio_facts(home, folder))
    return joined[FIRST + [c for c in joined.columns if c not in FIRST]], vectors_of(table)


def _of_windows(home: Home, folder: str, joined: pd.DataFrame) -> Any:
    """Windows with what is said of themselves instead of their recordings: annotations, edits."""
    if (facts := _radio_facts(home, folder)) is not None:
        import pandas as pd

        from audio_assets.radio.window_labels import window_labels

        names = ("label", "category")
        said = [[v if isinstance(v, str) else None for v in joined[name]] for name in names]
        found = window_labels(joined["window_id"].tolist(), said[0], said[1], facts)
        for name, values in zip(names, found, strict=True):
            joined[name] = pd.Series(values, joined.index, dtype=object)
    edits: dict[str, Any] = window_edits(home, folder)
    for name, values in edits.items():
        own = joined["window_id"].map(values)
        joined[name] = own.where(joined["window_id"].isin(list(values)), joined.get(name))
    return joined


def _radio_facts(home: Home, folder: str) -> pa.Table | None:
    """What is known of every window of a folder of radio; None for sound."""
    if FolderRegistry(home).get(folder).radio is None:
        return None
    from audio_assets.radio.window_facts import read_window_facts

    return read_window_facts(home.asset("spectrograms", folder=folder))


def _by_captures(joined: pd.DataFrame, facts: pa.Table | None) -> None:
    """Frequency and time of radio windows by the capture that each lies in: receivers retune."""
    if facts is None:
        return
    said = facts.select(["window_id", "center_frequency", "start_time"]).to_pandas()
    own = joined[["window_id"]].merge(said, on="window_id", how="left", validate="one_to_one")
    own.index = joined.index
    joined["window_start_time"] = own["start_time"].fillna(joined["window_start_time"])
    if own["center_frequency"].notna().to_numpy().any():
        joined["center_frequency"] = own["center_frequency"]


def _padding(windows: pd.DataFrame, grid: WindowGrid) -> np.ndarray:
    """Seconds that each window lacks to the grid's length, float [N]; none in clip folders."""
    if grid.policy == "clip":
        return np.zeros(len(windows))
    rate = windows["sample_rate"].to_numpy(dtype=np.float64)
    length = grid.window_frames(rate.astype(np.int64))
    real = np.rint((windows["end_s"] - windows["start_s"]).to_numpy() * rate)
    return np.maximum(0.0, length - real) / rate


def embeddings_table(home: Home, folder: str, checkpoint: str) -> pa.Table:
    """The stored embeddings of a pair, as written (schemas.embeddings_schema).

    Raises:
        NotMaterializedError: when it was never computed.
    """
    FolderRegistry(home).get(folder)
    return _read_asset(home, "embeddings", folder, checkpoint)


def search(
    folder: str,
    *,
    window_id: str | None = None,
    file: str | Path | None = None,
    vector: np.ndarray | None = None,
    checkpoint: str | None = None,
    k: int = 20,
    settings: Settings | None = None,
) -> list[dict[str, object]]:
    """The k windows nearest to a window, a sound file or a vector, by cosine.

    Exact, or by the LanceDB index where a run built one (`lancedb_above`); its scores are exact.

    Args:
        folder: the folder to search.
        window_id: a window of that folder; it is not among its own results.
        file: a sound file; encoded as one clip (mean over the model's inputs across it).
        vector: float [dim].
        checkpoint: the default one when None.
        k: how many results, at least 1.
        settings: the settings; from the environment when None.

    Returns:
        Dictionaries in descending order of `score` (cosine, -1 to 1): window_id, score, metadata.

    Raises:
        UsageError: not exactly one query, an unknown window, a vector of another length.
        NotMaterializedError: the pair has not been computed.
    """
    from audio_assets.analysis.similarity import SimilarityIndex
    from audio_assets.analysis.vector_index import VectorIndex, index_directory

    if sum(query is not None for query in (window_id, file, vector)) != 1:
        raise UsageError("Give exactly one of a window id, a file or a vector to search with.")
    if k < 1:
        raise UsageError(f"k must be at least 1, not {k}.")
    settings = settings or load_settings()
    checkpoint = checkpoint or settings.checkpoint
    home = Home.of(settings)
    FolderRegistry(home).get(folder)
    stored = home.asset("embeddings", checkpoint=checkpoint, folder=folder)
    large = VectorIndex.open_current(index_directory(home, folder, checkpoint), stored)
    if large is not None:
        query = vector
        if file is not None:
            query = _file_vector(Path(file), checkpoint, settings, folder)
        return _search_index(large, home, folder, window_id, query, k)
    windows, vectors = load_embeddings(folder, checkpoint, settings=settings)
    index = SimilarityIndex(windows["window_id"].to_numpy(), vectors)
    if window_id is not None:
        if window_id not in windows["window_id"].tolist():
            raise UsageError(
                f"Window {window_id!r} is not in folder {folder!r} under {checkpoint!r}. "
                "`audio-assets export` with --what metadata lists the window ids."
            )
        ids, scores = index.query_ids([window_id], k)
    else:
        query = vector
        if file is not None:
            query = _file_vector(Path(file), checkpoint, settings, folder)
        ids, scores = index.query(_checked(query, vectors.shape[1]), k)
    found = windows.set_index("window_id").loc[list(ids[0])].reset_index()
    found.insert(1, "score", np.asarray(scores[0], dtype=float))
    return [_plain(row) for row in found.to_dict("records")]


def _search_index(
    index: VectorIndex,
    home: Home,
    folder: str,
    window_id: str | None,
    query: object,
    k: int,
) -> list[dict[str, object]]:
    """As `search`, by the index on disk; only the recordings that are found are looked up."""
    if window_id is not None:
        query = index.vectors([window_id])[0]
    own = [window_id] if window_id is not None else []
    found = index.query(_checked(query, index.dim)[0], k, leave_out=own).to_pandas()
    recordings = _read_asset(home, "raw_audio", folder)
    ok = recordings.filter(pc.field("status") == "ok").select(["recording_id", "path"])
    metadata = _read_asset(home, "metadata_table", folder).to_pandas()
    joined = found.merge(ok.to_pandas(), on="recording_id", how="left").merge(
        metadata, on="path", how="left"
    )
    joined = _of_windows(home, folder, joined)
    first = ["window_id", "score"]
    ordered = joined[first + [c for c in joined.columns if c not in first]]
    return [_plain(row) for row in ordered.to_dict("records")]


def _checked(query: object, dim: int) -> np.ndarray:
    """A query vector as float32 [1, dim]."""
    try:
        array = np.asarray(query, dtype=np.float32).reshape(1, -1)
    except (TypeError, ValueError) as error:
        raise UsageError(f"The query is not a vector of numbers: {error}.") from error
    if array.shape[1] != dim:
        raise UsageError(
            f"The query has {array.shape[1]} values; this folder's vectors have {dim}."
        )
    if not np.isfinite(array).all():
        raise UsageError("The query vector holds NaN or infinite values.")
    return array


def _file_vector(path: Path, checkpoint: str, settings: Settings, folder: str) -> np.ndarray:
    """float32 [dim] of a whole file: the mean over the model's inputs across it."""
    from audio_assets.encoding.clip import encode_file
    from audio_assets.models.encoder import load_encoder

    encoder = load_encoder(checkpoint, device=settings.device, precision=settings.precision)
    entry = FolderRegistry(Home.of(settings)).get(folder)
    if entry.radio is not None:
        from audio_assets.radio.query import encode_iq_file

        return encode_iq_file(path, encoder, entry)
    return encode_file(path, encoder)


def _read_asset(home: Home, name: str, folder: str, checkpoint: str | None = None) -> pa.Table:
    path = home.asset(name, folder=folder, checkpoint=checkpoint)
    if not path.is_file():
        root = FolderRegistry(home).get(folder).root
        option = f" --checkpoint {checkpoint}" if checkpoint else ""
        raise NotMaterializedError(
            f"{name} of folder {folder!r}{f' under {checkpoint!r}' if checkpoint else ''} has not "
            f"been computed. Run: audio-assets run {root}{option}"
        )
    return read_parquet(path)


def _plain(row: dict) -> dict[str, object]:
    """A row that JSON can hold: missing values are None, times are ISO text."""
    out: dict[str, object] = {}
    for key, value in row.items():
        if value is None or value != value:  # NaN and NaT differ from themselves
            out[str(key)] = None
        elif hasattr(value, "isoformat"):
            out[str(key)] = value.isoformat()
        else:
            out[str(key)] = value.item() if isinstance(value, np.generic) else value
    return out
