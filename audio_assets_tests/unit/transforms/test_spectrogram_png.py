"""Preview pictures: palette PNGs, low frequencies at the bottom."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audio_assets.transforms.spectrogram_png import palette, preview_sheet, write_preview_png


def gradient() -> np.ndarray:
    return np.repeat(np.arange(224, dtype=np.uint8)[:, None], 224, axis=1)


def test_the_png_keeps_the_bytes_upside_down(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_preview_png(gradient(), path)
    with Image.open(path) as picture:
        assert picture.mode == "P"
        assert np.array_equal(np.asarray(picture), gradient()[::-1])
        assert bytes(picture.getpalette() or []) == palette()
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_the_palette_grows_brighter(tmp_path: Path) -> None:
    luma = np.frombuffer(palette(), dtype=np.uint8).reshape(256, 3) @ [0.299, 0.587, 0.114]
    assert (np.diff(luma) > -0.5).all()
    assert luma[-1] - luma[0] > 200


def test_a_refused_write_leaves_the_old_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    write_preview_png(gradient(), path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space"):
        write_preview_png(gradient(), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("count", [1, 7, 24])
def test_a_sheet_fits_fifty_kilobytes(count: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (count, 224, 224), dtype=np.uint8)
    sheet = preview_sheet(list(noise), columns=6)
    assert len(sheet) <= 50_000
    with Image.open(io.BytesIO(sheet)) as picture:
        assert picture.width >= picture.height or count < 6
        assert picture.width >= 300, "white noise is the worst case"


def test_a_sheet_shows_each_picture_at_its_place() -> None:
    levels = [0, 80, 160, 240]
    tiles = [np.full((224, 224), level, np.uint8) for level in levels]
    with Image.open(io.BytesIO(preview_sheet(tiles, columns=2))) as picture:
        seen = np.asarray(picture.convert("RGB"), int)
    colors = np.frombuffer(palette(), np.uint8).reshape(256, 3)
    for i, level in enumerate(levels):
        x, y = 114 * (i % 2) + 56, 114 * (i // 2) + 56
        assert np.abs(seen[y, x] - colors[level]).max() < 12


def test_low_frequencies_lie_at_the_bottom_of_a_sheet() -> None:
    low = np.zeros((224, 224), np.uint8)
    low[:56] = 255
    with Image.open(io.BytesIO(preview_sheet([low]))) as picture:
        seen = np.asarray(picture.convert("L"), int)
    assert seen[105, 56] > 150 > 50 > seen[20, 56]
