"""`target_sample_rate`: the rate of models whose rate nobody states, and of no other."""

import shutil

import pytest

from audio_assets.home import Home
from audio_assets.models.adapters import known_models
from audio_assets.models.adapters.known_models import KnownModel
from audio_assets.models.adapters.runtime_proposal import propose_runtime_card
from audio_assets.models.fake_checkpoint import WEIGHTS, ensure_fake_checkpoint
from audio_assets.models.manage import add

from .tiny_models import CLASSES, SAMPLES, write_onnx


def test_it_is_taken_where_neither_file_nor_caller_says_one(tmp_path):
    path = write_onnx(tmp_path / "tiny.onnx")
    card = propose_runtime_card(path, licence="CC0", unstated_rate=8000)
    assert (card.sample_rate, card.input_seconds) == (8000, SAMPLES / 8000)
    told = propose_runtime_card(path, licence="CC0", sample_rate=4000, unstated_rate=8000)
    assert told.sample_rate == 4000


def test_a_known_model_keeps_its_own(tmp_path, monkeypatch):
    known = KnownModel("Tiny", (SAMPLES,), CLASSES, "waveform", 12000)
    monkeypatch.setattr(known_models, "KNOWN", (known,))
    path = write_onnx(tmp_path / "tiny.onnx")
    assert propose_runtime_card(path, licence="CC0", unstated_rate=8000).sample_rate == 12000


@pytest.mark.parametrize("rate", [None, 8000])
def test_weights_of_a_known_family_keep_theirs(tmp_path, rate):
    source = Home(tmp_path / "elsewhere").ensure()
    ensure_fake_checkpoint(source)
    file = shutil.copy(source.checkpoints / "fake" / WEIGHTS, tmp_path / "tiny.safetensors")
    home = Home(tmp_path / "home").ensure()
    checkpoint, _ = add(str(file), home, licence="CC0-1.0", unstated_rate=rate)
    assert checkpoint.card.sample_rate == 22050
