"""Quantised models give the vectors of the real ones, or are refused with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_assets.errors import CheckpointError
from audio_assets.models.adapters.inspection import inspect_model
from audio_assets.models.adapters.rows import as_dtype
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets.models.adapters.runtime_proposal import propose_runtime_card
from audio_assets_tests.unit.models_adapters.quantized_models import (
    FEATURE_SCALE,
    INPUT_SCALE,
    INPUT_ZERO,
    write_int8_tflite,
    write_integer_onnx,
)
from audio_assets_tests.unit.models_adapters.tiny_models import SAMPLES, WIDTH, expected


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((5, SAMPLES)).astype(np.float32)


def test_an_int8_model_gives_the_vectors_of_the_real_one(tmp_path: Path, noise: np.ndarray) -> None:
    path = write_int8_tflite(tmp_path / "int8.tflite")
    facts = inspect_model(path)
    assert (facts.inputs[0].dtype, facts.inputs[0].zero_point) == ("int8", INPUT_ZERO)
    assert facts.inputs[0].scale == pytest.approx(INPUT_SCALE)
    assert any("scale" in note for note in facts.notes)
    card = propose_runtime_card(path, licence="CC0", sample_rate=8000)
    assert (card.dim, card.runtime.stages[0].outputs) == (WIDTH, ("features",))
    with RuntimeEncoder(card, tmp_path, workers=2) as encoder:
        vectors = encoder.encode_inputs(noise)
        silence = encoder.encode_inputs(np.zeros((1, SAMPLES), np.float32))
    np.testing.assert_allclose(vectors, expected(noise), atol=4 * FEATURE_SCALE)
    assert np.abs(silence).max() <= FEATURE_SCALE, "the zero point stands for silence"
    assert vectors.std() > 0.3, "whole numbers would be a hundred times larger, or constant"


def test_whole_numbers_of_unknown_meaning_are_refused(tmp_path: Path) -> None:
    for path in (
        write_int8_tflite(tmp_path / "bare.tflite", parameters=False),
        write_integer_onnx(tmp_path / "bare.onnx", "int8"),
    ):
        with pytest.raises(CheckpointError, match=r"whole numbers.*float32 input"):
            propose_runtime_card(path, licence="CC0", sample_rate=8000)


def test_sixteen_bit_samples_are_the_sound_at_full_scale(tmp_path: Path, noise: np.ndarray) -> None:
    path = write_integer_onnx(tmp_path / "pcm.onnx", "int16")
    card = propose_runtime_card(path, licence="CC0", sample_rate=8000)
    assert card.runtime.input_scale == 32768
    sound = np.clip(0.3 * noise, -1, 1)
    with RuntimeEncoder(card, tmp_path, workers=1) as encoder:
        np.testing.assert_allclose(encoder.encode_inputs(sound), expected(sound), atol=1e-2)


def test_the_loudest_sample_stays_the_loudest() -> None:
    found = as_dtype(np.array([32768.0, -40000.0, 0.6, -0.6]), np.dtype(np.int16))
    assert found.tolist() == [32767, -32768, 1, -1]


def test_an_input_is_no_embedding(tmp_path: Path) -> None:
    path = write_int8_tflite(tmp_path / "int8.tflite")
    sound = inspect_model(path).inputs[0].name
    with pytest.raises(CheckpointError, match="is an input of"):
        propose_runtime_card(path, licence="CC0", sample_rate=8000, embedding=sound)
