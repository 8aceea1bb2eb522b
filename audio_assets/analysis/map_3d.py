"""Three-dimensional maps beside the flat ones: made by a run or on request, kept while they fit."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import pyarrow as pa

from audio_assets.analysis.projection import (
    TsneParameters,
    UmapParameters,
    tsne_coordinates,
    umap_coordinates,
)
from audio_assets.errors import NotMaterializedError, StorageError
from audio_assets.home import Home
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet, write_parquet

Kind = Literal["umap", "tsne"]
SOURCE = b"source"


def make_map_3d(
    home: Home, folder: str, checkpoint: str, kind: Kind, embeddings: pa.Table, settings: Settings
) -> pa.Table:
    """Compute and store the map of some vectors, unless it is stored already.

    Args:
        home: gets the file.
        folder: key.
        checkpoint: name.
        kind: of map.
        embeddings: `schemas.embeddings_schema`.
        settings: parameters of the map.

    Returns:
        Table of the COORDINATES_3D schema in the order of `embeddings`.

    Raises:
        StorageError: it cannot be written.
    """
    stored = _stored(home, folder, checkpoint, kind, _source(embeddings, kind, settings))
    if stored is not None:
        return stored
    if kind == "umap":
        table = umap_coordinates(embeddings, UmapParameters.from_settings(settings), 3)
    else:
        table = tsne_coordinates(embeddings, TsneParameters.from_settings(settings), 3)
    about = {**(table.schema.metadata or {}), SOURCE: _source(embeddings, kind, settings)}
    table = table.replace_schema_metadata(about)
    write_parquet(_path(home, folder, checkpoint, kind), table)
    return table


def read_map_3d(
    home: Home, folder: str, checkpoint: str, kind: Kind, settings: Settings
) -> pa.Table | None:
    """The stored map; None when there is none of these vectors and parameters.

    Raises:
        NotMaterializedError: the pair has no vectors.
    """
    path = home.asset("embeddings", checkpoint=checkpoint, folder=folder)
    if not path.is_file():
        raise NotMaterializedError(f"Folder {folder!r} has no embeddings of {checkpoint!r} yet.")
    known = read_parquet(path, ["window_id", "encoding_signature"])
    return _stored(home, folder, checkpoint, kind, _source(known, kind, settings))


def _stored(home: Home, folder: str, checkpoint: str, kind: Kind, source: bytes) -> pa.Table | None:
    try:
        table = read_parquet(_path(home, folder, checkpoint, kind))
    except StorageError:
        return None
    return table if (table.schema.metadata or {}).get(SOURCE) == source else None


def _path(home: Home, folder: str, checkpoint: str, kind: Kind) -> Path:
    return home.asset(f"{kind}_coords_3d", checkpoint=checkpoint, folder=folder)


def _source(embeddings: pa.Table, kind: Kind, settings: Settings) -> bytes:
    """What a map depends on. A window and a signature determine a vector, so none is read."""
    parameters = (
        UmapParameters.from_settings(settings)
        if kind == "umap"
        else TsneParameters.from_settings(settings)
    )
    digest = hashlib.sha256(parameters.model_dump_json().encode())
    for name in ("encoding_signature", "window_id"):
        column = embeddings[name]
        values = column.unique() if name == "encoding_signature" else column
        digest.update("\n".join(map(str, values.to_pylist())).encode())
    return digest.hexdigest().encode()
