"""A cluster renamed into a label: written to the edits first, then shown in FiftyOne."""

from __future__ import annotations

import fiftyone as fo

from audio_assets.analysis.clustering.finished import FinishedClustering
from audio_assets.catalogue.window_editing import label_windows
from audio_assets.explore.clusters.cards import NAMED, members_of
from audio_assets.explore.clusters.windows import windows_of
from audio_assets.home import Home


def name_cluster(
    home: Home,
    dataset: fo.Dataset,
    clustering: FinishedClustering,
    cluster: int,
    label: str,
    *,
    by: str,
    only_unlabelled: bool = False,
) -> int:
    """Give the windows of a cluster its name as their label.

    The name belongs to the windows from then on: every later run keeps it, and so does another
    clustering, in which they may lie in several clusters.

    Args:
        home: holds the edits.
        dataset: of the folder.
        clustering: whose cluster it is.
        cluster: its number.
        label: the name.
        by: who says so.
        only_unlabelled: leave windows alone that have a label.

    Returns:
        How many windows were given the label.

    Raises:
        MetadataError: the label is empty or too long.
        StorageError: the edits cannot be written; FiftyOne is then left as it is.
    """
    known = windows_of(dataset)
    members = [known[id] for id in members_of(clustering.table(), cluster) if id in known]
    chosen = [w for w in members if w.label is None] if only_unlabelled else members
    count = label_windows(
        home,
        str(dataset.name),
        [(w.window_id, w.path) for w in chosen],
        label,
        by=by,
        origin=f"{NAMED}{cluster} of {clustering.id}",
    )
    text = " ".join(label.split())
    labels = {w.sample_id: fo.Classification(label=text) for w in chosen}
    if labels:
        dataset.set_values("label", labels, key_field="id", progress=False)
    return count
