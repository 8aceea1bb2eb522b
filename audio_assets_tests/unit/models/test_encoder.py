"""The public interface: from waveforms to vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr
import torch
import yaml

from audio_assets.errors import CardError, CheckpointError, EncodingError
from audio_assets.models.encoder import Encoder, load_encoder, resolve_device
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.models.torch_encoder import TorchEncoder, pool_tokens


def sounds(batch: int = 3, seconds: float = 5.0, rate: int = 22050) -> np.ndarray:
    stream = np.random.default_rng(1)
    return stream.standard_normal((batch, round(seconds * rate))).astype(np.float32) * 0.1


@pytest.fixture
def encoder(tiny_checkpoint: Path) -> Encoder:
    return load_encoder(tiny_checkpoint, device="cpu")


def _edit(directory: Path, **changes: object) -> Path:
    card = directory / "model.yaml"
    card.write_text(yaml.safe_dump(yaml.safe_load(card.read_text()) | changes))
    return directory


def test_the_adapter_keeps_the_contract(encoder: Encoder) -> None:
    assert isinstance(encoder, Encoder)
    assert (encoder.dim, encoder.sample_rate, encoder.input_samples) == (128, 22050, 110250)
    vectors = encoder.encode(sounds(), 22050)
    assert vectors.shape == (3, 128)
    assert vectors.dtype == np.float32
    assert encoder.encode(sounds(0), 22050).shape == (0, 128)


def test_a_vector_is_the_cls_token_of_the_transformed_sound(encoder: Encoder) -> None:
    images = encoder.transform(sounds())
    tokens = encoder.forward_features(images)
    assert tokens.shape == (3, 197, 128)
    latent, _, _ = encoder.forward_encoder(images, mask_ratio=0.0)
    np.testing.assert_allclose(latent[:, 0].numpy(), tokens[:, 0].numpy(), atol=1e-5)
    np.testing.assert_allclose(encoder.encode(sounds(), 22050), tokens[:, 0].numpy(), atol=1e-6)


def test_vectors_do_not_depend_on_the_batch(encoder: Encoder) -> None:
    together = encoder.encode(sounds(11), 22050)
    singly = np.concatenate([encoder.encode(sound[None], 22050) for sound in sounds(11)])
    np.testing.assert_allclose(together, singly, atol=1e-5)


def test_two_calls_agree_bit_for_bit(encoder: Encoder) -> None:
    assert np.array_equal(encoder.encode(sounds(), 22050), encoder.encode(sounds(), 22050))


def test_another_rate_is_resampled(encoder: Encoder) -> None:
    high = sounds(1, rate=44100)
    low = soxr.resample(high[0], 44100, 22050, quality="HQ")[None]
    np.testing.assert_allclose(encoder.encode(high, 44100), encoder.encode(low, 22050), atol=1e-6)


def test_a_short_sound_is_padded_with_zeros(encoder: Encoder) -> None:
    short = sounds(1, seconds=2.0)
    padded = np.pad(short, ((0, 0), (0, 110250 - short.shape[1])))
    np.testing.assert_allclose(
        encoder.encode(short, 22050), encoder.encode(padded, 22050), atol=1e-6
    )


def test_a_long_sound_is_the_mean_over_its_inputs(encoder: Encoder) -> None:
    long = sounds(1, seconds=12.0)
    parts = np.stack([long[0, s : s + 110250] for s in (0, 110250, long.shape[1] - 110250)])
    expected = encoder.encode(parts, 22050).mean(axis=0)
    np.testing.assert_allclose(encoder.encode(long, 22050)[0], expected, atol=1e-5)


@pytest.mark.parametrize(("pooling", "dim"), [("cls", 128), ("mean", 128), ("cls+mean", 256)])
def test_pooling_follows_the_card(tiny_checkpoint: Path, pooling: str, dim: int) -> None:
    encoder = load_encoder(_edit(tiny_checkpoint, pooling=pooling, dim=dim), device="cpu")
    vectors = encoder.encode(sounds(1), 22050)
    tokens = encoder.forward_features(encoder.transform(sounds(1)))
    assert vectors.shape == (1, dim)
    np.testing.assert_allclose(vectors, pool_tokens(tokens, encoder.card.pooling), atol=1e-6)


def test_bfloat16_stays_close(tiny_checkpoint: Path, encoder: Encoder) -> None:
    rough = load_encoder(tiny_checkpoint, device="cpu", precision="bf16")
    first, second = encoder.encode(sounds(), 22050), rough.encode(sounds(), 22050)
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    assert ((first * second).sum(axis=1) / norms).min() > 0.999
    assert not np.array_equal(first, second)


def test_memory_that_runs_out_halves_the_batch(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(encoder, TorchEncoder)
    expected = encoder.encode(sounds(8), 22050)
    forward = SpectrogramEncoder.forward_features
    seen: list[int] = []

    def scarce(self: SpectrogramEncoder, images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        if len(images) > 2:
            raise torch.OutOfMemoryError("no memory left")
        return forward(self, images)

    monkeypatch.setattr(SpectrogramEncoder, "forward_features", scarce)
    np.testing.assert_allclose(encoder.encode(sounds(8), 22050), expected, atol=1e-5)
    assert seen == [8, 4, 2, 2, 2, 2]

    def none(self: SpectrogramEncoder, images: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("no memory left")

    monkeypatch.setattr(SpectrogramEncoder, "forward_features", none)
    with pytest.raises(EncodingError, match="too little memory for one input"):
        encoder.encode(sounds(4), 22050)


@pytest.mark.parametrize("shape", [(110250,), (1, 0), (1, 2, 3)])
def test_a_wrong_shape_is_refused(encoder: Encoder, shape: tuple[int, ...]) -> None:
    with pytest.raises(EncodingError, match="expected"):
        encoder.encode(np.zeros(shape, dtype=np.float32), 22050)


def test_inputs_that_are_not_the_transforms_are_refused(encoder: Encoder) -> None:
    with pytest.raises(EncodingError, match="uint8"):
        encoder.encode_inputs(np.zeros((1, 224, 224), dtype=np.float32))


def test_sounds_with_nan_are_refused(encoder: Encoder) -> None:
    broken = sounds(1)
    broken[0, 7] = np.nan
    with pytest.raises(EncodingError, match="NaN"):
        encoder.encode(broken, 22050)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dim": 127}, "dim 127"),
        ({"sample_rate": 16000}, "sample_rate 16000"),
        ({"input_seconds": 4.0}, "input_seconds"),
        ({"transform": {"name": "logmel_image", "params": {"size": 256}}}, "image size"),
        ({"transform": {"name": "nothing"}}, "no transform 'nothing'"),
        ({"transform": {"name": "logmel_image", "params": {"hops": 3}}}, "hops"),
        ({"kind": "audiomae_baseline"}, "its card says 'audiomae_baseline'"),
        ({"kind": "martian"}, "kind 'martian'"),
        ({"weights": "gone.pt"}, "does not exist"),
    ],
)
def test_a_card_that_contradicts_its_weights_is_refused(
    tiny_checkpoint: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises((CardError, CheckpointError), match=message):
        load_encoder(_edit(tiny_checkpoint, **changes), device="cpu")


def test_an_absent_device_is_refused() -> None:
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") in {"cuda", "mps", "cpu"}
    with pytest.raises(CheckpointError, match="not available"):
        resolve_device("tpu")
