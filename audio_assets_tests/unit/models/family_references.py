"""Parity of families A and B: tables that upstream computes, and the comparison itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from audio_assets_tests.unit.models.parity import TOLERANCE, rule_weights


def sincos_table(width: int, rows: int, columns: int) -> torch.Tensor:
    """The fixed table of masked autoencoders: column in the first half, row in the second.

    Returns:
        float32 [1, 1 + rows * columns, width]; the CLS row is zero.
    """
    omega = 1.0 / 10000 ** (np.arange(width // 4, dtype=np.float32) / np.float32(width / 4))
    row, column = np.divmod(np.arange(rows * columns), columns)
    halves = []
    for index in (column, row):
        angles = np.outer(index.astype(np.float32), omega)
        halves += [np.sin(angles), np.cos(angles)]
    body = np.concatenate(halves, axis=1).astype(np.float32)
    return torch.from_numpy(np.concatenate([np.zeros((1, width), np.float32), body]))[None]


def family_state(
    config_file: Path, table_key: str, grid: tuple[int, int]
) -> dict[str, torch.Tensor]:
    """Weights by the rule, with the position table that upstream computes."""
    state = rule_weights(config_file)
    state[table_key] = sincos_table(state[table_key].shape[-1], *grid)
    return state


def difference(tokens: torch.Tensor, references: np.lib.npyio.NpzFile, prefix: str) -> float:
    """Largest difference of tokens [B, 1 + N, D] to the stored references; checks the shape."""
    found = tokens.numpy()
    assert found.shape == tuple(references[f"{prefix}/shape"])
    parts = {
        "cls": found[:, 0],
        "mean": found[:, 1:].mean(axis=1),
        "tok_1_2_7_last": found[:, [1, 2, 7, -1]],
    }
    return max(
        float(np.abs(part - references[f"{prefix}/{what}"]).max()) for what, part in parts.items()
    )


def assert_parity(tokens: torch.Tensor, references: np.lib.npyio.NpzFile, prefix: str) -> None:
    """Fail where tokens differ from the references by more than the README allows."""
    assert difference(tokens, references, prefix) <= TOLERANCE
