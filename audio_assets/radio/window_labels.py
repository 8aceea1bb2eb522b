"""The label of a window in a recording with annotations: that of its own ones, else none."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from audio_assets.home import Home

Texts = list[str | None]


def labels_of_windows(
    home: Home, folder: str, window_ids: Sequence[str], labels: Sequence[str | None]
) -> Texts:
    """As `window_labels`, by what the home knows of the folder.

    Args:
        home: holds the folder's outputs.
        folder: its key.
        window_ids: of N windows.
        labels: of their recordings.

    Raises:
        StorageError: what is known cannot be read.
    """
    from audio_assets.radio.window_facts import FACTS, read_window_facts

    directory = home.asset("spectrograms", folder=folder)
    if not (directory / FACTS).is_file():  # a folder of sound
        return list(labels)
    return window_labels(window_ids, labels, labels, read_window_facts(directory))[0]


def window_labels(
    window_ids: Sequence[str],
    labels: Sequence[str | None],
    categories: Sequence[str | None],
    facts: pa.Table | None,
) -> tuple[Texts, Texts]:
    """Labels and categories of windows, by those of their recordings.

    Where a recording has labelled annotations, a window's label is that of the one which covers
    most of it, and none where there is none; elsewhere it is the recording's. A category that only
    repeats its recording's label follows it; one of its own stays.

    Args:
        window_ids: of N windows.
        labels: of their recordings.
        categories: of their recordings.
        facts: `window_facts.read_window_facts` of the folder; None for a folder of sound.

    Returns:
        The labels and the categories of the windows.
    """
    if facts is None or "annotated" not in facts.column_names:
        return list(labels), list(categories)
    columns = (facts[name].to_pylist() for name in ("window_id", "label", "annotated"))
    own = {window: label for window, label, annotated in zip(*columns, strict=True) if annotated}
    found = [own.get(window, old) for window, old in zip(window_ids, labels, strict=True)]
    rows = zip(window_ids, labels, categories, strict=True)
    return found, [own.get(w, old) if old == label else old for w, label, old in rows]
