"""Visualisations: functions of windows and vectors that draw a PNG; the fourth kind of plug-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from audio_assets.plugins import Registry

if TYPE_CHECKING:
    import pandas as pd


class Visualisation(Protocol):
    """Draws one folder under one checkpoint."""

    def __call__(self, windows: pd.DataFrame, vectors: np.ndarray, /) -> bytes:
        """Draw.

        Args:
            windows: one row per vector: window_id and, where known, label and other metadata.
            vectors: float32 [N, dim], in the same order; N may be 0.

        Returns:
            A PNG of at most 50 kB.
        """
        ...


MATRIX_PIXELS = 400

visualisation_registry: Registry[Visualisation] = Registry(
    "visualisations",
    {
        "principal_components": "audio_assets.analysis.visualisations:principal_components",
        "similarity_matrix": "audio_assets.analysis.visualisations:similarity_matrix",
    },
)


def principal_components(windows: pd.DataFrame, vectors: np.ndarray, /) -> bytes:
    """The first two principal components, coloured by label."""
    from audio_assets.analysis.plots import scatter_png
    from audio_assets.analysis.umap_layout import pca_layout

    return scatter_png(pca_layout(vectors, 2), _labels(windows))


def similarity_matrix(windows: pd.DataFrame, vectors: np.ndarray, /) -> bytes:
    """Mean cosine between the labels' windows; rows and columns in order of name."""
    from audio_assets.analysis.neighbours import unit_rows
    from audio_assets.transforms.spectrogram_png import picture_png

    names = np.array([str(label or "") for label in _labels(windows) or [""] * len(vectors)])
    units = unit_rows(vectors)
    means = [units[names == name].mean(axis=0) for name in sorted(set(names.tolist()))]
    if not means:
        return picture_png(np.zeros((8, 8), np.uint8), MATRIX_PIXELS)
    cosine = np.clip(np.stack(means) @ np.stack(means).T, 0, 1)
    return picture_png((255 * cosine[::-1]).astype(np.uint8), MATRIX_PIXELS)


def _labels(windows: pd.DataFrame) -> list[object] | None:
    return windows["label"].tolist() if "label" in windows else None
