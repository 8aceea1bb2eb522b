"""Pictures of a finished training: losses, confusion of classes, neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray


def plot_losses(losses: Mapping[str, Sequence[tuple[int, float]]]) -> Figure:
    """Draw the loss of each stage over its passes, one panel per stage.

    Args:
        losses: by stage, [(pass, loss), …].

    Returns:
        The figure.
    """
    columns = min(3, max(1, len(losses)))
    rows = -(-max(1, len(losses)) // columns)
    size = (4.2 * columns, 2.8 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat[len(losses) :]:
        axis.set_axis_off()
    for axis, (stage, points) in zip(axes.flat, losses.items(), strict=False):
        passes, values = zip(*points, strict=True)
        axis.plot(passes, values, marker="o" if len(points) < 30 else None)
        axis.set(title=stage, xlabel="pass", ylabel="loss")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.grid(alpha=0.3)
    plt.close(figure)
    return figure


def plot_confusion(
    truth: NDArray[np.int64], votes: NDArray[np.int64], names: Sequence[str]
) -> Figure:
    """Draw which classes the neighbours of each class's clips vote for.

    Args:
        truth: class of each query, int64 [Q].
        votes: class that its neighbours vote for, int64 [Q].
        names: names of the classes.

    Returns:
        The figure; rows are the true classes.
    """
    counts = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(counts, (truth, votes), 1)
    side = max(4.0, 0.32 * len(names) + 2.0)
    figure, axis = plt.subplots(figsize=(side, side), layout="constrained")
    axis.imshow(counts / np.maximum(1, counts.sum(axis=1, keepdims=True)), cmap="Blues", vmin=0)
    axis.set_xticks(range(len(names)), names, rotation=90)
    axis.set_yticks(range(len(names)), names)
    axis.set(xlabel="class by the five nearest neighbours", ylabel="true class")
    for row, column in zip(*np.nonzero(counts), strict=True):
        share = counts[row, column] / counts[row].sum()
        colour = "white" if share > 0.5 else "black"
        axis.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour,
                  fontsize=8)  # fmt: skip
    plt.close(figure)
    return figure


def plot_neighbours(
    queries: NDArray[np.uint8],
    query_names: Sequence[str],
    neighbours: Sequence[NDArray[np.uint8]],
    neighbour_names: Sequence[Sequence[str]],
) -> Figure:
    """Draw queries with their nearest neighbours; a red title is another class.

    Args:
        queries: pictures, uint8 [Q, H, W], row 0 = low frequency.
        query_names: their classes.
        neighbours: for each query, pictures uint8 [K, H, W].
        neighbour_names: and their classes.

    Returns:
        The figure.
    """
    columns = 1 + max(len(pictures) for pictures in neighbours)
    size = (1.9 * columns, 2.1 * len(queries))
    figure, axes = plt.subplots(
        len(queries), columns, figsize=size, squeeze=False, layout="constrained"
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for row, query in enumerate(queries):
        pictures = [query, *neighbours[row]]
        titles = [query_names[row], *neighbour_names[row]]
        for column, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
            axis = axes[row, column]
            axis.imshow(picture, origin="lower", aspect="auto", cmap="magma")
            right = title == query_names[row]
            text = f"query: {title}" if column == 0 else title
            axis.set_title(text, fontsize=9, color="black" if right else "crimson")
    plt.close(figure)
    return figure
