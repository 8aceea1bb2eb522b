"""A folder's data set brought up to date: samples, vectors, fields, brain runs, first look."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from audio_assets.explore.app_sample import shown_windows
from audio_assets.explore.dataset import exclusive_dataset, open_or_make
from audio_assets.explore.environment import load_fiftyone
from audio_assets.home import Home
from audio_assets.settings import Settings

if TYPE_CHECKING:
    import fiftyone as fo

    from audio_assets.explore.columns import SampleTable
    from audio_assets.explore.ledger import CheckpointEntry, Ledger


class Folder(Protocol):
    """What is needed of an `AudioFolder`."""

    @property
    def key(self) -> str: ...
    @property
    def root(self) -> Path: ...


@dataclass(frozen=True)
class SyncReport:
    """What one `sync_dataset` did."""

    dataset: str
    samples: int
    windows: int  # of the folder; more than samples where the data set is a sample of them
    added: int
    updated: int
    removed: int
    vectors: int  # of older samples, written anew
    without_vector: int
    brain_keys: dict[str, str]  # sim | umap | tsne → brain key
    fields: list[str]
    renamed: dict[str, str] = field(default_factory=dict)  # column → field
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether anything but a brain run was written."""
        return bool(self.added or self.updated or self.removed or self.vectors)


def sync_dataset(
    home: Home,
    folder: Folder,
    checkpoint: str,
    *,
    windows: pa.Table,
    metadata: pa.Table,
    recordings: pa.Table,
    png_dir: Path,
    embeddings: Path,
    umap: pa.Table | None,
    tsne: pa.Table | None,
    clusters: pa.Table | None,
    signature: str,
    settings: Settings,
) -> SyncReport:
    """Bring the folder's data set up to date with one checkpoint's results.

    One sample per window (of a sample of the windows above `app_samples`), found again by
    `window_id`: never a second one, none whose window is
    gone, and only values that differ are written. Tags, saved views, workspaces, fields that a
    person made and the vectors of other checkpoints stay as they are.

    Args:
        home: whose database.
        folder: its key names the data set, its root holds the recordings.
        checkpoint: whose vectors, coordinates and clusters these are.
        windows: `schemas.WINDOWS`.
        metadata: `schemas.METADATA` and custom columns.
        recordings: `schemas.RECORDINGS`.
        png_dir: holds `<window_id>.png`.
        embeddings: a Parquet file of `schemas.embeddings_schema`.
        umap: `schemas.COORDINATES`, or None.
        tsne: `schemas.COORDINATES`, or None.
        clusters: `schemas.CLUSTERS`, or None.
        signature: of the encoding.
        settings: embedding field, similarity backend, persistence.

    Raises:
        DatabaseError: MongoDB cannot be reached, or the samples are not the windows in the end.
        StorageError: spectrograms are missing.
        UsageError: a data set of this name was made by somebody else.
    """
    started = time.monotonic()
    load_fiftyone(home)
    from audio_assets.explore import (
        brain,
        events_field,
        fields,
        ledger,
        radio_fields,
        samples,
        score_columns,
        vectors,
        workspace,
    )
    from audio_assets.explore.columns import build_sample_table
    from audio_assets.explore.window_edits import apply_window_edits

    whole = windows.num_rows
    windows = shown_windows(windows, settings.app_samples, settings.seed)
    samples.check_previews(png_dir, windows["window_id"].to_pylist())
    with exclusive_dataset(home, folder.key):
        dataset, book, new = open_or_make(folder.key, settings.persistent)
        entry = book.entry(checkpoint, settings.embedding_field)
        foreign = {name for name in dataset.get_field_schema() if not book.owns(name)}
        table = build_sample_table(
            windows, metadata, recordings, audio_root=folder.root.resolve(),
            png_dir=png_dir.resolve(),
            reserved={*fields.reserved_names(), *foreign, *_of_checkpoints(book)},
        )  # fmt: skip
        if getattr(folder, "radio", None) is not None:
            radio_fields.add_radio_columns(table, png_dir, foreign)
        apply_window_edits(home, folder.key, table)
        rows = vectors.read_vectors(embeddings, table.window_ids)
        _declare(dataset, book, entry, table, clusters)
        score_columns.add_score_columns(home, dataset, table, entry, rows)
        if fields.declare_vectors(dataset, entry.vector_field):
            entry.vectors_hash = None
        done = entry.vectors_hash == rows.digest
        if not done:
            entry.vectors_hash = None
        ledger.save_ledger(dataset, book)

        change = samples.upsert(dataset, table, rows, entry.vector_field)
        older = change.added < len(table) and not done
        written = (
            vectors.update_vectors(dataset, entry.vector_field, change.ids, rows) if older else 0
        )
        entry.vectors_hash, entry.signature = rows.digest, signature
        events_field.sync_folder_events(dataset, folder, change.ids, windows, recordings)
        fields.index_fields(dataset, table.columns)
        ids = dict(zip(table.window_ids, change.ids, strict=True))
        backend = _backend(home, folder.key, checkpoint, whole, settings)
        brain.sync_similarity(dataset, entry, change.ids, rows, backend)
        brain.sync_projections(dataset, entry, ids, {"umap": umap, "tsne": tsne})
        if new:
            workspace.style_new_dataset(dataset)
        workspace.tidy_sidebar(dataset, book)
        workspace.save_workspace(dataset)
        if getattr(folder, "radio", None) is not None:
            radio_fields.show_radio(dataset, book)
        else:
            workspace.show_in_player(dataset, book)
        samples.check_counts(dataset, len(table))
        ledger.save_ledger(dataset, book)
        return SyncReport(
            dataset=folder.key, samples=len(table), windows=whole, added=change.added,
            updated=change.updated, removed=change.removed, vectors=written,
            without_vector=int((~rows.present).sum()), brain_keys=dict(entry.runs),
            fields=[*table.columns, entry.vector_field], renamed=table.renamed,
            seconds=round(time.monotonic() - started, 3),
        )  # fmt: skip


def _backend(home: Home, folder: str, checkpoint: str, windows: int, settings: Settings) -> str:
    """LanceDB where a run built an index, above a number of windows; else what is set."""
    if windows <= settings.lancedb_above:
        return settings.similarity_backend
    from audio_assets.analysis.vector_index import index_directory

    built = index_directory(home, folder, checkpoint).is_dir()
    return "lancedb" if built else settings.similarity_backend


def _declare(
    dataset: fo.Dataset,
    book: Ledger,
    entry: CheckpointEntry,
    table: SampleTable,
    clusters: pa.Table | None,
) -> None:
    """Declare every field of the table; drop those of ours whose column is gone."""
    from audio_assets.explore import fields
    from audio_assets.explore.cluster_columns import add_cluster_columns

    for name in set(book.fields) - set(table.columns):
        dataset.delete_sample_field(name, error_level=2)
    book.fields = {name: column.kind for name, column in table.columns.items()}
    book.labelled = any(value is not None for value in table.columns["label"].values)
    if clusters is not None:
        add_cluster_columns(table, entry, clusters)
    for name in (entry.cluster_field, entry.outlier_field):
        if name not in table.columns and dataset.has_field(name):
            dataset.delete_sample_field(name)
    fields.declare(dataset, {name: column.kind for name, column in table.columns.items()})


def _of_checkpoints(book: Ledger) -> set[str]:
    return {f for e in book.checkpoints for f in e.fields}
