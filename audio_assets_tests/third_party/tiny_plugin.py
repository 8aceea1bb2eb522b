"""A third-party package as it lies when installed: a transform, a loader, a visualisation."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import BaseModel

from audio_assets.loaders.base import AudioDataLoader


class LoudnessParameters(BaseModel, frozen=True, extra="forbid"):
    sample_rate: int = 8000
    frames: int = 64


class Loudness:
    """Level of short frames in decibels, as one row."""

    name: ClassVar[str] = "loudness"
    version: ClassVar[int] = 1
    Parameters = LoudnessParameters

    def __init__(self, parameters: LoudnessParameters) -> None:
        self._parameters = parameters

    @property
    def sample_rate(self) -> int:
        return self._parameters.sample_rate

    @property
    def input_samples(self) -> int:
        return self._parameters.frames * 100

    @property
    def output_shape(self) -> tuple[int, ...]:
        return (1, self._parameters.frames)

    @property
    def output_dtype(self) -> np.dtype:
        return np.dtype(np.float32)

    def parameters(self) -> dict:
        return self._parameters.model_dump()

    def __call__(self, waveforms: np.ndarray) -> np.ndarray:
        frames = waveforms.reshape(len(waveforms), 1, self._parameters.frames, 100)
        return (10 * np.log10((frames**2).mean(axis=-1) + 1e-10)).astype(np.float32)

    def to_image(self, array: np.ndarray) -> np.ndarray:
        return np.clip((array + 100) * 2.5, 0, 255).astype(np.uint8)


class NameIsLabel(AudioDataLoader):
    """Recordings named <label>-<anything>, marked by a file NAMES."""

    name = "name_is_label"

    @classmethod
    def detect(cls, root: Path) -> bool:
        return (root / "NAMES").is_file()

    def load_metadata(self) -> pd.DataFrame:
        keys = self.audio_keys()
        labels = [Path(key).name.split("-")[0] for key in keys]
        nowhere = [None] * len(keys)
        return pd.DataFrame({"filepath": keys, "label": labels, "lat": nowhere, "lon": nowhere})


def norms(windows: pd.DataFrame, vectors: np.ndarray, /) -> bytes:
    """Length of each vector over its number."""
    from audio_assets.analysis.plots import scatter_png

    return scatter_png(np.column_stack([np.arange(len(vectors)), np.linalg.norm(vectors, axis=1)]))
