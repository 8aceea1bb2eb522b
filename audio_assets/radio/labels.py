"""Labels that annotations give to a span of samples."""

from __future__ import annotations

import bisect
from collections import Counter

from audio_assets.radio.layout import IqLayout
from audio_assets.radio.metadata import Annotation, SigmfMetadata

MOST_KEPT = 64
_KEPT: dict[int, tuple[SigmfMetadata, list[int], int]] = {}


def annotation_end(annotation: Annotation, frames: int) -> int:
    """First sample behind an annotation; one without a length reaches to the end."""
    if annotation.count is None:
        return frames
    return min(frames, annotation.first + annotation.count)


def labels_of(layout: IqLayout | None, start: int, end: int) -> list[str]:
    """Labels in a span, the one of most samples first.

    Args:
        layout: of the recording.
        start: first sample.
        end: first sample behind it.
    """
    if layout is None or layout.metadata is None:
        return []
    covered: Counter[str] = Counter()
    for annotation in _touching(layout, start, end):
        if annotation.label:
            last = min(end, annotation_end(annotation, layout.frames))
            covered[annotation.label] += max(1, last - max(start, annotation.first))
    return sorted(covered, key=lambda label: (-covered[label], label))


def has_labels(layout: IqLayout | None) -> bool:
    """Whether any annotation of a recording has a label."""
    metadata = layout.metadata if layout is not None else None
    return metadata is not None and any(a.label for a in metadata.annotations)


def _touching(layout: IqLayout, start: int, end: int) -> list[Annotation]:
    """Annotations that touch a span; metadata may hold a hundred thousand of them."""
    metadata = layout.metadata
    if metadata is None or not metadata.annotations:
        return []
    firsts, longest = _index(metadata, layout.frames)
    begin = bisect.bisect_left(firsts, start - longest)
    stop = bisect.bisect_left(firsts, end)
    found = metadata.annotations[begin:stop]
    return [a for a in found if annotation_end(a, layout.frames) > start]


def _index(metadata: SigmfMetadata, frames: int) -> tuple[list[int], int]:
    """Starts of the annotations, which are sorted, and the length of the longest."""
    kept = _KEPT.get(id(metadata))
    if kept is None or kept[0] is not metadata:
        annotations = metadata.annotations
        longest = max(annotation_end(a, frames) - a.first for a in annotations)
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        kept = _KEPT[id(metadata)] = (metadata, [a.first for a in annotations], longest)
    return kept[1], kept[2]
