import pytest

from audio_assets.errors import MetadataError
from audio_assets.loaders.esc50 import MAJOR_GROUPS, Esc50Loader, major_group
from audio_assets.loaders.metadata_table import build_metadata_table, default_grid
from audio_assets.loaders.registry import detect_loader

from .data_sets import folder, recordings, sounds, table

HEADER = "filename,fold,target,category,esc10,src_file,take\n"
ROWS = "1-1-A-0.wav,1,0,dog,True,1,A\n5-2-B-42.wav,5,42,siren,False,2,B\n"


@pytest.fixture
def esc50(tmp_path):
    sounds(tmp_path, "audio/1-1-A-0.wav", "audio/5-2-B-42.wav")
    table(tmp_path, "meta/esc50.csv", HEADER + ROWS)
    return tmp_path


def test_the_standard_schema_comes_out(esc50):
    metadata = Esc50Loader(esc50).load_metadata()
    assert metadata["filepath"].tolist() == ["audio/1-1-A-0.wav", "audio/5-2-B-42.wav"]
    assert metadata["label"].tolist() == ["dog", "siren"]
    assert metadata["major_group"].tolist() == ["animals", "urban"]
    assert metadata["target"].tolist() == [0, 42]
    assert metadata["esc10"].tolist() == [True, False]
    assert metadata["take"].tolist() == ["A", "B"]
    assert {"lat", "lon"} <= set(metadata.columns)


def test_the_five_groups_are_ten_classes_each():
    groups = [major_group(target) for target in range(50)]
    assert groups == [name for name in MAJOR_GROUPS for _ in range(10)]
    assert [major_group(t) for t in (-1, 50, None)] == [None] * 3


@pytest.mark.parametrize("named", ["wav", "ogg"])
@pytest.mark.parametrize("real", ["wav", "ogg", "flac"])
def test_rows_find_files_of_other_extensions(tmp_path, named, real):
    sounds(tmp_path, f"audio/a.{real}")
    table(tmp_path, "meta/esc50.csv", HEADER + f"a.{named},1,0,dog,True,1,A\n")
    assert Esc50Loader(tmp_path).load_metadata()["filepath"].tolist() == [f"audio/a.{real}"]


def test_the_layout_is_found_one_level_down_too(esc50, tmp_path_factory):
    above = tmp_path_factory.mktemp("above")
    esc50.rename(above / "ESC-50-master")
    assert detect_loader(above) == "esc50"
    paths = Esc50Loader(above).load_metadata()["filepath"].tolist()
    assert paths[0] == "ESC-50-master/audio/1-1-A-0.wav"
    assert default_grid(above, "auto", 3.0).policy == "clip"


def test_the_interface_of_the_requirements_page(esc50, tmp_path_factory):
    previews = tmp_path_factory.mktemp("previews")
    (previews / "1-1-A-0.npy").write_bytes(b"")
    loader = Esc50Loader(esc50, spectrogram_dir=previews)
    assert loader.get_audio_paths() == [esc50 / "audio/1-1-A-0.wav", esc50 / "audio/5-2-B-42.wav"]
    assert loader.get_spectrogram_paths() == {"audio/1-1-A-0.wav": previews / "1-1-A-0.npy"}
    assert Esc50Loader(esc50).get_spectrogram_paths() == {}


def test_the_table_joins_recordings_and_reports_what_does_not_meet(esc50):
    sounds(esc50, "audio/extra.wav")
    table(esc50, "meta/esc50.csv", HEADER + ROWS + "gone.wav,1,1,rooster,True,3,A\n")
    metadata, report = build_metadata_table(esc50, folder(esc50), recordings(esc50))
    assert metadata["path"].to_pylist()[-1] == "audio/extra.wav"
    assert metadata["label"].to_pylist() == ["dog", "siren", None]
    assert report["rows_without_file"] == ["gone.wav"]
    assert report["files_without_row"] == ["audio/extra.wav"]
    assert (report["loader"], report["metadata_file"]) == ("esc50", "meta/esc50.csv")
    assert (report["rows"], report["matched"]) == (3, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "column 'filename'.*is not there"),
        ("filename\nx.wav\n", "expected ESC-50's"),
        (
            HEADER + "a.wav,1,zero,dog,True,1,A\n",
            "row 2, column 'target': found 'zero'.*whole number",
        ),
        (HEADER + "a.wav,1,0,dog,maybe,1,A\n", "column 'esc10'.*true or false"),
        (HEADER + "a.wav,1,0,dog\n", "line 2: 4 cells.*7 columns"),
        (HEADER + ",1,0,dog,True,1,A\n", "row 2, column 'filename'"),
        (HEADER + ROWS + ROWS, "rows 2, 4: '1-1-A-0.wav' is named more than once"),
        (HEADER + 'a.wav,1,0,"dog,True,1,A\n', "Correct"),
    ],
)
def test_a_table_that_does_not_fit_is_named_by_file_row_and_column(tmp_path, text, message):
    table(tmp_path, "meta/esc50.csv", text)
    with pytest.raises(MetadataError, match=message) as caught:
        Esc50Loader(tmp_path).load_metadata()
    assert "esc50.csv" in str(caught.value)


def test_real_esc10(test_data):
    if test_data is None:
        pytest.skip("no real recordings")
    loader = Esc50Loader(test_data / "esc10")
    metadata = loader.load_metadata()
    assert len(metadata) == 400
    assert set(metadata["label"].value_counts()) == {40}
    assert set(metadata["filepath"]) == set(loader.audio_keys())
    assert set(metadata["major_group"]) == set(MAJOR_GROUPS)
