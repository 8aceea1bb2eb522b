"""The parity references: published code's outputs on weights that a rule makes from their names."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from audio_assets_tests.conftest import REPOSITORY

TOLERANCE = 2e-5


def parity_folder(test_data: Path | None) -> Path:
    """Return the directory of the references; skip where this checkout has none."""
    for folder in (
        (test_data or Path()).parent / "parity",
        REPOSITORY.parent / "shared" / "parity",
    ):
        if (folder / "references.npz").is_file():
            return folder
    pytest.skip("no parity references beside the test data")


def rule_weights(config_file: Path) -> dict[str, torch.Tensor]:
    """Make the state dict that a config file describes."""
    keys = json.loads(config_file.read_text())["keys"]
    state = {}
    for key, spec in keys.items():
        value = _crc32(key, spec["shape"]) if spec["rule"] == "crc32" else np.zeros(spec["shape"])
        state[key] = torch.from_numpy(np.asarray(value, dtype=np.float32))
    return state


def rule_input(batch: int, *shape: int) -> torch.Tensor:
    """Make the input of the references."""
    stream = np.random.RandomState(1234)
    return torch.from_numpy(stream.standard_normal((batch, *shape)).astype(np.float32))


def _crc32(key: str, shape: list[int]) -> np.ndarray:
    stream = np.random.RandomState(zlib.crc32(key.encode()))
    normal = stream.standard_normal(int(np.prod(shape))).astype(np.float32).reshape(shape)
    if key.endswith(("cls_token", "mask_token", "pos_embed")):
        return 0.02 * normal
    if len(shape) >= 2:
        return normal * np.float32(np.sqrt(2 / (shape[0] + np.prod(shape[1:]))))
    return 1 + 0.1 * normal if key.endswith("weight") else 0.02 * normal
