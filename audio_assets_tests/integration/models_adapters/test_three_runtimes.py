from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from audio_assets.errors import CheckpointError
from audio_assets.models.adapters.runtime_card import card_from_mapping
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets.models.adapters.saved_model_runner import open_saved_model

RUNTIMES = ("basic-pitch", "basic-pitch-onnx", "basic-pitch-savedmodel")
TWO_STAGE = ("openwakeword", "openwakeword-onnx")


@pytest.fixture(scope="module")
def sounds() -> np.ndarray:
    draw = np.random.default_rng(7)
    time = np.arange(43844) / 22050
    tone = 0.3 * np.sin(2 * np.pi * 440 * time)
    noise = draw.standard_normal((3, 43844)) * np.array([[0.01], [0.1], [0.5]])
    return np.stack([tone, np.zeros_like(tone), *noise]).astype(np.float32)


@pytest.fixture(scope="module")
def vectors(encoder, sounds):
    made: dict[str, np.ndarray] = {}

    def get(name: str) -> np.ndarray:
        if name not in made:
            made[name] = encoder(name).encode(sounds, 22050)
        return made[name]

    return get


@pytest.mark.parametrize("name", RUNTIMES[1:])
def test_the_same_network_gives_the_same_vectors_in_every_runtime(vectors, name):
    assert vectors("basic-pitch").shape == (5, 264)
    np.testing.assert_allclose(vectors(name), vectors("basic-pitch"), atol=1e-5)
    assert np.abs(vectors(name)[0] - vectors(name)[4]).max() > 0.01


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_sound_has_one_vector_in_whatever_batch_it_comes(encoder, vectors, sounds, name):
    single = np.concatenate([encoder(name).encode(row[None], 22050) for row in sounds])
    np.testing.assert_array_equal(single, vectors(name))
    mixed = encoder(name).encode(sounds[[4, 0, 2, 2, 1, 3]], 22050)
    np.testing.assert_array_equal(mixed, vectors(name)[[4, 0, 2, 2, 1, 3]])


def test_a_killed_tensorflow_is_started_again_and_gives_the_same(encoder, vectors, sounds):
    model = encoder("basic-pitch-savedmodel")
    expected = vectors("basic-pitch-savedmodel")
    process = model.pool._all[0]._runners[0].process
    os.kill(process.pid, signal.SIGKILL)
    np.testing.assert_array_equal(model.encode(sounds[:2], 22050), expected[:2])


def test_an_old_saved_model_falls_back_to_the_v1_loader(encoder, vectors):
    vectors("basic-pitch-savedmodel")
    runner = encoder("basic-pitch-savedmodel").pool._all[0]._runners[0]
    assert runner.process.description["loader"] == "v1"


def test_an_output_that_a_saved_model_lacks_is_refused_before_tensorflow_starts(checkpoint):
    fetched = checkpoint("basic-pitch-savedmodel")
    stage = fetched.card.runtime.stages[0].model_copy(update={"outputs": ("embedding",)})
    with pytest.raises(CheckpointError, match="contour, note, onset"):
        open_saved_model(stage, fetched.directory)


def test_outputs_can_be_joined(checkpoint, sounds):
    fetched = checkpoint("basic-pitch")
    fields = fetched.card.model_dump()
    fields["runtime"]["stages"][0]["outputs"] = ("contour", "note", "onset")
    fields["dim"] = 440
    joined = RuntimeEncoder(card_from_mapping(fields, "test"), fetched.directory)
    assert joined.encode(sounds, 22050).shape == (5, 440)


def test_both_runtimes_agree_on_the_two_stage_model(encoder):
    draw = np.random.default_rng(0)
    levels = np.array([[0.003], [0.1], [0.9]])
    sounds = (draw.standard_normal((3, 32000)) * levels).astype(np.float32)
    found = {name: encoder(name).encode(sounds, 16000) for name in TWO_STAGE}
    single = np.concatenate([encoder("openwakeword").encode(row[None], 16000) for row in sounds])
    np.testing.assert_array_equal(single, found["openwakeword"])
    scale = np.abs(found["openwakeword"]).max()
    np.testing.assert_allclose(*found.values(), atol=1e-5 * scale)
    assert found["openwakeword"].shape == (3, 96)
