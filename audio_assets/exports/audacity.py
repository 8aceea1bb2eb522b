"""Audacity label tracks: start, end and text, one region a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from audio_assets.exports.playing_order import Played
from audio_assets.exports.text_cells import one_line, tab_separated
from audio_assets.exports.values import json_value

if TYPE_CHECKING:
    import pandas as pd

SUFFIX = ".labels.txt"


def audacity_labels(
    windows: pd.DataFrame, order: Mapping[str, Played], *, cumulative: bool = True
) -> bytes:
    """A label track.

    Args:
        windows: rows with window_id, path, start_s, end_s and perhaps label and cluster.
        order: the recordings by path.
        cumulative: times from the start of the first recording, for recordings that are imported
            one behind the other; False for one recording alone.

    Returns:
        The file: UTF-8, tab-separated, no heading, decimal points, times to the microsecond.
    """
    rows = []
    for window in windows.to_dict("records"):
        base = order[window["path"]].begins_at if cumulative else 0.0
        times = (base + window["start_s"], base + window["end_s"])
        rows.append([*(f"{time:.6f}" for time in times), _text(window)])
    return tab_separated(rows)


def _text(window: dict[Any, Any]) -> str:
    """Label and cluster, noise (-1) not counted as one; the window's id where there is neither."""
    parts = [one_line(window.get("label"))]
    cluster = json_value(window.get("cluster"))
    parts += [f"cluster {cluster}"] if cluster is not None and cluster >= 0 else []
    return " ".join(part for part in parts if part) or window["window_id"]
