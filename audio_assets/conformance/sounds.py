"""Two sounds that no plug-in may take for one another."""

from __future__ import annotations

import numpy as np


def noise(length: int, seed: int = 0) -> np.ndarray:
    """White noise: float32 [length], standard deviation 0.1."""
    return (0.1 * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)


def tone(length: int, rate: float, frequency: float | None = None) -> np.ndarray:
    """A sine, by default at a sixteenth of the rate: float32 [length], amplitude 0.5."""
    time = np.arange(length) / rate
    return (0.5 * np.sin(2 * np.pi * (frequency or rate / 16) * time)).astype(np.float32)
