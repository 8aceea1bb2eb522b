"""Embedding tables in a bucket: put there whole, and read without fetching more than is asked."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.errors import NotMaterializedError, StorageError
from audio_assets.home import Home, check_slug
from audio_assets.remote.address import BucketAddress
from audio_assets.remote.bucket import Bucket

EMBEDDINGS, RECORDINGS = "embeddings.parquet", "recordings.parquet"


def publish_folder(home: Home, folder: str, checkpoint: str, bucket: Bucket) -> BucketAddress:
    """Put a folder's recordings table and its vectors under one checkpoint into a bucket.

    Args:
        home: holds them.
        folder: its key.
        checkpoint: its name.
        bucket: below which `<folder>/<checkpoint>/` is written.

    Returns:
        The address of that prefix.

    Raises:
        NotMaterializedError: there are no vectors yet.
        StorageError: the server refuses.
    """
    check_slug(folder, "The folder name")
    check_slug(checkpoint, "The checkpoint name")
    embeddings = home.asset("embeddings", checkpoint=checkpoint, folder=folder)
    recordings = home.asset("raw_audio", folder=folder)
    if not embeddings.is_file():
        raise NotMaterializedError(
            f"{folder!r} has no embeddings under {checkpoint!r} yet; run: audio-assets run FOLDER "
            f"--checkpoint {checkpoint}"
        )
    return publish_tables(recordings, embeddings, bucket, f"{folder}/{checkpoint}")


def publish_tables(
    recordings: Path, embeddings: Path, bucket: Bucket, prefix: str
) -> BucketAddress:
    """Put both tables below a prefix; the vectors last, so that they never stand alone.

    Raises:
        StorageError: the server refuses.
        UsageError: the prefix climbs.
    """
    bucket.put(recordings, f"{prefix}/{RECORDINGS}")
    bucket.put(embeddings, f"{prefix}/{EMBEDDINGS}")
    return bucket.address / prefix


def read_published(bucket: Bucket, columns: list[str] | None = None) -> pa.Table:
    """Read a published embeddings table.

    Args:
        bucket: the prefix that `publish_folder` returned.
        columns: only these are fetched; all when None.

    Returns:
        Table of the embeddings schema, the signature in its metadata.

    Raises:
        NotFoundError: nothing was published there.
        StorageError: it is no table, or the server refuses.
    """
    try:
        with bucket.opened(EMBEDDINGS) as stream, pq.ParquetFile(pa.PythonFile(stream)) as file:
            return file.read(columns=columns)
    except pa.ArrowException as error:
        raise StorageError(f"{bucket.address / EMBEDDINGS} is not an embeddings table.") from error
