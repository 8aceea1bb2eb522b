"""What every encoder must keep to, whatever runtime is behind it."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.conformance.sounds import noise, tone
from audio_assets.models.encoder import Encoder, load_encoder


class EncoderContract:
    """Subclass it and set `checkpoint` to the name or path of one of the kind under test."""

    checkpoint: str = ""

    @pytest.fixture(scope="class")
    def encoder(self) -> Encoder:
        """The encoder under test, on the CPU."""
        return load_encoder(self.checkpoint, device="cpu")

    def test_it_has_the_interface(self, encoder: Encoder) -> None:
        """Every member that encoding uses is there."""
        assert encoder.dim == encoder.card.dim
        assert encoder.sample_rate > 0
        assert encoder.input_samples > 0

    @pytest.mark.parametrize("count", [1, 2, 5])
    def test_shape_and_dtype(self, encoder: Encoder, count: int) -> None:
        """float32 [B, dim] for several batch sizes."""
        waves = np.stack([noise(encoder.input_samples, seed) for seed in range(count)])
        vectors = encoder.encode(waves, encoder.sample_rate)
        assert vectors.shape == (count, encoder.dim)
        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()

    @pytest.mark.parametrize("share", [0.3, 1.0, 2.5])
    def test_sounds_shorter_and_longer_than_the_input_are_encoded(
        self, encoder: Encoder, share: float
    ) -> None:
        """Short ones are padded, long ones are the mean over the inputs across them."""
        wave = noise(int(encoder.input_samples * share))[None]
        assert encoder.encode(wave, encoder.sample_rate).shape == (1, encoder.dim)

    def test_it_is_deterministic(self, encoder: Encoder) -> None:
        """The same sound twice gives the same bytes."""
        wave = noise(encoder.input_samples)[None]
        first = encoder.encode(wave, encoder.sample_rate)
        assert np.array_equal(first, encoder.encode(wave, encoder.sample_rate))

    def test_a_vector_does_not_depend_on_its_batch(self, encoder: Encoder) -> None:
        """To 1e-5, relative to the size of the vectors."""
        waves = np.stack([noise(encoder.input_samples, seed) for seed in range(4)])
        together = encoder.encode(waves, encoder.sample_rate)
        alone = np.concatenate([encoder.encode(w[None], encoder.sample_rate) for w in waves])
        assert np.allclose(together, alone, atol=1e-5 * max(1.0, float(np.abs(alone).max())))

    def test_different_sounds_give_different_vectors(self, encoder: Encoder) -> None:
        """Constant vectors are this field's commonest failure."""
        waves = np.stack(
            [noise(encoder.input_samples), tone(encoder.input_samples, encoder.sample_rate)]
        )
        noisy, tonal = encoder.encode(waves, encoder.sample_rate)
        assert np.abs(noisy - tonal).max() > 1e-4

    def test_silence_is_finite(self, encoder: Encoder) -> None:
        """No division by nothing."""
        silence = np.zeros((1, encoder.input_samples), np.float32)
        assert np.isfinite(encoder.encode(silence, encoder.sample_rate)).all()
