"""Where seconds and hertz lie on a preview picture."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from audio_assets.explore.preview_axes import PreviewAxes, Window, preview_axes
from audio_assets.transforms.registry import make_transform

RATE = 16000


def folder(name: str, **params: object) -> SimpleNamespace:
    return SimpleNamespace(transform=SimpleNamespace(name=name, params=params))


def test_without_a_transform_a_preview_is_its_window_up_to_half_the_rate():
    window = Window(RATE, 2 * RATE, 0, RATE, 9 * RATE)
    axes = preview_axes(SimpleNamespace(transform=None))
    assert axes == PreviewAxes()
    assert axes.seconds(window) == (0.0, 2.0)
    assert axes.box(window, 0.5, 1.5, 2000, 4000) == [0.25, 0.5, 0.5, 0.25]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(4 * RATE, 2 * RATE, 0, RATE, 20 * RATE), (-1.0, 4.0)),  # context around it
        (Window(0, 2 * RATE, 0, RATE, 20 * RATE), (0.0, 4.0)),  # shifted to stay inside
        (Window(0, 2 * RATE, 0, RATE, 2 * RATE), (0.0, 4.0)),  # zeros behind it
        (Window(RATE, 8 * RATE, 0, RATE, 20 * RATE), (0.0, 4.0)),  # its first input
    ],
)
def test_a_preview_shows_the_models_first_input(window, expected):
    axes = preview_axes(folder("stft", sample_rate=RATE, seconds=4.0))
    assert axes.seconds(window) == expected


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("stft", {"seconds": 2.0, "sample_rate": RATE}),
        ("logmel", {"seconds": 2.0, "sample_rate": RATE, "f_min": 50.0, "f_max": 7000.0}),
        ("logmel", {"seconds": 2.0, "sample_rate": RATE, "mel": "htk"}),
        ("cqt", {"seconds": 2.0, "sample_rate": RATE}),
        ("logmel_image", {"seconds": 2.0, "sample_rate": RATE}),
    ],
)
@pytest.mark.parametrize("hz", [300.0, 900.0, 1800.0])
def test_a_tone_lies_inside_its_box_on_the_picture_of_every_transform(name, params, hz):
    transform = make_transform(name, params)
    time = np.arange(transform.input_samples) / RATE
    tone = 0.5 * np.sin(2 * np.pi * hz * time).astype(np.float32)
    picture = transform.to_image(transform(tone[None].astype(np.float32))[0])  # row 0 = low
    row = float(np.argmax(picture[:, picture.shape[1] // 4 : -picture.shape[1] // 4].mean(axis=1)))
    window = Window(0, 2 * RATE, 0, RATE, 2 * RATE)
    _, top, _, height = preview_axes(folder(name, **params)).box(window, 0, 2, hz * 0.85, hz * 1.15)
    share = (row + 0.5) / len(picture)
    assert 1 - top - height - 0.02 <= share <= 1 - top + 0.02
