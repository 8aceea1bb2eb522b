"""ONNX files with weights in a second file work, are hashed, and never leave the directory."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from audio_assets.errors import CardError, CheckpointError
from audio_assets.home import Home
from audio_assets.models import manage
from audio_assets.models.adapters.inspection import inspect_model
from audio_assets.models.adapters.runtime_card import card_from_mapping
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets.models.adapters.runtime_proposal import propose_runtime_card
from audio_assets.models.registry import Checkpoint, resolve_checkpoint, weights_sha256
from audio_assets_tests.unit.models_adapters.quantized_models import (
    move_weights,
    write_external_onnx,
)
from audio_assets_tests.unit.models_adapters.tiny_models import SAMPLES, card_fields, expected


def test_they_work_and_every_byte_is_part_of_the_hash(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    path = write_external_onnx(tmp_path / "tiny" / "tiny.onnx")
    card = propose_runtime_card(path, licence="CC0", sample_rate=8000, directory=tmp_path)
    assert (card.weights, card.runtime.stages[0].file) == ("tiny", "tiny/tiny.onnx")
    noise = np.random.default_rng(1).standard_normal((3, SAMPLES)).astype(np.float32)
    with RuntimeEncoder(card, tmp_path, workers=1) as encoder:
        np.testing.assert_allclose(encoder.encode_inputs(noise), expected(noise), atol=1e-4)
    checkpoint = Checkpoint(card, tmp_path)
    before = weights_sha256(checkpoint)
    content = bytearray((tmp_path / "tiny" / "tiny.weights").read_bytes())
    content[5] ^= 1
    (tmp_path / "tiny" / "tiny.weights").write_bytes(content)
    assert weights_sha256(checkpoint) != before


def test_adding_such_a_model_takes_its_second_file_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_external_onnx(tmp_path / "tiny.onnx", "tiny.onnx.data")
    home = Home(tmp_path / "home")
    monkeypatch.setattr(manage, "probe_checkpoint", lambda checkpoint: {})  # features of silence: 0
    checkpoint, _ = manage.add(str(path), home, licence="CC0", sample_rate=8000)
    assert checkpoint.card.weights == "model"
    path.unlink()
    (tmp_path / "tiny.onnx.data").unlink()
    found = resolve_checkpoint("tiny", home)
    assert (found.weights / "tiny.onnx.data").is_file()


def test_a_card_that_leaves_the_second_file_out_of_the_hash_is_refused(tmp_path: Path) -> None:
    write_external_onnx(tmp_path / "tiny.onnx")
    card = card_from_mapping(card_fields("onnx", "tiny.onnx"), "test")
    with pytest.raises(CardError, match=r"tiny\.weights.*directory of their own"):
        RuntimeEncoder(card, tmp_path, trusted=True)


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize(
    "place", ["../secret", "/etc/hostname", "a/../../secret", "C:\\secret", "..\\secret"]
)
def test_weights_outside_the_directory_are_refused(
    tmp_path: Path, place: str, constant: bool
) -> None:
    (tmp_path / "secret").write_bytes(bytes(1 << 20))
    (tmp_path / "model").mkdir()
    path = write_external_onnx(tmp_path / "model" / "tiny.onnx")
    move_weights(path, place, constant=constant)
    with pytest.raises(CheckpointError, match="outside its own directory; refused"):
        inspect_model(path)


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    path = write_external_onnx(tmp_path / "model" / "tiny.onnx")
    shutil.move(path.with_name("tiny.weights"), tmp_path / "elsewhere")
    path.with_name("tiny.weights").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="a link to a file outside"):
        inspect_model(path)


def test_a_missing_second_file_is_named(tmp_path: Path) -> None:
    path = write_external_onnx(tmp_path / "tiny.onnx")
    path.with_name("tiny.weights").unlink()
    with pytest.raises(CheckpointError, match=r"'tiny\.weights', which is missing"):
        inspect_model(path)
