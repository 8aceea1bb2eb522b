"""Marked events as FiftyOne detections: each window holds those that overlap it.

Detections that a person drew carry no `event_id`; they are never touched. With the detections lies
a note of what was made of the tables (`made_events.py`), so that what a person moved,
named or deleted in the App is told from what the tables say, and stays.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
import pyarrow as pa

from audio_assets.explore.documents import collection
from audio_assets.explore.fields import EVENTS as FIELD
from audio_assets.explore.made_events import Made, as_made, edited
from audio_assets.explore.preview_axes import PreviewAxes, Window, preview_axes
from audio_assets.loaders.events import Event, read_events

MOST_WARNINGS = 20
DESCRIPTION = "Events from Raven tables and Audacity labels beside the recordings"
ATTRIBUTES: dict[str, type[fo.Field]] = {
    "begin_s": fo.FloatField, "end_s": fo.FloatField, "low_hz": fo.FloatField,
    "high_hz": fo.FloatField, "source": fo.StringField, "event_id": fo.StringField,
}  # fmt: skip

log = logging.getLogger(__name__)


def sync_folder_events(
    dataset: fo.Dataset, folder: Any, ids: list[str], windows: pa.Table, recordings: pa.Table
) -> int:
    """Read the event tables of a folder and bring the field `events` up to date.

    Lines that cannot be used are named in the log, and the others count.

    Returns:
        How many windows were written.
    """
    paths = recordings["path"].to_pylist()
    events, problems = read_events(folder.root, paths)
    if not folder.root.is_dir():
        log.warning("The folder %s is away; events stay as they were", folder.root)
        return 0
    radio = getattr(folder, "radio", None)
    centers = None
    if radio is not None:
        from audio_assets.radio.centers import window_centers
        from audio_assets.radio.events import sigmf_events

        events += sigmf_events(folder.root, paths, radio)
        centers = window_centers(folder.root, windows, radio)
    for problem in problems[:MOST_WARNINGS]:
        log.warning("%s", problem)
    if len(problems) > MOST_WARNINGS:
        log.warning("%s more lines of event tables are of no use", len(problems) - MOST_WARNINGS)
    axes = preview_axes(folder)
    return sync_events(dataset, ids, windows, recordings, events, axes, centers)


def sync_events(
    dataset: fo.Dataset,
    ids: list[str],
    windows: pa.Table,
    recordings: pa.Table,
    events: Iterable[Event],
    axes: PreviewAxes,
    centers: Sequence[float] | None = None,
) -> int:
    """Make the field `events` say what the tables say; write only windows that differ.

    An event that a person changed in the App stays as it is now, also when its line is gone from
    the table; one that a person deleted stays deleted until its line changes.

    Args:
        dataset: of the samples.
        ids: sample ids in the order of `windows`.
        windows: `schemas.WINDOWS`.
        recordings: `schemas.RECORDINGS`, for rates and lengths.
        events: of the folder.
        axes: of its previews.
        centers: centre frequency of each window of radio in Hz.

    Returns:
        How many windows were written.
    """
    by_path: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_path[event.path].append(event)
    present = dataset.get_field(FIELD)
    if not by_path and present is None:
        return 0
    if present is None:
        _declare(dataset)
    elif not _is_detections(present):
        log.warning("The data set has a field %r of another type; events are left out", FIELD)
        return 0
    facts = {r["path"]: (r["sample_rate"], r["frames"]) for r in recordings.to_pylist()}
    stored = _stored(dataset)
    changes: dict[str, fo.Detections] = {}
    middles = centers or [0.0] * len(ids)
    for sample_id, row, center in zip(ids, windows.to_pylist(), middles, strict=True):
        theirs = by_path.get(row["path"], ())
        wanted = [e for e in theirs if e.begin_s < row["end_s"] and e.end_s > row["start_s"]]
        known = stored.get(sample_id, _Stored())
        if not wanted and not known.ours:
            continue
        rate, frames = facts[row["path"]]
        window = Window(
            row["start_frame"], row["frames"], round(row["padded_s"] * rate), rate, frames, center
        )
        made: dict[str, Any] = {
            e.event_id: _detection(e, row["start_s"], window, axes) for e in wanted
        }
        now = {key: as_made(d.label, d.bounding_box) for key, d in made.items()}
        if now != known.made:
            changes[sample_id] = fo.Detections(
                detections=_merged(dataset, sample_id, made, now, known), made=now
            )
    if changes:
        dataset.set_values(FIELD, changes, key_field="id", progress=False)
    return len(changes)


def _detection(event: Event, start_s: float, window: Window, axes: PreviewAxes) -> fo.Detection:
    nyquist = window.sample_rate / 2
    low, high = event.low_hz or 0.0, event.high_hz or nyquist
    if axes.two_sided:
        low = -nyquist if event.low_hz is None else event.low_hz - window.center_hz
        high = nyquist if event.high_hz is None else event.high_hz - window.center_hz
    box = axes.box(window, event.begin_s - start_s, event.end_s - start_s, low, min(high, nyquist))
    return fo.Detection(
        label=event.label or "event", bounding_box=[round(v, 6) for v in box],
        confidence=event.confidence, begin_s=event.begin_s, end_s=event.end_s,
        low_hz=event.low_hz, high_hz=event.high_hz, source=event.source, event_id=event.event_id,
    )  # fmt: skip


@dataclass(frozen=True)
class _Stored:
    """What a window has now.

    Attributes:
        ours: ids of events that came from tables.
        made: what was made of the tables; None where nothing was, or by an earlier version.
        edited: those of `ours` that a person changed.
        drawn: whether there are detections of people's.
    """

    ours: frozenset[str] = frozenset()
    made: Made | None = None
    edited: frozenset[str] = field(default_factory=frozenset)
    drawn: bool = False


def _merged(
    dataset: fo.Dataset, sample_id: str, fresh: dict[str, fo.Detection], now: Made, known: _Stored
) -> list[fo.Detection]:
    """What the tables say, but for what a person changed or deleted, and what people drew.

    What did not change in the tables stays the detection it was, with the tags that it was given.
    """
    was = known.made or {}
    deleted = was.keys() - known.ours
    same = {key for key in known.ours if key in now and was.get(key) == now[key]}
    kept = []
    detections: Any = dataset[sample_id][FIELD] if known.ours or known.drawn else None
    for detection in detections.detections if detections else ():
        key = detection["event_id"] if detection.has_field("event_id") else None
        if key in known.edited and key not in now:
            detection["event_id"] = None  # its line is gone, so it is the person's own now
            kept.append(detection)
        elif not key or key in known.edited or key in same:
            kept.append(detection)
    left = fresh.keys() - deleted - known.edited - same
    return [*(d for key, d in fresh.items() if key in left), *kept]


def _declare(dataset: fo.Dataset) -> None:
    dataset.add_sample_field(
        FIELD, fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections, description=DESCRIPTION
    )
    for name, kind in ATTRIBUTES.items():
        dataset.add_sample_field(f"{FIELD}.detections.{name}", kind)
    dataset.create_index(f"{FIELD}.detections.label")


def _is_detections(present: Any) -> bool:
    return getattr(present, "document_type", None) is fo.Detections


def _stored(dataset: fo.Dataset) -> dict[str, _Stored]:
    """What every sample has, by sample id."""
    found: dict[str, _Stored] = {}
    for document in collection(dataset).find({FIELD: {"$ne": None}}, {FIELD: 1}):
        listed = document[FIELD].get("detections") or []
        made = document[FIELD].get("made")
        ours = [d for d in listed if d.get("event_id")]
        found[str(document["_id"])] = _Stored(
            ours=frozenset(d["event_id"] for d in ours),
            made=made,
            edited=frozenset(d["event_id"] for d in ours if edited(d, made or {})),
            drawn=len(ours) < len(listed),
        )
    return found
