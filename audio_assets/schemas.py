"""The columns of every table that the project stores (DESIGN §4), as pyarrow schemas."""

from __future__ import annotations

import pyarrow as pa

UTC = pa.timestamp("us", tz="UTC")

RECORDINGS = pa.schema(
    [
        pa.field("recording_id", pa.string()),  # SHA-256 of the bytes; null when unreadable
        pa.field("path", pa.string(), nullable=False),  # relative to the folder, '/' separated
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("sample_rate", pa.int32()),
        pa.field("channels", pa.int32()),
        pa.field("frames", pa.int64()),  # frames that really decode, not what a header says
        pa.field("duration_s", pa.float64()),
        pa.field("format", pa.string()),
        pa.field("subtype", pa.string()),
        pa.field("start_time", UTC),  # corrected by what the clock was wrong by
        pa.field("status", pa.string(), nullable=False),  # ok | failed | duplicate
        pa.field("warning", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("duplicate_of", pa.string()),  # path of the first file with these bytes
        pa.field("mtime_ns", pa.int64()),
        pa.field("ctime_ns", pa.int64()),
        pa.field("inode", pa.uint64()),
        pa.field("recorder_time", UTC),  # start by the recorder's own clock, uncorrected
    ]
)
"""One row per file, sorted by path. Schema metadata: `grid`, the folder's grid, and `clock`, the
correction between recorder_time and start_time, both as JSON."""

WINDOWS = pa.schema(
    [
        pa.field("window_id", pa.string(), nullable=False),  # <16 hex>@<start_frame>+<frames>
        pa.field("recording_id", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("start_frame", pa.int64(), nullable=False),
        pa.field("frames", pa.int64(), nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
        pa.field("padded_s", pa.float64(), nullable=False),
    ]
)
"""One row per window, sorted by (path, start_frame); derived from recordings by `make_windows`."""

METADATA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("filename", pa.string(), nullable=False),
        pa.field("subfolder", pa.string()),
        pa.field("label", pa.string()),
        pa.field("target", pa.int64()),
        pa.field("fold", pa.int64()),
        pa.field("category", pa.string()),
        pa.field("major_group", pa.string()),  # animals, nature, human, interior, urban
        pa.field("lat", pa.float64()),
        pa.field("lon", pa.float64()),
        pa.field("coordinates", pa.string()),  # given, a source of places, synthetic, or null
        pa.field("esc10", pa.bool_()),
        pa.field("src_file", pa.string()),
        pa.field("take", pa.string()),
        pa.field("start_time", UTC),
    ]
)
"""One row per recording path (status ok or duplicate), then any custom columns."""

COORDINATES = pa.schema(
    [
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("x", pa.float32(), nullable=False),
        pa.field("y", pa.float32(), nullable=False),
    ]
)

COORDINATES_3D = COORDINATES.append(pa.field("z", pa.float32(), nullable=False))

CLUSTERS = pa.schema(
    [
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("cluster", pa.int32(), nullable=False),  # -1 is noise
        pa.field("probability", pa.float32(), nullable=False),
        pa.field("outlier_score", pa.float32(), nullable=False),  # 0 to 1; 1 is far from all
        pa.field("exemplar", pa.int32()),  # 0 is the medoid of its cluster, then the next central
    ]
)

ASSIGNMENTS = pa.schema(
    [
        CLUSTERS.field("window_id"),
        pa.field("recording_id", pa.string(), nullable=False),
        pa.field("folder", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
        *(CLUSTERS.field(n) for n in ("cluster", "probability", "outlier_score", "exemplar")),
    ]
)
"""One row per window of an ad-hoc clustering, in the order of its embedding sets."""

NEIGHBOURS = pa.schema(
    [
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("neighbours", pa.list_(pa.string()), nullable=False),
        pa.field("scores", pa.list_(pa.float32()), nullable=False),  # cosine, descending
    ]
)


def embeddings_schema(dim: int) -> pa.Schema:
    """Columns of an embeddings table; never float16, because 1e5 becomes infinite there."""
    return pa.schema(
        [
            pa.field("window_id", pa.string(), nullable=False),
            pa.field("recording_id", pa.string(), nullable=False),
            pa.field("start_s", pa.float64(), nullable=False),
            pa.field("end_s", pa.float64(), nullable=False),
            pa.field("encoding_signature", pa.string(), nullable=False),
            pa.field("embedding", pa.list_(pa.float32(), dim), nullable=False),
        ]
    )
