"""The same bytes read in another way are another recording: nothing of the one is reused."""

import os

import numpy as np
import pytest
import soundfile as sf

from audio_assets.encoding.previews import png_name
from audio_assets.radio.statement import RadioSettings
from audio_assets.radio.waterfalls import WaterfallPainter
from audio_assets.recordings.scan import scan_folder
from audio_assets.transforms.waterfall_png import WaterfallAxes


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(51)
    rng.integers(0, 256, 40_000, np.uint8).tofile(tmp_path / "capture.iq")
    stereo = rng.uniform(-0.5, 0.5, (8_000, 2)).astype(np.float32)
    sf.write(tmp_path / "stereo.wav", stereo, 8_000)
    for path in tmp_path.iterdir():  # old enough for their times to be trusted
        os.utime(path, ns=(1_600_000_000_000_000_000,) * 2)
    return tmp_path


def ids(folder, previous=None, **stated):
    told = {"datatype": "cu8", "sample_rate": 1e6, **stated}
    table = scan_folder(folder, previous=previous, radio=RadioSettings(**told))
    assert set(table["status"].to_pylist()) == {"ok"}, table["reason"].to_pylist()
    return table, dict(
        zip(table["path"].to_pylist(), table["recording_id"].to_pylist(), strict=True)
    )


@pytest.mark.parametrize(
    "change",
    [{"datatype": "ci8"}, {"channels": 2}, {"channels": 2, "channel": 1}, {"sample_rate": 2e6}],
    ids=str,
)
def test_raw_samples_read_otherwise_are_another_recording(folder, change):
    table, before = ids(folder)
    _, after = ids(folder, table, **change)
    assert after["capture.iq"] != before["capture.iq"]
    _, again = ids(folder, table)
    assert again == before


def test_of_two_channels_each_is_a_recording_of_its_own(folder):
    table, first = ids(folder, channels=2, channel=0)
    _, second = ids(folder, table, channels=2, channel=1)
    assert first["capture.iq"] != second["capture.iq"]


def test_stereo_taken_as_iq_is_another_recording_and_back_again(folder):
    table, sound = ids(folder)
    pairs_table, pairs = ids(folder, table, wav_iq=True)
    assert pairs["stereo.wav"] != sound["stereo.wav"]
    assert pairs["capture.iq"] == sound["capture.iq"]
    _, back = ids(folder, pairs_table)
    assert back == sound


def test_what_does_not_change_the_samples_keeps_the_recording(folder):
    table, before = ids(folder)
    again, after = ids(folder, table, frequency_hz=433.92e6, picture="iq_constellation")
    assert after == before
    assert again.column("subtype").to_pylist() == ["cu8", "PCM_16"]


def test_a_waterfall_is_drawn_again_when_its_axes_change(tmp_path):
    axes = {"a@0+10": WaterfallAxes(0, 1, 10, 434e6), "b@0+10": WaterfallAxes(0, 1, 10, 434e6)}
    WaterfallPainter(axes, tmp_path).forget_changed()
    for window_id in axes:
        (tmp_path / png_name(window_id)).write_bytes(b"png")
    WaterfallPainter(axes, tmp_path).forget_changed()
    assert len(list(tmp_path.glob("*.png"))) == 2
    changed = {**axes, "b@0+10": WaterfallAxes(0, 1, 10, 915e6)}
    WaterfallPainter(changed, tmp_path).forget_changed()
    assert [p.name for p in tmp_path.glob("*.png")] == [png_name("a@0+10")]
