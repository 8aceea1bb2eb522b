"""Fields and pictures of radio recordings: waterfall first, constellation beside it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_assets.explore.columns import Column, Kind, SampleTable
from audio_assets.radio.window_facts import PICTURES, read_window_facts
from audio_assets.radio.window_labels import window_labels

if TYPE_CHECKING:
    import fiftyone as fo

    from audio_assets.explore.ledger import Ledger

WATERFALL, CONSTELLATION = "filepath", "constellation_filepath"
KINDS: dict[str, Kind] = {
    "center_frequency": "float", "annotations": "strings", "level_db": "float",
    "noise_floor_db": "float", "occupancy": "float", "occupied_time": "float",
    "occupied_band": "float",
}  # fmt: skip


def add_radio_columns(table: SampleTable, png_dir: Path, foreign: Collection[str]) -> None:
    """Add what is known of every window of a folder of radio; nothing where it is none.

    Labels and categories are those of `radio.window_labels`. A window's time is that of the capture
    it begins in, since receivers stop between captures.

    Args:
        table: to add to.
        png_dir: of the waterfalls; the table of facts and the constellations lie beside it.
        foreign: fields that a person made, left alone.
    """
    facts = read_window_facts(png_dir.parent)
    if facts is None:
        return
    rows = {row["window_id"]: row for row in facts.to_pylist()}
    own = [rows.get(window, {}) for window in table.window_ids]
    for name, kind in KINDS.items():
        values = [row.get(name) for row in own]
        if name not in foreign:
            table.columns.pop(name, None)
            table.add(name, kind, values)
    pictures = png_dir.parent.resolve() / PICTURES
    there = {path.name for path in pictures.glob("*.png")}
    names = [f"{window}.png" for window in table.window_ids]
    if CONSTELLATION not in foreign:
        paths = [str(pictures / name) if name in there else None for name in names]
        table.add(CONSTELLATION, "string", paths)
    category = table.columns.get("category") if "category" not in foreign else None
    old = table.columns["label"].values
    labels, categories = window_labels(
        table.window_ids, old, category.values if category is not None else old, facts
    )
    table.columns["label"] = Column("label", labels)
    if category is not None:
        table.columns["category"] = Column(category.kind, categories)
    if "start_time" in table.columns and "start_time" not in foreign:
        times = table.columns["start_time"].values
        exact = [_naive(row.get("start_time")) or t for t, row in zip(times, own, strict=True)]
        table.columns["start_time"] = Column("time", exact)


def _naive(moment: datetime | None) -> datetime | None:
    """Naive UTC, in the whole milliseconds that BSON has."""
    if moment is None:
        return None
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    return plain.replace(microsecond=plain.microsecond // 1000 * 1000)


def show_radio(dataset: fo.Dataset, book: Ledger) -> None:
    """Show waterfalls, with constellations one click away; once, then it is the people's choice."""
    if book.player:
        return
    config: Any = dataset.app_config
    media = [WATERFALL, CONSTELLATION] if dataset.has_field(CONSTELLATION) else [WATERFALL]
    config.media_fields = list(dict.fromkeys([*config.media_fields, *media]))
    config.grid_media_field = config.modal_media_field = WATERFALL
    dataset.save()
    book.player = True
