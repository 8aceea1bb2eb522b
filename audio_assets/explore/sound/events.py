"""Events of a sample for the player: time-frequency boxes in seconds and hertz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audio_assets.explore.fields import EVENTS as FIELD
from audio_assets.explore.made_events import moved
from audio_assets.explore.sound.sample_sound import SampleSound
from audio_assets.explore.sound.span import Span


def events_of(sound: SampleSound, span: Span, samples: Any) -> dict[str, Any]:
    """Events that overlap a span.

    Args:
        sound: of the sample.
        span: of its recording.
        samples: collection of the data set's samples, asked for those of the same recording when
            the span reaches beyond the window.

    Returns:
        start_s, end_s, labels (distinct, sorted), and events sorted by time: id, label,
        confidence, start_s and end_s (from the start of the window), low_hz, high_hz (of the
        whole band where the table says nothing), source.
    """
    window_s = sound.start_frame / sound.sample_rate
    nyquist = sound.sample_rate / 2
    found: dict[str, dict[str, Any]] = {}
    for detection in _detections(sound, span, samples):
        begin, end = detection.get("begin_s"), detection.get("end_s")
        if begin is None or end is None:
            begin, end = _from_box(sound, detection)
        start_s, end_s = begin - window_s, end - window_s
        if end_s <= span.start_s or start_s >= span.end_s:
            continue
        key = str(detection.get("event_id") or detection.get("_id"))
        found[key] = {
            "id": key, "label": detection.get("label") or "event",
            "confidence": detection.get("confidence"), "start_s": start_s, "end_s": end_s,
            "low_hz": detection.get("low_hz") or 0.0,
            "high_hz": detection.get("high_hz") or nyquist, "source": detection.get("source"),
        }  # fmt: skip
    events = sorted(found.values(), key=lambda e: (e["start_s"], e["low_hz"]))
    labels = sorted({event["label"] for event in events})
    return {"start_s": span.start_s, "end_s": span.end_s, "labels": labels, "events": events}


def _detections(sound: SampleSound, span: Span, samples: Any) -> Iterator[dict[str, Any]]:
    yield from _listed(sound.document)
    beyond = span.start_s < 0 or span.end_s * sound.sample_rate > sound.frames
    if beyond:
        same = {"path": sound.document.get("path"), f"{FIELD}.detections.0": {"$exists": True}}
        for document in samples.find(same, {FIELD: 1}):
            yield from (d for d in _listed(document) if d.get("begin_s") is not None)


def _listed(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Its detections; those whose box a person moved without the times of their table."""
    stored = document.get(FIELD) or {}
    made = stored.get("made") or {}
    return [
        {**d, "begin_s": None, "end_s": None} if moved(d, made) else d
        for d in stored.get("detections") or []
    ]


def _from_box(sound: SampleSound, detection: dict[str, Any]) -> tuple[float, float]:
    """Seconds of the recording for a box that a person drew: its share of the window."""
    left, _, width, _ = (*(detection.get("bounding_box") or ()), 0, 0, 1, 1)[:4]
    first, length = sound.start_frame / sound.sample_rate, sound.frames / sound.sample_rate
    return first + left * length, first + (left + width) * length
