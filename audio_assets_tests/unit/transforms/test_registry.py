"""Transforms by name."""

from __future__ import annotations

import pytest

from audio_assets.errors import CardError
from audio_assets.transforms.registry import make_transform, transform_registry
from audio_assets.transforms.transform import Transform


@pytest.mark.parametrize("name", transform_registry.names())
def test_every_transform_keeps_the_contract(name: str) -> None:
    transform = make_transform(name)
    assert isinstance(transform, Transform)
    assert transform.name == name
    assert make_transform(name, transform.parameters()).parameters() == transform.parameters()


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(CardError, match="logmel_image"):
        make_transform("wavelet")


@pytest.mark.parametrize("params", [{"n_mels": -1}, {"colour": 1}, {"hop": "x"}])
def test_a_wrong_parameter_is_named(params: dict[str, object]) -> None:
    with pytest.raises(CardError, match=next(iter(params))):
        make_transform("logmel_image", params)
