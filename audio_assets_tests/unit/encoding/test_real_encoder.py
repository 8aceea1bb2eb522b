"""The finding that fixed batches rest on, with a real spectrogram encoder (small, new weights)."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.encoding.batches import WindowEncoder, rows_per_call
from audio_assets.encoding.encode import encode_folder
from audio_assets.encoding.module_encoder import ModuleEncoder
from audio_assets.encoding.spectrograms import compute_spectrograms
from audio_assets_tests.unit.encoding.stand_ins import scanned, write_folder


@pytest.fixture(scope="module")
def encoder() -> ModuleEncoder:
    import torch

    from audio_assets.models.encoder_config import audiomaepp_config
    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
    from audio_assets.transforms.registry import make_transform

    torch.manual_seed(0)
    config = audiomaepp_config(width=192, depth=2, first_hidden=192, second_hidden=192)
    return ModuleEncoder(SpectrogramEncoder(config), make_transform("logmel_image"), "cpu")


def test_a_row_does_not_depend_on_its_neighbours_nor_on_its_place(encoder):
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 256, (8, 224, 224), dtype=np.uint8)
    whole = encoder.encode_inputs(inputs)
    order = rng.permutation(8)
    assert np.array_equal(encoder.encode_inputs(inputs[order]), whole[order])
    alone = np.zeros_like(inputs)
    alone[5] = inputs[2]
    assert np.array_equal(encoder.encode_inputs(alone)[5], whole[2])


@pytest.mark.parametrize("cuts", [[20], [1] * 20, [7, 13], [3, 9, 8]])
def test_vectors_are_bit_equal_however_the_inputs_arrive(encoder, cuts):
    inputs = np.random.default_rng(1).integers(0, 256, (20, 224, 224), dtype=np.uint8)
    batches = WindowEncoder(encoder, rows_per_call(encoder, 32))
    found = np.empty((20, encoder.dim), np.float32)
    at, calls = 0, []
    for count in cuts:
        rows = np.arange(at, at + count)
        calls += list(batches.add(rows, np.ones(count, np.int64), inputs[rows]))
        at += count
    for call in [*calls, *batches.finish()]:
        found[call.windows] = call.vectors
    padded = np.concatenate([inputs, np.zeros((4, 224, 224), np.uint8)])
    expected = np.concatenate([encoder.encode_inputs(padded[i : i + 8]) for i in (0, 8, 16)])
    assert batches.calls == 3
    assert np.array_equal(found, expected[:20])


def test_default_spectrograms_feed_the_encoder_and_equal_streaming(encoder, tmp_path):
    root = write_folder(tmp_path / "clips", 3, seconds=3.0, rate=22050)
    recordings = scanned(root, policy="clip", window=5.0, hop=5.0)
    compute_spectrograms(
        root, recordings, encoder.transform, out_dir=tmp_path / "spec", work_dir=tmp_path / "ws"
    )
    arguments = {"signature": "5" * 64, "previous": None, "work_dir": tmp_path / "we"}
    read = encode_folder(
        root, recordings, encoder, out=tmp_path / "a.parquet",
        spectrograms=tmp_path / "spec", **arguments,
    )  # fmt: skip
    encode_folder(root, recordings, encoder, out=tmp_path / "b.parquet", **arguments)
    assert read.from_arrays == 3
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
