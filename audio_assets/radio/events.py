"""SigMF annotations as events: boxes of time and frequency in the recordings of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from audio_assets.loaders.events import Event
from audio_assets.radio.captures import frequency_at, known_layout, meta_of
from audio_assets.radio.labels import annotation_end
from audio_assets.radio.layout import IqLayout
from audio_assets.radio.metadata import Annotation
from audio_assets.radio.statement import RadioSettings


def sigmf_events(root: Path, paths: Iterable[str], stated: RadioSettings | None) -> list[Event]:
    """Annotations of a folder's recordings.

    Args:
        root: of the folder.
        paths: of its recordings, relative.
        stated: what the folder says of IQ.

    Returns:
        Events in the order of recordings and samples; frequencies are those of the air where the
        centre frequency is known, else offsets from it.
    """
    events: list[Event] = []
    for path in paths:
        layout = known_layout(root / path, stated)
        if layout is None or layout.metadata is None:
            continue
        source = meta_of(root / path).relative_to(root).as_posix()
        for annotation in layout.metadata.annotations:
            event = _event(path, source, layout, annotation, stated)
            if event.begin_s < event.end_s:
                events.append(event)
    return events


def _event(
    path: str, source: str, layout: IqLayout, annotation: Annotation, stated: RadioSettings | None
) -> Event:
    rate = layout.sample_rate
    center = frequency_at(layout, annotation.first, stated) or 0.0
    edges = (annotation.low_hz, annotation.high_hz)
    low, high = (in_the_air(edge, edges, center, rate) for edge in edges)
    begin, end = annotation.first / rate, annotation_end(annotation, layout.frames) / rate
    return Event(path, begin, end, low, high, annotation.label, None, source)


def in_the_air(
    edge: float | None, edges: tuple[float | None, float | None], center: float, rate: float
) -> float | None:
    """A frequency edge in Hz of the air.

    SigMF wants that; many writers give offsets from the centre instead, which show by lying outside
    the band where their sum with the centre does not.
    """
    known = [e for e in edges if e is not None]
    outside = all(abs(e - center) > rate for e in known)
    offsets = all(abs(e) <= rate / 2 * 1.001 for e in known)
    return edge if edge is None or not (outside and offsets) else edge + center
