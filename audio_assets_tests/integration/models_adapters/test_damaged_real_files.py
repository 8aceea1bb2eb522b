from __future__ import annotations

import shutil

import numpy as np
import pytest

from audio_assets.errors import AudioAssetsError, CheckpointError
from audio_assets.models.adapters.inspection import inspect_model
from audio_assets.models.adapters.runtime_encoder import RuntimeEncoder

FILES = ("basic-pitch", "basic-pitch-onnx", "birdnet")


@pytest.fixture
def copy(checkpoint, tmp_path):
    def get(name: str):
        fetched = checkpoint(name)
        folder = tmp_path / name
        shutil.copytree(fetched.directory, folder)
        return fetched.card, folder, folder / fetched.card.weights

    return get


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("part", [0.001, 0.5, 0.99])
def test_a_file_cut_off_is_refused_with_a_sentence(copy, name, part):
    card, folder, path = copy(name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(CheckpointError) as refusal:
        RuntimeEncoder(card, folder)
    assert path.name in str(refusal.value)
    assert "Traceback" not in str(refusal.value)


@pytest.mark.parametrize("name", FILES[:2])
@pytest.mark.parametrize("seed", range(6))
def test_flipped_bytes_never_end_this_process(copy, name, seed):
    card, folder, path = copy(name)
    content = bytearray(path.read_bytes())
    draw = np.random.default_rng(seed)
    for place in draw.integers(8, len(content), 1 if seed < 2 else 40):
        content[place] ^= int(draw.integers(1, 256))
    path.write_bytes(content)
    try:
        inspect_model(path)
        RuntimeEncoder(card, folder)
    except AudioAssetsError as error:
        print(error)


def test_a_saved_model_without_its_weights_is_refused(copy):
    _, _, path = copy("basic-pitch-savedmodel")
    shutil.rmtree(path / "variables")
    with pytest.raises(CheckpointError, match=r"variables\.index"):
        inspect_model(path)


def test_another_models_card_does_not_fit(checkpoint, copy):
    card, folder, path = copy("birdnet")
    other = checkpoint("basic-pitch")
    shutil.copy(other.directory / other.card.weights, path)
    with pytest.raises(CheckpointError, match="no tensor named"):
        RuntimeEncoder(card, folder)
