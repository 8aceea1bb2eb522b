"""Any folder with a table of labels becomes one that training reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_assets.errors import RecordingError
from audio_assets.notebooks.parts.labelled_folder import labelled_folder
from audio_assets.training.clips import fold_numbers, load_clips


@pytest.fixture
def table(clips: Path, tmp_path: Path) -> Path:
    """Names and labels, one of them empty."""
    names = sorted(p.name for p in (clips / "audio").iterdir())
    lines = [f'{name},"{"no" if i % 2 else "a, b"}",{1 + i % 3}' for i, name in enumerate(names)]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["file,label,site", *lines, f"{names[0]},,1"]), encoding="utf-8-sig")
    return path


def labelled(clips: Path, table: Path, out: Path, **columns) -> Path:
    columns = {"file_column": "file", "label_column": "label", "fold_column": None, **columns}
    return labelled_folder(clips / "audio", table, out, **columns)


def test_folds_are_dealt_out_within_each_class(clips, table, tmp_path):
    folder = labelled(clips, table, tmp_path / "out")
    assert fold_numbers(folder) == {1, 2, 3, 4, 5}
    loaded = load_clips(folder, 8000, 8000, (1, 2, 3, 4, 5))
    assert loaded.names == ("a, b", "no")
    assert len(loaded.files) == 15
    of_fold_one = load_clips(folder, 8000, 8000, (1,))
    assert set(of_fold_one.names) == {"a, b", "no"}


def test_a_column_gives_the_folds_and_a_value_chooses_rows(clips, table, tmp_path):
    folder = labelled(clips, table, tmp_path / "out", fold_column="site", only=("label", "no"))
    assert fold_numbers(folder) == {1, 2, 3}
    assert load_clips(folder, 8000, 8000, (1, 2, 3)).names == ("no",)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label_column": "species"}, "no column species; it has file, label, site"),
        ({"fold_column": "label"}, "the fold 'a, b' is no whole number"),
        ({"only": ("label", "never")}, "no recording with a label"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_in_words(clips, table, tmp_path, columns, message):
    with pytest.raises(RecordingError, match=message):
        labelled(clips, table, tmp_path / "out", **columns)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "message"), [("../labels.csv", "lies outside"), ("gone.wav", "is missing")]
)
def test_a_file_that_is_not_in_the_folder_is_refused(clips, tmp_path, name, message):
    path = tmp_path / "labels.csv"
    path.write_text(f"file,label\n{name},dog\n")
    with pytest.raises(RecordingError, match=message):
        labelled(clips, path, tmp_path / "out")
