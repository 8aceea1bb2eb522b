from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from audio_assets.errors import CardError, CheckpointError, EncodingError
from audio_assets.models.adapters import trial
from audio_assets.models.adapters.runtime_card import (
    card_from_mapping,
    read_runtime_card,
    write_runtime_card,
)
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder, load_runtime_encoder
from audio_assets.models.adapters.runtime_proposal import propose_runtime_card
from audio_assets.models.registry import Checkpoint
from audio_assets_tests.unit.models_adapters.tiny_models import (
    CLASSES,
    SAMPLES,
    WIDTH,
    card_fields,
    expected,
    write_framing_onnx,
    write_onnx,
    write_tflite,
)

WRITERS = {"tflite": write_tflite, "onnx": write_onnx}


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((11, SAMPLES)).astype(np.float32)


@pytest.fixture(params=["tflite", "onnx"])
def kind(request) -> str:
    return request.param


def make_card(kind: str, folder: Path, **changes):
    WRITERS[kind](folder / f"tiny.{kind}")
    return card_from_mapping(card_fields(kind, f"tiny.{kind}", **changes), "test")


@pytest.mark.parametrize(("batch", "workers"), [(1, 1), (3, 1), (4, 2), (1, 4)])
def test_inner_tensor_is_read_right_for_every_batch_and_worker_count(
    kind, tmp_path, noise, batch, workers
):
    card = make_card(kind, tmp_path, stage={"batch": batch})
    with RuntimeEncoder(card, tmp_path, workers=workers, trusted=True) as encoder:
        together = encoder.encode_inputs(noise)
        single = np.concatenate([encoder.encode_inputs(row[None]) for row in noise])
    np.testing.assert_allclose(together, expected(noise), atol=1e-5)
    np.testing.assert_array_equal(together, single)


def test_encoder_opens_from_a_checkpoint_and_passes_the_trial(kind, tmp_path, noise):
    card = make_card(kind, tmp_path)
    encoder = load_runtime_encoder(Checkpoint(card, tmp_path), "auto", "fp32")
    assert encoder.encode(noise[:2, :1000], 8000).shape == (2, WIDTH)
    assert encoder.encode(np.tile(noise[:1], (1, 3)), 8000) == pytest.approx(
        encoder.encode(noise[:1], 8000), abs=1e-5
    )


def test_a_closed_encoder_starts_anew(kind, tmp_path, noise):
    encoder = RuntimeEncoder(make_card(kind, tmp_path), tmp_path, trusted=True)
    before = encoder.encode_inputs(noise)
    encoder.close()
    np.testing.assert_array_equal(encoder.encode_inputs(noise), before)


def test_no_rows_give_no_vectors(kind, tmp_path):
    encoder = RuntimeEncoder(make_card(kind, tmp_path), tmp_path, trusted=True)
    assert encoder.encode(np.zeros((0, 8000), np.float32), 8000).shape == (0, WIDTH)


def test_nan_is_refused_before_the_model_and_after_it(kind, tmp_path, noise):
    encoder = RuntimeEncoder(make_card(kind, tmp_path), tmp_path, trusted=True)
    noise[2, 5] = np.nan
    with pytest.raises(EncodingError, match="NaN"):
        encoder.encode(noise, 8000)
    with pytest.raises(EncodingError, match="NaN"):
        encoder.encode_inputs(noise)


def test_a_card_with_another_dim_is_refused_with_both_numbers(kind, tmp_path):
    card = make_card(kind, tmp_path, dim=1280)
    with pytest.raises(CardError, match=rf"dim 1280.*gives {WIDTH} values"):
        RuntimeEncoder(card, tmp_path)


def test_an_unknown_tensor_is_refused_and_similar_ones_are_named(kind, tmp_path):
    card = make_card(kind, tmp_path, stage={"outputs": ["featuers"]})
    with pytest.raises(CheckpointError, match="features"):
        RuntimeEncoder(card, tmp_path)


def test_a_wrong_length_is_refused_with_the_models_shape(kind, tmp_path):
    card = make_card(kind, tmp_path, input_seconds=0.25)
    with pytest.raises(CheckpointError, match=str(SAMPLES)):
        RuntimeEncoder(card, tmp_path)


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_model_that_kills_its_process_is_refused_and_we_live(kind, tmp_path, monkeypatch):
    card = make_card(kind, tmp_path)
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nkill -SEGV $$\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(trial.sys, "executable", os.fspath(script))
    monkeypatch.setattr(trial, "_measured", {})
    with pytest.raises(CheckpointError, match=r"crashed .*SIGSEGV"):
        RuntimeEncoder(card, tmp_path)


def test_a_card_survives_being_written_and_every_runtime_field_is_signed(kind, tmp_path):
    card = make_card(kind, tmp_path)
    write_runtime_card(card, tmp_path / "model.yaml")
    assert read_runtime_card(tmp_path / "model.yaml") == card
    other = make_card(kind, tmp_path, stage={"outputs": ["scores"]})
    assert other.encoding_fields() != card.encoding_fields()
    assert "pooling" not in card.encoding_fields()


@pytest.mark.parametrize("file", ["../elsewhere.tflite", "/etc/passwd", "other.tflite"])
def test_a_card_cannot_name_files_that_its_hash_does_not_cover(file):
    with pytest.raises(CardError):
        card_from_mapping(card_fields("tflite", "tiny.tflite", stage={"file": file}), "test")


def test_a_proposal_takes_the_layer_before_the_classifier_and_measures_it(kind, tmp_path):
    path = WRITERS[kind](tmp_path / f"tiny.{kind}")
    card = propose_runtime_card(path, licence="CC0", sample_rate=8000)
    assert card.runtime.stages[0].outputs == ("features",)
    assert (card.dim, card.input_samples, card.sample_rate) == (WIDTH, SAMPLES, 8000)


def test_a_proposal_does_not_make_up_a_sample_rate(kind, tmp_path):
    path = WRITERS[kind](tmp_path / f"tiny.{kind}")
    with pytest.raises(CardError, match="does not state its sample rate"):
        propose_runtime_card(path, licence="CC0")


def test_class_scores_can_be_taken_when_a_person_names_them(tmp_path):
    path = write_tflite(tmp_path / "tiny.tflite")
    card = propose_runtime_card(path, licence="CC0", sample_rate=8000, embedding="scores")
    assert card.dim == CLASSES


def test_a_model_without_a_batch_axis_is_run_row_by_row_and_its_frames_are_averaged(
    tmp_path, noise
):
    path = write_framing_onnx(tmp_path / "framing.onnx")
    fields = card_fields("onnx", path.name, stage={"outputs": ["embeddings"], "batch": 4}, dim=100)
    fields["runtime"]["pooling"] = "mean"
    encoder = RuntimeEncoder(card_from_mapping(fields, "test"), tmp_path)
    wanted = np.abs(noise).reshape(len(noise), -1, 100).mean(axis=1)
    np.testing.assert_allclose(encoder.encode_inputs(noise), wanted, atol=1e-6)
