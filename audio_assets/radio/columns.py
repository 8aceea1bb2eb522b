"""SigMF metadata of a recording as columns of the metadata table: what filters and maps use."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from audio_assets.radio.layout import IqLayout
from audio_assets.radio.metadata import SigmfMetadata
from audio_assets.schemas import METADATA

OF_SAMPLES = frozenset(
    {"datatype", "sample_rate", "num_channels", "offset", "sha512", "version", "sample_start",
     "header_bytes", "trailing_bytes", "extensions", "geolocation", "dataset", "metadata_only",
     "frequency", "datetime", "global_index", "collection"}
)  # fmt: skip
"""Core fields that say how samples lie, or that have a column of their own already."""

OWN = frozenset(METADATA.names) | {
    "filepath",
    "datatype",
    "center_frequency",
    "capture_count",
    "annotation_count",
}
"""Columns that metadata cannot set by a field of that name; it gets `_custom` at its end."""

MOST_TEXT = 2000
LONGEST_INT = 2**63


def sigmf_columns(layout: IqLayout | None) -> dict[str, Any]:
    """Columns of one recording.

    Args:
        layout: of the recording; None for sound, or for what cannot be read.

    Returns:
        label (of the annotations, the one of most samples), center_frequency (Hz, of the first
        capture that has one), datatype, capture_count and annotation_count, and every
        plain value of the global object and of the first capture: `core:hw` as `hw`, those of an
        extension with its name, `antenna:gain` as `antenna_gain`. Whole numbers beyond 64 bits
        are text.
    """
    if layout is None:
        return {}
    columns: dict[str, Any] = {"datatype": layout.datatype.name}
    metadata = layout.metadata
    if metadata is None:
        return columns
    frequencies = [c.frequency_hz for c in metadata.captures if c.frequency_hz is not None]
    columns["label"] = main_label(metadata, layout.frames)
    columns["center_frequency"] = frequencies[0] if frequencies else None
    columns["capture_count"] = len(metadata.captures)
    columns["annotation_count"] = len(metadata.annotations)
    first = metadata.captures[0].fields if metadata.captures else {}
    for fields in (metadata.fields, first):
        for name, value in fields.items():
            space, _, plain = name.partition(":")
            if space == "core" and plain in OF_SAMPLES:
                continue
            _put(columns, plain if space == "core" else f"{space}_{plain}", value)
    return {name: value for name, value in columns.items() if value is not None}


def main_label(metadata: SigmfMetadata, frames: int) -> str | None:
    """The label that annotations give most samples; None where none has one."""
    lengths: Counter[str] = Counter()
    for annotation in metadata.annotations:
        if annotation.label:
            rest = frames - annotation.first
            lengths[annotation.label] += max(1, rest if annotation.count is None
                                             else min(annotation.count, rest))  # fmt: skip
    return min(lengths, key=lambda label: (-lengths[label], label)) if lengths else None


def _put(columns: dict[str, Any], name: str, value: Any) -> None:
    """Add a plain value under a column name; one level of an object is spread out."""
    name = re.sub(r"\W+", "_", name).strip("_").lower()
    if isinstance(value, dict):
        for inner, plain in value.items():
            if not isinstance(plain, (dict, list)):
                _put(columns, f"{name}_{inner}", plain)
        return
    name = f"{name}_custom" if name in OWN else name
    if name and name not in columns and isinstance(value, (str, int, float, bool)):
        if isinstance(value, int) and not -LONGEST_INT <= value < LONGEST_INT:
            value = str(value)
        columns[name] = value[:MOST_TEXT] if isinstance(value, str) else value
