import numpy as np
import pytest

from audio_assets.recordings.resample import RESAMPLER, resample


def test_a_tone_keeps_its_pitch_and_level():
    time = np.arange(48000) / 48000
    tone = np.sin(2 * np.pi * 440 * time).astype(np.float32)
    out = resample(tone, 48000, 22050)
    assert out.dtype == np.float32
    assert len(out) == 22050
    expected = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    np.testing.assert_allclose(out[500:-500], expected[500:-500], atol=1e-3)


def test_equal_rates_change_nothing():
    sound = np.ones(5, np.float32)
    assert resample(sound, 100, 100) is sound or (resample(sound, 100, 100) == sound).all()


def test_tones_above_the_new_range_vanish():
    tone = np.sin(2 * np.pi * 15000 * np.arange(48000) / 48000).astype(np.float32)
    assert np.abs(resample(tone, 48000, 16000)[200:-200]).max() < 1e-3


@pytest.mark.parametrize("n", [0, 1, 2, 10])
def test_tiny_spans_work(n):
    assert len(resample(np.zeros(n, np.float32), 44100, 22050)) <= n


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="mono"):
        resample(np.zeros((2, 2), np.float32), 1, 2)
    with pytest.raises(ValueError, match="positive"):
        resample(np.zeros(2, np.float32), 0, 2)


def test_the_resampler_is_named_with_version_and_quality():
    assert RESAMPLER.startswith("soxr ")
    assert RESAMPLER.endswith(" HQ")
