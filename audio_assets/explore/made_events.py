"""What was made of a table's event, beside what a person made of it in the App."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Made = dict[str, dict[str, Any]]
"""Event id → `as_made` of it; lies beside a sample's detections."""


def as_made(label: str | None, box: Sequence[float]) -> dict[str, Any]:
    """What tells whether a detection was changed: its label and its box to a millionth."""
    return {"label": label, "box": [round(float(v), 6) for v in box]}


def moved(detection: dict[str, Any], made: Made) -> bool:
    """Whether a person moved or resized the box of an event.

    Args:
        detection: as MongoDB has it.
        made: of the same sample.
    """
    was = made.get(str(detection.get("event_id")))
    return was is not None and was["box"] != as_made(None, detection["bounding_box"])["box"]


def edited(detection: dict[str, Any], made: Made) -> bool:
    """Whether a person moved an event or gave it another label; see `moved`."""
    was = made.get(str(detection.get("event_id")))
    return was is not None and was != as_made(detection.get("label"), detection["bounding_box"])
