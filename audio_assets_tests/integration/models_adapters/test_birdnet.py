from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder
from audio_assets.models.model_inputs import cut_inputs, resample

RATE, SAMPLES = 48000, 144000


@pytest.fixture(scope="module")
def sounds() -> np.ndarray:
    time = np.arange(SAMPLES) / RATE
    chirp = 0.3 * np.sin(2 * np.pi * (2000 + 800 * time) * time)
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLES)
    return np.stack([chirp, noise, np.zeros(SAMPLES)]).astype(np.float32)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_the_embedding_is_the_pooled_layer_and_tells_sounds_apart(encoder, sounds):
    vectors = encoder("birdnet").encode(sounds, RATE)
    assert vectors.shape == (3, 1024)
    assert (vectors.std(axis=1) > 0.05).all()
    assert cosine(vectors[0], vectors[1]) < 0.9
    assert np.linalg.norm(vectors[2]) == pytest.approx(9.146, abs=0.01)


def test_level_does_not_change_the_vector(encoder, sounds):
    vectors = encoder("birdnet").encode(np.stack([sounds[0], 0.01 * sounds[0]]), RATE)
    assert cosine(*vectors) > 0.9999


def test_a_batch_gives_the_bits_of_single_calls(encoder, sounds):
    together = encoder("birdnet").encode(sounds, RATE)
    single = np.concatenate([encoder("birdnet").encode(row[None], RATE) for row in sounds])
    np.testing.assert_array_equal(together, single)


def test_batches_of_four_give_the_same_vectors(checkpoint, encoder, sounds):
    fetched = checkpoint("birdnet")
    stage = fetched.card.runtime.stages[0].model_copy(update={"batch": 4})
    runtime = fetched.card.runtime.model_copy(update={"stages": (stage,)})
    card = fetched.card.model_copy(update={"runtime": runtime})
    four = RuntimeEncoder(card, fetched.directory, trusted=True, workers=1)
    expected = encoder("birdnet").encode(sounds, RATE)
    np.testing.assert_allclose(four.encode(sounds, RATE), expected, atol=1e-5)


def test_the_plain_runtime_would_have_read_nothing_there(checkpoint, encoder, sounds):
    """The trap: without promotion the delegate's tensor is null or stale."""
    from ai_edge_litert.interpreter import Interpreter

    fetched = checkpoint("birdnet")
    plain = Interpreter(model_path=str(fetched.directory / fetched.card.weights))
    plain.allocate_tensors()
    index = next(
        d["index"] for d in plain.get_tensor_details() if d["name"] == "model/GLOBAL_AVG_POOL/Mean"
    )
    plain.set_tensor(plain.get_input_details()[0]["index"], sounds[:1])
    plain.invoke()
    with pytest.raises(ValueError, match="null"):
        plain.get_tensor(index)


def test_the_users_notice_names_the_restriction(checkpoint):
    notice = checkpoint("birdnet").notice
    assert "CC BY-NC-SA 4.0" in notice
    assert "no commercial use" in notice
    folder = checkpoint("birdnet").directory
    assert "NonCommercial" in (folder / "LICENCE.txt").read_text()
    assert (folder / "provenance.json").is_file()


@pytest.fixture
def esc10(test_data: Path | None) -> Path:
    if test_data is None or not (test_data / "esc10" / "meta" / "esc50.csv").is_file():
        pytest.skip("no real ESC-10 recordings; set AUDIO_ASSETS_TEST_DATA")
    return test_data / "esc10"


@pytest.mark.slow
def test_esc10_neighbours_are_of_the_same_class(encoder, esc10):
    """A wrong tensor or rate cannot reach this: 5-NN, cosine, one fold against the others."""
    root = esc10
    with (root / "meta" / "esc50.csv").open() as stream:
        rows = list(csv.DictReader(stream))

    def read(row: dict[str, str]) -> np.ndarray:
        waveform, rate = soundfile.read(root / "audio" / row["filename"], dtype="float32")
        return cut_inputs(resample(waveform[None], rate, RATE), SAMPLES)[0]

    with ThreadPoolExecutor(2) as threads:
        pieces = list(threads.map(read, rows))
    vectors = encoder("birdnet").encode_inputs(np.concatenate(pieces))
    ends = np.cumsum([len(p) for p in pieces])
    means = np.stack([part.mean(0) for part in np.split(vectors, ends[:-1])])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    folds = np.array([int(row["fold"]) for row in rows])
    labels = np.array([int(row["target"]) for row in rows])
    scores = means @ means.T
    scores[folds[:, None] == folds[None, :]] = -2
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    votes = np.stack([np.bincount(labels[n], minlength=50) for n in nearest])
    accuracy = (votes.argmax(1) == labels).mean()
    print(f"5-NN accuracy {accuracy:.4f} over {len(rows)} clips, {len(vectors)} windows")
    assert accuracy >= 0.87
