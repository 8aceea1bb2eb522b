"""Pictures of IQ: frequencies, times, levels and constellation points are where they belong."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audio_assets.errors import EncodingError
from audio_assets.radio.occupancy import occupancy_of
from audio_assets.radio.synthesis.signal import Modulation, Signal, synthesize
from audio_assets.transforms.iq_carrier import carrier
from audio_assets.transforms.iq_power import power_frames
from audio_assets.transforms.iq_spectrogram import IqSpectrogram
from audio_assets.transforms.registry import make_transform
from audio_assets.transforms.waterfall_png import (
    WaterfallAxes,
    plot_box,
    ticks_between,
    waterfall,
    write_waterfall_png,
)


def tone(frequency: float, samples: int = 32_768) -> np.ndarray:
    return np.exp(2j * np.pi * frequency * np.arange(samples)).astype(np.complex64)


@pytest.mark.parametrize("frequency", [-0.5, -0.375, -0.25, 0.0, 0.125, 0.25])
def test_a_tone_has_power_one_at_its_own_frequency(frequency: float) -> None:
    power = power_frames(tone(frequency)[None], 256).mean(axis=0)
    assert int(power.argmax()) == 128 + round(frequency * 256)
    assert power.max() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("samples", [1, 2, 7, 131, 1024, 32_768, 100_001])
def test_every_length_gives_a_picture(samples: int) -> None:
    rng = np.random.default_rng(0)
    noise = (rng.standard_normal(samples) + 1j * rng.standard_normal(samples)).astype(np.complex64)
    for name in ("iq_spectrogram", "iq_constellation"):
        picture = make_transform(name, {})(noise[None])
        assert picture.shape == (1, 224, 224)
        assert picture.dtype == np.uint8


def test_rows_are_frequencies_and_columns_are_time() -> None:
    both = np.concatenate([tone(-0.25, 16_384), tone(0.25, 16_384)])
    picture = IqSpectrogram()(both[None])[0]
    assert abs(int(picture[:, 40].argmax()) - 56) <= 1
    assert abs(int(picture[:, 180].argmax()) - 168) <= 1


def test_a_row_does_not_depend_on_its_batch_nor_its_level() -> None:
    batch = np.stack([synthesize(Signal(m, 8192, 10, seed=2)) for m in ("qpsk", "fm", "noise")])
    for name in ("iq_spectrogram", "iq_constellation"):
        transform = make_transform(name, {})
        alone = np.stack([transform(row[None])[0] for row in batch])
        assert np.array_equal(transform(batch), alone)
        assert np.abs(transform(8 * batch).astype(int) - alone).max() <= 1


def test_channels_do_not_hide_each_other() -> None:
    two = np.stack([tone(0.25), tone(-0.25)])
    opposite = np.stack([tone(0.25), -tone(0.25)])
    picture = IqSpectrogram()(two[None])[0].mean(axis=1)
    assert picture[56] > 200
    assert picture[168] > 200
    assert IqSpectrogram()(opposite[None])[0].mean(axis=1)[168] > 200


def test_silence_is_black_and_nan_is_refused() -> None:
    silence = np.zeros((1, 4096), np.complex64)
    for name in ("iq_spectrogram", "iq_constellation"):
        transform = make_transform(name, {})
        transform(silence)
        with pytest.raises(EncodingError, match="NaN"):
            transform(silence + complex(np.nan, 0))
        with pytest.raises(EncodingError, match="shape"):
            transform(np.zeros((1, 0), np.complex64))
    assert not IqSpectrogram()(silence).any()


@pytest.mark.parametrize(
    ("modulation", "points"),
    [("bpsk", [1, -1]), ("qpsk", [1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j])],
)
def test_a_constellation_shows_the_points_whatever_the_carrier(
    modulation: Modulation, points: list[complex]
) -> None:
    signal = Signal(modulation, 32_768, 25, 0.0317, 2.1, 0.3, per_symbol=7.7, seed=5)
    picture = make_transform("iq_constellation", {})(synthesize(signal)[None])[0].astype(float)
    found = [complex(*p) / abs(complex(*p)) for p in zip(*_bright(picture), strict=True)]
    for point in points:
        assert min(abs(f - point / abs(point)) for f in found) < 0.2
    for f in found:
        assert min(abs(f - point / abs(point)) for point in points) < 0.5


def _bright(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """I and Q of the brightest pixels."""
    q, i = np.nonzero(picture >= np.quantile(picture, 0.998))
    return i / 112 - 1, q / 112 - 1


@pytest.mark.parametrize(("modulation", "power"), [("am", 1), ("ook", 1), ("bpsk", 2), ("qpsk", 4),
                                                   ("qam16", 4)])  # fmt: skip
def test_the_carrier_is_found(modulation: Modulation, power: int) -> None:
    signal = Signal(modulation, 32_768, 15, 0.0321, 0.4, seed=1)
    found = carrier(synthesize(signal))
    assert found is not None
    wrapped = (found[0] - 0.0321 + 0.5 / power) % (1 / power) - 0.5 / power
    assert abs(wrapped) < 1e-5
    assert carrier(synthesize(Signal("noise", 32_768))) is None


def test_occupancy_counts_time_and_band() -> None:
    n = 1 << 16
    noise = 0.01 * synthesize(Signal("noise", n, seed=7))
    empty = occupancy_of(noise[None])
    assert empty.cells < 1e-3
    assert empty.band == 0
    assert empty.floor_db == pytest.approx(-40 + 10 * np.log10(1.5 / 256), abs=1)
    burst = noise.copy()
    band = synthesize(Signal("qpsk", n, per_symbol=4, seed=1))
    burst[: n // 2] += band[: n // 2]
    found = occupancy_of(burst[None])
    assert found.time == pytest.approx(0.5, abs=0.02)
    # at 40 dB the window's side lobes are above the floor for a few bins on either side
    assert found.band == pytest.approx(1.35 / 4 + 8 / 256, abs=0.02)
    assert found.cells == pytest.approx(0.5 * (1.35 / 4 + 8 / 256), abs=0.03)
    assert found.bands[32] == pytest.approx(0.5, abs=0.02)
    assert found.bands[0] < 0.01  # the sudden end of the burst splashes over the whole band


def test_a_waterfall_has_axes_around_the_picture(tmp_path: Path) -> None:
    image = np.full((224, 224), 128, np.uint8)
    axes = WaterfallAxes(0.0, 0.016, 2e6, 1090e6)
    left, top, wide, high = plot_box(224, 224)
    write_waterfall_png(image, tmp_path / "a.png", axes)
    content = (tmp_path / "a.png").read_bytes()
    picture = np.asarray(Image.open(io.BytesIO(content)))
    x, y = round(left * picture.shape[1]), round(top * picture.shape[0])
    assert (picture[y : y + 224, x : x + 224] == 128).all()
    assert wide * picture.shape[1] == pytest.approx(224)
    assert high * picture.shape[0] == pytest.approx(224)
    assert picture[:, : x - 4].max() > 128
    assert len(content) < 20_000
    other = np.asarray(waterfall(image, WaterfallAxes(0.0, 0.016, 2e6, None)))
    assert not np.array_equal(other, picture)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1e6, 1e6), (1089e6, 1091e6), (-0.5, 0.5),
                                           (0, 1e-9), (5, 5)])  # fmt: skip
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    ticks = ticks_between(low, high, 5)
    assert 1 <= len(ticks) <= 7
    slack = (high - low) * 1e-6
    assert all(low - slack <= tick <= high + slack for tick in ticks)
