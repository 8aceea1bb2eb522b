"""What every transform must keep to."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from audio_assets.conformance.sounds import noise, tone
from audio_assets.plugins import Registry
from audio_assets.transforms.transform import Transform


class TransformContract:
    """Subclass it and set `name` to a registered transform and `params` to its parameters."""

    name: str = ""
    params: dict[str, Any] = {}  # noqa: RUF012 - a declaration for subclasses

    @pytest.fixture
    def transform(self) -> Transform:
        """The transform under test."""
        from audio_assets.transforms.registry import make_transform

        return make_transform(self.name, self.params)

    @pytest.fixture
    def registry(self) -> Registry:
        """The registry in which it has to be."""
        from audio_assets.transforms.registry import transform_registry

        return transform_registry

    def waves(self, transform: Transform, count: int) -> np.ndarray:
        """Different sounds of the transform's length: float32 [count, input_samples]."""
        rate, length = transform.sample_rate, transform.input_samples
        sounds = [noise(length, seed) if seed % 2 else tone(length, rate) for seed in range(count)]
        return np.stack(sounds)

    def test_it_is_registered(self, registry: Registry) -> None:
        """Found by its name."""
        assert self.name in registry.names()

    def test_it_has_the_interface(self, transform: Transform) -> None:
        """Every member of the protocol is there, with its type."""
        assert isinstance(transform, Transform)
        assert transform.name == self.name
        assert isinstance(transform.version, int)
        assert transform.sample_rate > 0
        assert transform.input_samples > 0

    def test_parameters_are_json(self, transform: Transform) -> None:
        """They enter the encoding signature."""
        assert json.loads(json.dumps(transform.parameters())) == transform.parameters()

    @pytest.mark.parametrize("count", [0, 1, 2, 5])
    def test_shape_and_dtype_are_as_declared(self, transform: Transform, count: int) -> None:
        """For several batch sizes, none among them."""
        waves = np.zeros((0, transform.input_samples), np.float32)
        out = transform(self.waves(transform, count) if count else waves)
        assert out.shape == (count, *transform.output_shape)
        assert out.dtype == transform.output_dtype

    def test_it_is_deterministic(self, transform: Transform) -> None:
        """Twice the same sound, twice the same bytes."""
        waves = self.waves(transform, 3)
        assert np.array_equal(transform(waves), transform(waves.copy()))

    def test_a_row_does_not_depend_on_its_batch(self, transform: Transform) -> None:
        """Else a resumed run would differ from an undisturbed one."""
        waves = self.waves(transform, 4)
        together = transform(waves)
        alone = np.concatenate([transform(waves[i : i + 1]) for i in range(4)])
        assert np.array_equal(together, alone)

    def test_it_leaves_its_input_alone(self, transform: Transform) -> None:
        """The caller still needs it."""
        waves = self.waves(transform, 2)
        before = waves.copy()
        transform(waves)
        assert np.array_equal(waves, before)

    def test_silence_is_finite_and_sounds_differ(self, transform: Transform) -> None:
        """No division by nothing, and no constant."""
        silence = np.zeros((1, transform.input_samples), np.float32)
        assert np.isfinite(transform(silence)).all()
        two = transform(self.waves(transform, 2))
        assert not np.array_equal(two[0], two[1])

    def test_its_picture_is_a_gray_image(self, transform: Transform) -> None:
        """uint8 [H, W]."""
        image = transform.to_image(transform(self.waves(transform, 1))[0])
        assert image.dtype == np.uint8
        assert image.ndim == 2
