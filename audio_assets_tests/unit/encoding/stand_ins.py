"""A tiny transform and encoder that keep the contract, and folders of synthesized sound."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import soundfile as sf

from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid, with_grid

RATE = 8000


class BandsTransform:
    """Log power in 16 bands of 16 frames: uint8 [16, 16] of one second at 8 kHz."""

    name: ClassVar[str] = "bands"
    version: ClassVar[int] = 1
    sample_rate, input_samples = RATE, RATE
    output_shape, output_dtype = (16, 16), np.dtype(np.uint8)

    def __init__(self) -> None:
        self.calls = 0

    def parameters(self) -> dict[str, Any]:
        return {"bands": 16}

    def __call__(self, waveforms: np.ndarray) -> np.ndarray:
        self.calls += len(waveforms)
        frames = waveforms.reshape(len(waveforms), 16, -1)
        power = np.abs(np.fft.rfft(frames, axis=2)[:, :, :240]) ** 2
        bands = power.reshape(len(waveforms), 16, 16, 15).mean(axis=3)
        decibels = 10 * np.log10(bands + 1e-8) + 80
        return np.clip(decibels * 2, 0, 255).astype(np.uint8).transpose(0, 2, 1)

    def to_image(self, array: np.ndarray) -> np.ndarray:
        return array


class ProjectionEncoder:
    """A fixed random projection of the bands to 24 dimensions; counts what it is asked."""

    dim = 24
    device = "cpu"

    def __init__(self, *, die_after: int | None = None) -> None:
        self.transform = BandsTransform()
        self.inputs = self.calls = 0
        self.rows: list[int] = []
        self._die_after = die_after
        self._weights = np.random.default_rng(7).normal(size=(256, self.dim)).astype(np.float32)

    def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
        if self.calls == self._die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        self.calls += 1
        self.rows.append(len(inputs))
        self.inputs += int((inputs.reshape(len(inputs), -1) != 0).any(axis=1).sum())
        return np.tanh(inputs.reshape(len(inputs), -1) / np.float32(255) @ self._weights)


class ConstantEncoder(ProjectionEncoder):
    """The commonest failure: one vector for everything."""

    def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
        super().encode_inputs(inputs)
        return np.ones((len(inputs), self.dim), np.float32)


class NanEncoder(ProjectionEncoder):
    """One value of the third input is not a number."""

    def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
        vectors = super().encode_inputs(inputs)
        vectors[2, 5] = np.nan
        return vectors


def sound(seed: int, seconds: float, rate: int = RATE) -> np.ndarray:
    """A tone in noise, float32, never silent."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * rng.uniform(100, rate / 2.2) * t)
    return (tone + rng.normal(scale=rng.uniform(0.005, 0.1), size=len(t))).astype(np.float32)


def write_folder(root: Path, count: int = 12, seconds: float = 1.5, rate: int = RATE) -> Path:
    """`count` clips of different lengths around `seconds`."""
    root.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        sf.write(root / f"clip{i:03}.wav", sound(i, seconds + 0.05 * (i % 5), rate), rate)
    return root


def scanned(
    root: Path, *, policy: str = "sliding", window: float = 1.0, hop: float = 0.5
) -> pa.Table:
    """The recordings table of a folder with a grid."""
    grid = WindowGrid(policy=policy, window_s=window, hop_s=hop)  # type: ignore[arg-type]
    return with_grid(scan_folder(root), grid)
