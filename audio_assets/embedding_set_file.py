"""One embedding set as a Parquet file of its own, copied row group by row group."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audio_assets.embedding_sets import get_embedding_set
from audio_assets.errors import StorageError
from audio_assets.home import Home

METADATA_PREFIX = "audio_assets."


def write_embedding_set(home: Home, id: str) -> Path:
    """Write the rows of an embedding set to a temporary file, which the caller removes.

    Args:
        home: holds the embeddings.
        id: of the set.

    Returns:
        A Parquet file with the columns of the embeddings asset; memory holds one row group.

    Raises:
        EmbeddingSetNotFoundError: there is no such set.
        StorageError: the embeddings cannot be read, or the file cannot be written.
    """
    found = get_embedding_set(home, id)
    source = home.asset("embeddings", checkpoint=found.checkpoint, folder=found.folder)
    wanted = (pc.field("recording_id") == found.recording_id) & (
        pc.field("encoding_signature") == found.encoding_signature
    )
    facts = {
        "folder": found.folder,
        "checkpoint": found.checkpoint,
        "path": found.path,
        "start_time": found.start_time.isoformat() if found.start_time else "",
    }
    try:
        home.work.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=home.work, prefix="embedding-set-", suffix=".parquet", delete=False
        ) as stream:
            out = Path(stream.name)
        try:
            _copy(source, out, wanted, facts)
        except BaseException:
            out.unlink(missing_ok=True)
            raise
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"The embedding set {id} cannot be copied: {error}.") from error
    return out


def _copy(source: Path, out: Path, wanted: pc.Expression, facts: dict[str, str]) -> None:
    with pq.ParquetFile(source) as table:
        schema = table.schema_arrow
        named = {f"{METADATA_PREFIX}{key}": value for key, value in facts.items()}
        schema = schema.with_metadata({**(schema.metadata or {}), **named})
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for number in range(table.num_row_groups):
                rows = table.read_row_group(number).filter(wanted)
                if rows.num_rows:
                    writer.write_table(rows.replace_schema_metadata(schema.metadata))
