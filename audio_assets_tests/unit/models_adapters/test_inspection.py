from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_assets.errors import AudioAssetsError, CheckpointError
from audio_assets.models.adapters.input_guess import guess_layout, guess_rate
from audio_assets.models.adapters.inspection import inspect_model
from audio_assets.models.adapters.model_facts import TensorFact
from audio_assets.models.adapters.runtime_card import card_from_mapping
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets_tests.unit.models_adapters.tiny_models import (
    SAMPLES,
    WIDTH,
    card_fields,
    write_onnx,
    write_tflite,
)


@pytest.fixture(params=["tflite", "onnx"])
def model_file(request, tmp_path):
    writer = {"tflite": write_tflite, "onnx": write_onnx}[request.param]
    return writer(tmp_path / f"tiny.{request.param}")


def test_facts_name_the_layer_before_the_head_and_mark_scores_as_scores(model_file):
    facts = inspect_model(model_file)
    best = facts.embedding
    assert best is not None
    assert (best.name, best.dim, best.is_output) == ("features", WIDTH, False)
    assert "last dense layer" in best.why
    assert {c.name for c in facts.candidates if c.role == "scores"} & {"scores", "probabilities"}
    assert (facts.layout.value, facts.input_samples.value) == ("waveform", SAMPLES)
    assert facts.refusal() is None


def test_a_sample_rate_that_several_rates_fit_is_not_guessed():
    guess = guess_rate(144000)
    assert guess.value is None
    assert "3 s at 48000 Hz" in guess.why
    assert "9 s at 16000 Hz" in guess.why


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((-1, 144000), "waveform"), ((-1, 43844, 1), "waveform"), ((15600,), "waveform"),
        ((-1, -1), "waveform"), ((-1, 3), "features"), ((-1, 76, 32, 1), "spectrogram"),
        ((1, 1, 1024, 128), "spectrogram"), ((), None), ((1, 1), None),
    ],
)  # fmt: skip
def test_layout_follows_the_shape(shape, layout):
    tensor = TensorFact(name="x", shape=shape, dtype="float32")
    assert guess_layout(tensor, None).value == layout


def test_flex_operators_are_named_without_running(tmp_path):
    path = write_tflite(tmp_path / "flex.tflite", custom="FlexIRFFT")
    facts = inspect_model(path)
    assert facts.missing_ops == ("FlexIRFFT",)
    assert not facts.runnable
    assert "FlexIRFFT" in (facts.refusal() or "")
    card = card_from_mapping(card_fields("tflite", path.name), "test")
    with pytest.raises(CheckpointError, match="FlexIRFFT"):
        RuntimeEncoder(card, tmp_path)


def test_operators_of_unknown_domains_are_named(tmp_path):
    path = write_onnx(tmp_path / "odd.onnx", domain="org.example")
    assert inspect_model(path).missing_ops == ("org.example:Sigmoid",)


def test_repeated_tensor_names_can_be_told_apart(tmp_path):
    names = ("INPUT", "w", "same", "v", "same")
    path = write_tflite(tmp_path / "same.tflite", names=names)
    assert next(c.name for c in inspect_model(path).candidates) == "same#2"
    card = card_from_mapping(
        card_fields("tflite", path.name, stage={"outputs": ["same#2"]}), "test"
    )
    assert RuntimeEncoder(card, tmp_path, trusted=True).encode_inputs(
        np.zeros((1, SAMPLES), np.float32)
    ).shape == (1, WIDTH)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("page.tflite", b"<!DOCTYPE html><html>", "not a TFLite model"),
        ("page.onnx", b"<!DOCTYPE html><html>", "not an ONNX model|no ONNX graph"),
        ("pointer.onnx", b"version https://git-lfs.github.com/spec/v1\n", "ONNX"),
        ("empty.tflite", b"", "empty"),
        ("empty.onnx", b"", "empty"),
        ("notes.txt", b"hello", "not a TFLite or ONNX file"),
    ],
)
def test_foreign_files_get_a_sentence(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=sentence):
        inspect_model(path)


def test_a_directory_that_is_no_saved_model_gets_a_sentence(tmp_path):
    with pytest.raises(CheckpointError, match=r"saved_model\.pb"):
        inspect_model(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(CheckpointError, match="signature"):
        inspect_model(tmp_path)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_anywhere_is_an_error_or_harmless_but_never_a_crash(model_file, data):
    content = bytearray(model_file.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(1, len(content) - 1))]
    else:
        for place in data.draw(st.lists(st.integers(0, 3000), min_size=1, max_size=8)):
            content[place % len(content)] ^= data.draw(st.integers(1, 255))
    damaged = model_file.with_name(f"damaged{model_file.suffix}")
    damaged.write_bytes(content)
    with suppress(AudioAssetsError):
        inspect_model(damaged)


def test_importing_the_adapters_loads_no_runtime():
    code = (
        "import sys, audio_assets.models.adapters.inspection, "
        "audio_assets.models.adapters.runtime_encoder, audio_assets.models.recipes.fetch\n"
        "print([m for m in ('torch','tensorflow','onnx','onnxruntime','ai_edge_litert','fiftyone')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
