"""The encoder gives the numbers of the published code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from audio_assets.models.checkpoint_file import read_encoder
from audio_assets_tests.unit.models.parity import (
    TOLERANCE,
    parity_folder,
    rule_input,
    rule_weights,
)

KINDS = {"small": "audiomaepp", "small_baseline": "audiomae_baseline", "base": "audiomaepp"}


def _check(model: torch.nn.Module, references: np.lib.npyio.NpzFile, name: str) -> None:
    prefix = f"seed_audiomaepp/{name}"
    images = rule_input(len(references[f"{prefix}/cls"]), 3, 224, 224)
    flat = images.flatten().numpy()
    np.testing.assert_allclose(
        np.concatenate([flat[:8], flat[-8:]]), references[f"{prefix}/input_first8_last8"]
    )
    with torch.inference_mode():
        latent, mask, ids_restore = model.forward_encoder(images)
    tokens = latent.numpy()
    assert tokens.shape == tuple(references[f"{prefix}/shape"])
    for found, what in (
        (tokens[:, 0], "cls"),
        (tokens[:, 1:].mean(axis=1), "mean"),
        (tokens[:, [1, 2, 7, -1]], "tok_1_2_7_last"),
    ):
        np.testing.assert_allclose(found, references[f"{prefix}/{what}"], atol=TOLERANCE, rtol=0)
    assert not mask.any()
    assert torch.equal(ids_restore[0], torch.arange(196))


@pytest.mark.parametrize("name", KINDS)
def test_the_latent_equals_the_published_code(
    name: str, tmp_path: Path, test_data: Path | None
) -> None:
    folder = parity_folder(test_data)
    path = tmp_path / f"{name}.pt"
    torch.save(rule_weights(folder / "seed_audiomaepp" / f"{name}_config.json"), path)
    model, family = read_encoder(path)
    assert family.kind == KINDS[name]
    _check(model, np.load(folder / "references.npz"), name)


@pytest.mark.parametrize("file", ["small_checkpoint.pt", "small_encoder_only.pt"])
def test_published_files_load_from_their_own_nesting(file: str, test_data: Path | None) -> None:
    folder = parity_folder(test_data)
    model, family = read_encoder(folder / "seed_audiomaepp" / file)
    assert family.kind == "audiomaepp"
    _check(model, np.load(folder / "references.npz"), "small")
