"""Raven selection tables: one for all recordings in playing order, or one per recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from audio_assets.exports.playing_order import Played
from audio_assets.exports.text_cells import one_line, tab_separated
from audio_assets.exports.values import json_value

if TYPE_CHECKING:
    import pandas as pd

SUFFIX = ".Table.1.selections.txt"
COLUMNS = (
    "Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)",
    "High Freq (Hz)", "Begin Path", "Begin File", "End File", "File Offset (s)",
)  # fmt: skip
"""Raven Pro's own columns; its manual takes any further one as an annotation."""

ANNOTATIONS = {
    "Window Id": "window_id", "Start Time (UTC)": "window_start_time", "Label": "label",
    "Cluster": "cluster",
}  # fmt: skip


def raven_table(
    windows: pd.DataFrame, order: Mapping[str, Played], *, cumulative: bool = True
) -> bytes:
    """A selection table.

    Begin and End Time count from the start of the first recording, as Raven does for recordings
    opened as one sequence; File Offset counts from the start of the recording that Begin Path
    names, whatever is opened.

    Args:
        windows: rows with window_id, path, start_s, end_s and perhaps window_start_time, label,
            cluster.
        order: the recordings by path.
        cumulative: False for windows of one recording that is opened alone.

    Returns:
        The file: UTF-8, tab-separated, times to the microsecond, 0 Hz to half the sample rate.
    """
    further = {title: name for title, name in ANNOTATIONS.items() if name in windows}
    rows = [[*COLUMNS, *further]]
    for number, window in enumerate(windows.to_dict("records"), 1):
        played = order[window["path"]]
        base = played.begins_at if cumulative else 0.0
        name = one_line(Path(played.path).name)
        cells = [
            str(number), "Spectrogram 1", "1", f"{base + window['start_s']:.6f}",
            f"{base + window['end_s']:.6f}", "0.000", f"{played.nyquist_hz:.3f}",
            one_line(played.file), name, name, f"{window['start_s']:.6f}",
        ]  # fmt: skip
        rows.append(cells + [one_line(json_value(window[name])) for name in further.values()])
    return tab_separated(rows)


def sound_list(order: Mapping[str, Played]) -> bytes:
    """The recordings whose lengths a cumulative table adds up, one absolute path a line."""
    return tab_separated([one_line(played.file)] for played in order.values())
