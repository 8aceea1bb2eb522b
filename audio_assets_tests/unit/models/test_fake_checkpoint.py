import numpy as np

from audio_assets.home import Home
from audio_assets.models.encoder import load_encoder
from audio_assets.models.manage import probe_checkpoint
from audio_assets.models.registry import resolve_checkpoint
from audio_assets.settings import load_settings


def test_it_is_the_default_when_asked_for_and_passes_the_probe(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_ASSETS_HOME", str(tmp_path))
    monkeypatch.setenv("AUDIO_ASSETS_FAKE_MODEL", "true")
    monkeypatch.delenv("AUDIO_ASSETS_CHECKPOINT", raising=False)
    settings = load_settings()
    assert settings.checkpoint == "fake"
    checkpoint = resolve_checkpoint("fake", Home.of(settings))
    assert "untrained" in checkpoint.card.description.lower()
    assert probe_checkpoint(checkpoint)["dim"] == checkpoint.card.dim


def test_two_homes_have_the_same_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_ASSETS_FAKE_MODEL", "true")
    wave = np.random.default_rng(1).normal(scale=0.1, size=(1, 22050)).astype(np.float32)
    vectors = [
        load_encoder(
            resolve_checkpoint("fake", Home(tmp_path / name).ensure()), device="cpu"
        ).encode(wave, 22050)
        for name in "ab"
    ]
    assert np.array_equal(*vectors)
