"""The windows that people chose in FiftyOne: the samples of a saved view, or of a tag."""

from __future__ import annotations

from typing import Any

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.explore.environment import load_fiftyone
from audio_assets.home import Home


def chosen_windows(
    home: Home, folder: str, *, view: str | None = None, tag: str | None = None
) -> set[str]:
    """Window ids of a folder's samples in a saved view, or with a tag.

    Args:
        home: whose database is asked.
        folder: the folder, which is the data set's name.
        view: name of a saved view.
        tag: a tag of samples.

    Raises:
        NotMaterializedError: the folder has no data set.
        UsageError: there is no such view or tag, with those that there are.
        DatabaseError: MongoDB cannot be started or reached.
    """
    fiftyone = load_fiftyone(home)
    if not fiftyone.dataset_exists(folder):
        raise NotMaterializedError(
            f"Folder {folder!r} has no FiftyOne data set. Run: audio-assets run FOLDER"
        )
    dataset: Any = fiftyone.load_dataset(folder)
    chosen: Any = dataset
    if view is not None:
        _require("saved view", view, dataset.list_saved_views(), folder)
        chosen = dataset.load_saved_view(view)
    if tag is not None:
        _require("tag", tag, dataset.distinct("tags"), folder)
        chosen = chosen.match_tags(tag)
    return set(chosen.values("window_id"))


def _require(what: str, name: str, known: list[str], folder: str) -> None:
    if name not in known:
        there = ", ".join(known) or "none"
        raise UsageError(f"Data set {folder!r} has no {what} {name!r}. There are: {there}.")
