"""What is odd in SigMF metadata beside their samples, and no reason to refuse them."""

from __future__ import annotations

from audio_assets.loaders.places.sigmf import misplaced
from audio_assets.radio.layout import IqLayout


def oddities(layout: IqLayout) -> list[str]:
    """Warnings that name the field; they come behind those of the layout.

    Args:
        layout: of the recording.
    """
    metadata = layout.metadata
    if metadata is None:
        return []
    found: list[str] = []
    for i, annotation in enumerate(metadata.annotations):
        if annotation.first + (annotation.count or 0) > layout.frames:
            length = "" if annotation.count is None else f", core:sample_count {annotation.count}"
            start = annotation.fields["core:sample_start"]
            found.append(f"the first is annotations[{i}]: core:sample_start {start}{length}")
            break
    first = [capture.fields for capture in metadata.captures[:1]]
    place = misplaced({"global": metadata.fields, "captures": first})
    if place is not None:
        found.append(place)
    if metadata.metadata_only:
        found.append("core:metadata_only is set, though there are samples")
    return found
