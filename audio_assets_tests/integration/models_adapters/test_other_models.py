from __future__ import annotations

import subprocess
import zipfile

import numpy as np
import pytest

from audio_assets.errors import CheckpointError
from audio_assets.models.adapters.inspection import inspect_model
from audio_assets.models.adapters.runtime_card import card_from_mapping
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets.models.adapters.runtime_proposal import propose_runtime_card

XLA_MODEL = """
import sys
import tensorflow as tf

class Encoder(tf.Module):
    def __init__(self):
        super().__init__()
        tf.random.set_seed(1)
        self.first = tf.Variable(tf.random.normal([8000, 32]) / 90)
        self.head = tf.Variable(tf.random.normal([32, 7]))

    @tf.function(
        jit_compile=True,
        input_signature=[tf.TensorSpec([None, 8000], tf.float32), tf.TensorSpec([], tf.float32)],
    )
    def __call__(self, inputs, gain):
        hidden = tf.nn.relu(tf.matmul(inputs * gain, self.first))
        return {"label": tf.matmul(hidden, self.head), "embedding": hidden}

model = Encoder()
tf.saved_model.save(model, sys.argv[1], signatures={"serving_default": model.__call__})
"""


@pytest.fixture(scope="module")
def xla_model(tensorflow, tmp_path_factory):
    path = tmp_path_factory.mktemp("xla") / "reefnet"
    command = [tensorflow, "-c", XLA_MODEL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return path


def test_an_xla_model_is_recognised_and_its_embedding_found_by_name(xla_model):
    facts = inspect_model(xla_model)
    assert facts.embedding is not None
    assert (facts.embedding.name, facts.embedding.dim) == ("embedding", 32)
    assert [c.role for c in facts.candidates if c.name == "label"] == ["scores"]
    assert any("XLA" in note for note in facts.notes)


def test_an_xla_model_gives_the_same_vectors_for_every_number_of_rows(xla_model):
    fields = {
        "name": "reefnet", "kind": "savedmodel", "weights": "reefnet", "sample_rate": 16000,
        "input_seconds": 0.5, "dim": 32, "licence": "CC0",
        "runtime": {"stages": [{
            "kind": "savedmodel", "file": "reefnet", "outputs": ["embedding"], "input": "inputs",
            "constants": {"gain": 0.5}, "batch": 4,
        }]},
    }  # fmt: skip
    rows = np.random.default_rng(0).standard_normal((7, 8000)).astype(np.float32)
    with RuntimeEncoder(card_from_mapping(fields, "test"), xla_model.parent) as encoder:
        together = encoder.encode_inputs(rows)
        single = np.concatenate([encoder.encode_inputs(row[None]) for row in rows])
        assert encoder.pool._all[0]._runners[0].process.description["loader"] == "v2"
    np.testing.assert_array_equal(together, single)
    assert together.shape == (7, 32)
    assert np.ptp(together) > 0


def test_an_input_without_a_value_is_named(xla_model):
    with pytest.raises(CheckpointError, match=r"gain .*`constants`"):
        propose_runtime_card(xla_model, licence="CC0", sample_rate=16000)
    card = propose_runtime_card(
        xla_model, licence="CC0", sample_rate=16000, constants={"gain": 1.0}
    )
    assert (card.dim, card.runtime.stages[0].input) == (32, "inputs")


@pytest.fixture
def silero(wheel, tmp_path):
    path = tmp_path / "silero_vad.onnx"
    with zipfile.ZipFile(wheel("openwakeword")) as archive:
        path.write_bytes(archive.read(f"openwakeword/resources/models/{path.name}"))
    return path


def card_of(path, output: str):
    return card_from_mapping(
        {
            "name": "silero", "kind": "onnx", "weights": path.name, "sample_rate": 16000,
            "input_seconds": 0.096, "dim": 1, "licence": "MIT",
            "runtime": {"stages": [{
                "kind": "onnx", "file": path.name, "outputs": [output], "input": "input",
                "constants": {"sr": 16000, "h": 0, "c": 0},
            }]},
        },
        "test",
    )  # fmt: skip


def test_a_model_with_four_inputs_runs_with_constants_from_its_card(silero):
    encoder = RuntimeEncoder(card_of(silero, "output"), silero.parent)
    rows = 0.1 * np.random.default_rng(0).standard_normal((3, 1536)).astype(np.float32)
    speech = encoder.encode_inputs(rows)
    assert speech.shape == (3, 1)
    assert ((speech >= 0) & (speech <= 1)).all()


def test_an_output_whose_first_axis_is_not_the_batch_is_refused(silero):
    with pytest.raises(CheckpointError, match="not the batch"):
        RuntimeEncoder(card_of(silero, "hn"), silero.parent)


def test_a_detector_is_not_taken_for_an_embedding(silero):
    with pytest.raises(CheckpointError, match="looks like an embedding"):
        propose_runtime_card(silero, licence="MIT")


def test_birdnet_from_a_bare_file_gets_the_right_card(checkpoint):
    fetched = checkpoint("birdnet")
    card = propose_runtime_card(fetched.directory / fetched.card.weights, licence="CC BY-NC-SA 4.0")
    assert card.runtime == fetched.card.runtime
    assert (card.dim, card.sample_rate, card.input_seconds) == (1024, 48000, 3.0)
