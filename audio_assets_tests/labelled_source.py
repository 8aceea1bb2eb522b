"""Where tests take labelled clips from: real ones, or synthetic where there are none."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest


def labelled_source(
    test_data: Path | None, tmp_path_factory: pytest.TempPathFactory, clips_per_class: int
) -> tuple[Path, list[dict[str, str]]]:
    """A folder in the ESC-50 layout and the rows of its table.

    Args:
        test_data: real recordings; None where there are none.
        tmp_path_factory: of pytest.
        clips_per_class: of the synthetic soundscape.
    """
    if test_data is not None:
        source = test_data / "esc10"
    else:
        from audio_assets.recordings.synthesize import synthesize_soundscape

        source = tmp_path_factory.mktemp("synthetic") / "all"
        synthesize_soundscape(source, clips_per_class=clips_per_class)
    with next((source / "meta").glob("*.csv")).open() as stream:
        return source, list(csv.DictReader(stream))
