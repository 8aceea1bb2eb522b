"""The maps of the embedding space."""

from __future__ import annotations

import numpy as np

from audio_assets.reports.contents import Contents, Map
from audio_assets.reports.document import Block, Note, Picture, Section, Text
from audio_assets.reports.figures.space import MOST_POINTS, Coloring, space_map
from audio_assets.reports.wording import settings

HOW = (
    "Each point is a window; windows that the model takes for alike lie close together. Distances "
    "between far groups, and their sizes, say little."
)
SMALLEST = 2


def space(contents: Contents) -> Section:
    """UMAP and t-SNE, by class and by cluster."""
    blocks: list[Block] = [Text(HOW)]
    colorings = _colorings(contents)
    for name in ("UMAP", "t-SNE"):
        found = next((m for m in contents.maps if m.name == name), None)
        if found is None:
            blocks.append(Note(f"{name} is not shown. {contents.missing(name) or ''}"))
        elif len(found.points) < SMALLEST:
            blocks.append(Note(f"{name} is not shown: a map needs two windows."))
        else:
            panels = [Coloring(f"{name} by {c.title}", c.codes, c.names, c.grey) for c in colorings]
            alt = f"{name} of {len(found.points):,} windows"
            blocks.append(Picture(space_map(found.points, panels), alt, _caption(found)))
    return Section("space", "Embedding space", blocks)


def class_codes(contents: Contents) -> np.ndarray:
    """Number of each window's class in the order of names; -1 without one."""
    place = {name: i for i, name in enumerate(contents.classes)}
    return np.array([place.get(label, -1) for label in contents.labels], int)


def cluster_titles(contents: Contents) -> list[str]:
    """A name for each cluster: its number, and the label of most of its windows."""
    clusters = contents.clusters
    titles: list[str] = []
    if clusters is None:
        return titles
    for cluster in clusters.names:
        labels = [x for x in contents.labels[clusters.members(cluster)] if x is not None]
        names, sizes = np.unique(np.array(labels, dtype=str), return_counts=True)
        most = f": {names[sizes.argmax()]}" if len(names) else ""
        titles.append(f"{cluster}{most}")
    return titles


def _colorings(contents: Contents) -> list[Coloring]:
    found: list[Coloring] = []
    if contents.classes:
        codes = class_codes(contents)
        found.append(Coloring("class", codes, contents.classes, "without a class"))
    if contents.clusters is not None:
        number = contents.clusters.number
        found.append(Coloring("cluster", number, cluster_titles(contents), "noise"))
    if not found:
        nothing = np.full(len(contents.windows), -1)
        found.append(Coloring("nothing: no classes, no clusters", nothing, (), "windows"))
    return found


def _caption(found: Map) -> str:
    seed = (found.parameters.get("asked") or {}).get("seed")
    told = settings({**(found.parameters.get("used") or {}), "seed": seed})
    text = f"{found.name} made with {told}." if told else ""
    if len(found.points) > MOST_POINTS:
        text += f" {MOST_POINTS:,} of {len(found.points):,} windows at equal steps are drawn."
    return text.strip()
