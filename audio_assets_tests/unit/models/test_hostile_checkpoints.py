"""Cards and weights made by someone who means ill: refused with a sentence, soon, nothing run."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import safetensors.torch
import torch
import yaml

from audio_assets.errors import CardError, CheckpointError
from audio_assets.models.card import CARD_FILE, read_card
from audio_assets.models.checkpoint_file import read_encoder, read_state
from audio_assets.models.encoder import load_encoder
from audio_assets.models.probe import probe
from audio_assets.models.registry import resolve_checkpoint, weights_sha256
from audio_assets.transforms.registry import make_transform

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
"""9 to the power of 9 values in half a kilobyte."""


def checkpoint(tmp_path: Path, tiny: Path, text: str | None = None, **changes: object) -> Path:
    """A copy of the tiny checkpoint with another card."""
    directory = tmp_path / "hostile"
    directory.mkdir()
    (directory / "weights.safetensors").write_bytes((tiny / "weights.safetensors").read_bytes())
    content = yaml.safe_load((tiny / CARD_FILE).read_text()) | {"name": "hostile"} | changes
    (directory / CARD_FILE).write_text(text or yaml.safe_dump(content))
    return directory


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input_seconds": 1e18}, "input_seconds"),
        ({"input_seconds": float("inf")}, "input_seconds"),
        ({"input_seconds": float("nan")}, "input_seconds"),
        ({"sample_rate": 10**300}, "sample_rate"),
        ({"sample_rate": 0}, "sample_rate"),
        ({"dim": -1}, "dim"),
        ({"dim": 2**70}, "dim"),
        ({"weights": "w" * 5000}, "at most 255 bytes"),
        ({"weights": "a\0b"}, "beside the card"),
        ({"weights": "."}, "beside the card"),
        ({"weights": "../.."}, "beside the card"),
    ],
)
def test_a_number_or_name_that_cannot_be_is_refused(tmp_path, tiny_checkpoint, changes, said):
    directory = checkpoint(tmp_path, tiny_checkpoint, **changes)
    with pytest.raises(CardError, match=said):
        resolve_checkpoint(directory)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        BOMB + "runtime: *i\n",
        BOMB + "transform: {name: logmel_image, params: {size: *i}}\n",
        "&a [*a]\n",
        "x: &a {x: *a}\nkind: linear_probe\n",
        "[" * 20_000,
        "!!python/object/apply:os.system ['true']\n",
        "name: " + "x" * 2_000_000,
        "? {a: 1}\n: b\n",
        "x: 2001-99-99\n",
        "name: \0\n",
    ],
)
def test_yaml_that_unfolds_or_acts_is_refused(tmp_path, text):
    (tmp_path / CARD_FILE).write_text(text)
    with pytest.raises(CardError) as caught:
        read_card(tmp_path / CARD_FILE)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("logmel_image", {"n_mels": 10**9}),
        ("logmel_image", {"n_fft": 2**40}),
        ("logmel_image", {"size": 10**9}),
        ("logmel_image", {"seconds": 1e18}),
        ("logmel_image", {"seconds": float("inf")}),
        ("logmel_image", {"seconds": float("nan")}),
        ("logmel_image", {"top_db": float("inf")}),
        ("logmel", {"seconds": 1e-9}),
        ("logmel", {"seconds": 80_000.0, "hop": 1}),
        ("cqt", {"bins_per_octave": 10**9}),
        ("stft", {"n_fft": 2**30}),
        ("kaldi_fbank", {"frames": 10**9}),
        ("waveform", {"input_samples": 2**40}),
    ],
)
def test_a_transform_that_would_take_all_memory_is_refused(name, params):
    with pytest.raises(CardError, match=f"Transform '{name}'"):
        make_transform(name, params)


def stored(header: object, data: bytes = b"") -> bytes:
    """A safetensors file."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2**64 - 1),
        stored(b"{]"),
        stored(b'{"a":' * 50_000),
        stored({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 2**62]}}),
        stored({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}, b"abcd"),
        stored({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, b"abcd"),
        stored({"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}, b"abcd"),
    ],
)
def test_a_safetensors_header_that_lies_is_refused(tmp_path, content):
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        read_state(tmp_path / "w.safetensors")


def test_every_tensor_may_be_of_any_shape_and_is_refused(tmp_path, tiny_checkpoint):
    whole = safetensors.torch.load_file(tiny_checkpoint / "weights.safetensors")
    shapes: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
        lambda _: torch.zeros(0),
        lambda t: torch.zeros((0,) * t.ndim),
        lambda t: t.reshape(-1)[: max(1, t.numel() // 2)].clone(),
        lambda _: torch.zeros((1,) * 6),
        lambda _: torch.zeros(()),
    )
    path = tmp_path / "w.safetensors"
    for name, value in whole.items():
        for shape in shapes:
            changed = shape(value)
            if changed.shape == value.shape:
                continue
            safetensors.torch.save_file({**whole, name: changed}, path)
            if "rope" in name:  # tables that are computed anew may have any length
                with suppress(CheckpointError):
                    read_encoder(path)
                continue
            with pytest.raises(CheckpointError):
                read_encoder(path)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf"), 3e38])
def test_weights_that_give_no_vectors_are_refused(tmp_path, tiny_checkpoint, value):
    directory = checkpoint(tmp_path, tiny_checkpoint)
    path = directory / "weights.safetensors"
    whole = safetensors.torch.load_file(path)
    for tensor in whole.values():
        if tensor.is_floating_point():
            tensor.fill_(value)
    safetensors.torch.save_file(whole, path)
    with pytest.raises(CheckpointError):
        probe(load_encoder(resolve_checkpoint(directory)))


def test_a_zip_that_unpacks_to_far_more_is_not_unpacked(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive/data.pkl", bytes(1 << 26))
        packed.writestr("archive/version", "3\n")
    path = tmp_path / "w.pt"
    path.write_bytes(content.getvalue())
    with pytest.raises(CheckpointError, match="unpacks from"):
        read_state(path)


def test_the_copy_that_these_tests_change_is_good(tmp_path, tiny_checkpoint):
    directory = checkpoint(tmp_path, tiny_checkpoint)
    found = resolve_checkpoint(directory)
    assert len(weights_sha256(found)) == 64
    assert probe(load_encoder(found))["dim"] == found.card.dim
