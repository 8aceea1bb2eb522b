"""`audio_assets.exports.export`: what of a folder goes to which file, in which format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.exports.selection import Selection, parse_selection
from audio_assets.exports.tables import write_bytes, write_table
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.reading import load_embeddings
from audio_assets.settings import Settings, load_settings
from audio_assets.storage import read_parquet

if TYPE_CHECKING:
    import pandas as pd

What = Literal[
    "embeddings",
    "metadata",
    "clusters",
    "outliers",
    "raven",
    "audacity",
    "csv",
    "geojson",
    "sigmf",
]
LABELS = ("raven", "audacity")
SOUND_LIST = ".sounds.txt"


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        rows: windows in the files.
        files: files written, lists of sounds not counted.
        left_out: windows that the format cannot hold (GeoJSON: without coordinates; SigMF: of
            sound files).
    """

    rows: int
    files: int = 1
    left_out: int = 0


def export(
    folder: str,
    checkpoint: str,
    what: What,
    output: Path,
    *,
    select: Sequence[str] = (),
    per_file: bool = False,
    settings: Settings | None = None,
) -> ExportReport:
    """Write windows of a folder, all or a selection, to a file or a directory.

    `embeddings`, `metadata`, `clusters` and `outliers` are Parquet, or CSV when `output` ends in
    .csv; `csv` is metadata and one column per dimension; `geojson` has one point per window;
    `raven` and `audacity` are label files, over all recordings with cumulative times (beside it
    `<output>.sounds.txt` names the recordings in order) or one per recording; `sigmf` is a
    directory with the metadata of each IQ recording, the windows added as annotations. Labels, and
    the condition `label`, are those of windows (`reading.load_embeddings`); noise (cluster -1)
    gives no label to Audacity and SigMF.

    Args:
        folder: the folder's key.
        checkpoint: the checkpoint's name.
        what: the kind of export.
        output: file to write; with `per_file` a directory, made when missing, in which the files
            lie as the recordings lie in the folder.
        select: conditions (`exports.selection.parse_selection`); all windows when empty.
        per_file: one label file per recording with windows.
        settings: the settings; from the environment when None.

    Raises:
        UsageError: unknown folder, a directory where a file is wanted or the other way round, a
            selection that fits nothing.
        NotMaterializedError: the pair, its clusters or its data set have not been computed.
    """
    settings = settings or load_settings()
    _check_output(what, output, per_file or what == "sigmf")
    chosen = parse_selection(select)
    home = Home.of(settings)
    windows, vectors = load_embeddings(folder, checkpoint, settings=settings)
    needed = what == "clusters" or bool(chosen.clusters)
    if needed or what in (*LABELS, "geojson", "sigmf"):
        windows = _with_clusters(home, folder, checkpoint, windows, required=needed)
    rows = _rows(home, folder, chosen, windows)
    windows, vectors = windows.iloc[rows].reset_index(drop=True), vectors[rows]
    if what == "outliers":
        windows = _outliers(home, folder, checkpoint, windows)
    if what in LABELS:
        return _labels(home, folder, what, windows, output, per_file=per_file)
    if what == "sigmf":
        from audio_assets.exports.sigmf import export_sigmf

        entry = FolderRegistry(home).get(folder)
        return ExportReport(*export_sigmf(entry.root, entry.radio, windows, output))
    if what == "geojson":
        from audio_assets.exports.geojson import geojson

        content, without = geojson(windows)
        write_bytes(output, content)
        return ExportReport(len(windows) - without, left_out=without)
    with_vectors = what in ("embeddings", "csv")
    write_table(
        output, windows, vectors if with_vectors else None,
        {"folder": folder, "checkpoint": checkpoint}, as_csv=True if what == "csv" else None,
    )  # fmt: skip
    return ExportReport(len(windows))


def _check_output(what: What, output: Path, per_file: bool) -> None:
    if per_file and what not in (*LABELS, "sigmf"):
        raise UsageError(f"--per-file is for {' and '.join(LABELS)}; {what} is one file.")
    if per_file and output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; give the name of a directory.")
    if not per_file and output.is_dir():
        raise UsageError(f"{output} is a directory; give the name of a file to write.")


def _rows(home: Home, folder: str, chosen: Selection, windows: pd.DataFrame) -> np.ndarray:
    """Numbers of the rows that are meant, int64 [n].

    Raises:
        UsageError: there are none, although something was asked for.
    """
    mask = chosen.mask(windows)
    sources = [("view", name) for name in chosen.views], [("tag", name) for name in chosen.tags]
    for source in sources:
        if source:
            from audio_assets.explore.chosen import chosen_windows

            found: set[str] = set()
            for kind, name in source:
                found |= chosen_windows(home, folder, **{kind: name})
            mask &= windows["window_id"].isin(list(found)).to_numpy(bool)
    rows = np.flatnonzero(mask)
    if chosen.said and not len(rows):
        raise UsageError(
            f"The selection {' and '.join(chosen.said)} fits none of the {len(windows)} windows of "
            f"folder {folder!r}."
        )
    return rows


def _labels(
    home: Home, folder: str, what: What, windows: pd.DataFrame, output: Path, *, per_file: bool
) -> ExportReport:
    """Raven tables or Audacity labels."""
    from audio_assets.exports import audacity, raven
    from audio_assets.exports.playing_order import playing_order

    order = playing_order(home, folder)
    draw = raven.raven_table if what == "raven" else audacity.audacity_labels
    suffix = raven.SUFFIX if what == "raven" else audacity.SUFFIX
    if not per_file:
        write_bytes(output, draw(windows, order))
        write_bytes(output.with_name(output.name + SOUND_LIST), raven.sound_list(order))
        return ExportReport(len(windows))
    groups = dict(list(windows.groupby("path", sort=False)))
    for path, mine in groups.items():
        write_bytes(output / f"{path}{suffix}", draw(mine, order, cumulative=False))
    return ExportReport(len(windows), files=len(groups))


def _with_clusters(
    home: Home, folder: str, checkpoint: str, windows: pd.DataFrame, *, required: bool
) -> pd.DataFrame:
    """The windows with the columns of the clusters asset, where it has been computed."""
    path = home.asset("clusters", folder=folder, checkpoint=checkpoint)
    if not path.is_file():
        if required:
            raise NotMaterializedError(
                f"The clusters of folder {folder!r} under {checkpoint!r} have not been computed. "
                f"Run: audio-assets run {FolderRegistry(home).get(folder).root}"
            )
        return windows
    clusters = read_parquet(path).to_pandas()
    own = [name for name in clusters if name != "window_id"]
    kept = windows.rename(columns={name: f"{name}_custom" for name in own})
    joined = kept.merge(clusters, on="window_id", how="left", validate="one_to_one")
    return joined.astype({name: "Int32" for name in ("cluster", "exemplar") if name in own})


def _outliers(home: Home, folder: str, checkpoint: str, windows: pd.DataFrame) -> pd.DataFrame:
    """The windows ranked by outlier score, strangest first."""
    from audio_assets.analysis.clustering.ranking import outliers_table

    ranked = outliers_table(home, folder, checkpoint)
    own = ["window_id", *(c for c in ranked.columns if c not in windows.columns)]
    return ranked[own].merge(windows, on="window_id", how="inner", validate="one_to_one")
