import pandas as pd
import pytest

from audio_assets.errors import MetadataError
from audio_assets.loaders.custom import CustomLoader
from audio_assets.loaders.metadata_table import build_metadata_table, side_file_hashes
from audio_assets.loaders.registry import detect_loader

from .data_sets import folder, recordings, sounds, table


@pytest.fixture
def root(tmp_path):
    return sounds(tmp_path, "a.wav", "sub/b.wav")


def load(root, **options) -> pd.DataFrame:
    return CustomLoader(root, **options).load_metadata()


def built(root, **settings):
    metadata, report = build_metadata_table(root, folder(root, **settings), recordings(root))
    return {row["path"]: row for row in metadata.to_pylist()}, report


@pytest.mark.parametrize(
    "name", ["metadata.csv", "meta/metadata.csv", "labels.tsv", "metadata/meta.csv"]
)
def test_a_table_is_found_by_its_name(root, name):
    text = "filename,species\na.wav,robin\nb.wav,wren\n"
    table(root, name, text.replace(",", "\t") if name.endswith("tsv") else text)
    metadata = load(root)
    assert metadata["filepath"].tolist() == ["a.wav", "sub/b.wav"]
    assert metadata["label"].tolist() == ["robin", "wren"]
    assert metadata["species"].tolist() == ["robin", "wren"]


def test_a_named_table_with_a_column_mapping(root):
    table(root, "notes/site.csv", "clip;what;Breite;lon\na.wav;x;52,5;13\n".replace("52,5", "52.5"))
    metadata = load(root, metadata_file="notes/site.csv",
                    columns={"filepath": "clip", "label": "what", "lat": "Breite"})  # fmt: skip
    assert metadata.iloc[0][["filepath", "label", "lat", "lon"]].tolist() == [
        "a.wav",
        "x",
        52.5,
        13,
    ]


def test_parquet_keeps_its_types(root):
    frame = pd.DataFrame({"path": ["a.wav"], "depth": [3.5], "n": [7], "ok": [True], "at": ["007"]})
    frame.to_parquet(root / "metadata.parquet")
    rows, _ = built(root)
    assert {k: rows["a.wav"][k] for k in ("depth", "n", "ok", "at")} == {
        "depth": 3.5, "n": 7, "ok": True, "at": "007",
    }  # fmt: skip


def test_custom_columns_get_stable_types_and_text_stays_text(root):
    table(root, "metadata.csv",
          "file,whole,part,flag,zip,formula,big,mixed,empty,start_time\n"
          "a.wav,1,0.5,true,007,=1+1,12345678901234567890,1,,x\n"
          "b.wav,,2,false,1,@SUM(A1),2,b,,y\n")  # fmt: skip
    metadata, report = build_metadata_table(root, folder(root), recordings(root))
    types = {name: str(metadata.schema.field(name).type) for name in metadata.column_names}
    assert (types["whole"], types["part"], types["flag"]) == ("int64", "double", "bool")
    for name in ("zip", "formula", "big", "mixed", "empty"):
        assert types[name] == "string"
    assert metadata["zip"].to_pylist() == ["007", "1"]
    assert metadata["formula"].to_pylist() == ["=1+1", "@SUM(A1)"]
    assert metadata["whole"].to_pylist() == [1, None]
    assert report["renamed_columns"] == {"start_time": "start_time_custom"}


def test_without_a_table_sub_folders_are_the_labels(tmp_path):
    sounds(tmp_path, "dog/1.wav", "cat/2.wav", "3.wav", "audio/4.wav", "deep/robin/5.wav")
    rows, report = built(tmp_path)
    assert {path: row["label"] for path, row in rows.items()} == {
        "dog/1.wav": "dog", "cat/2.wav": "cat", "3.wav": None, "audio/4.wav": None,
        "deep/robin/5.wav": "robin",
    }  # fmt: skip
    assert rows["deep/robin/5.wav"]["subfolder"] == "deep/robin"
    assert report["metadata_file"] is None
    assert side_file_hashes(tmp_path, folder(tmp_path)) == {}
    assert detect_loader(tmp_path) == "custom"


def test_a_folder_of_nothing_gives_an_empty_table(tmp_path):
    metadata, report = build_metadata_table(tmp_path, folder(tmp_path), recordings(tmp_path))
    assert metadata.num_rows == 0
    assert report["classes"] == {}


def test_coordinates_are_given_synthetic_or_absent(root):
    table(root, "metadata.csv", "file,lat,lon\na.wav,52.5,13.4\nb.wav,1,\n")
    rows, report = built(root)
    assert (rows["a.wav"]["lat"], rows["a.wav"]["coordinates"]) == (52.5, "given")
    assert (rows["sub/b.wav"]["lat"], rows["sub/b.wav"]["coordinates"]) == (None, None)
    assert report["half_coordinates"] == 1
    rows, report = built(root, synthetic_geo=True)
    assert rows["a.wav"]["lat"] == 52.5
    assert rows["sub/b.wav"]["coordinates"] == "synthetic"
    assert report["synthetic_coordinates"] == 1


def test_duplicates_keep_metadata_of_their_own_and_failed_files_have_no_row(root):
    (root / "c.wav").write_bytes((root / "a.wav").read_bytes())
    (root / "bad.wav").write_bytes(b"")
    table(root, "metadata.csv", "file,label\na.wav,x\nc.wav,y\nbad.wav,z\n")
    rows, report = built(root)
    assert (rows["a.wav"]["label"], rows["c.wav"]["label"]) == ("x", "y")
    assert "bad.wav" not in rows
    assert report["rows_without_file"] == []


@pytest.mark.parametrize(
    "name", ["../outside.wav", "/etc/passwd", "sub/../../outside.wav", "..\\outside.wav"]
)
def test_names_never_leave_the_root(tmp_path, name):
    root = sounds(tmp_path / "root", "a.wav")
    sounds(tmp_path, "outside.wav")
    table(root, "metadata.csv", f"file,label\n{name},x\na.wav,y\n")
    rows, report = built(root)
    assert list(rows) == ["a.wav"]
    assert report["rows_without_file"] == [name]


def test_the_table_itself_must_lie_inside(tmp_path):
    root = sounds(tmp_path / "root", "a.wav")
    outside = table(tmp_path, "secret.csv", "file\na.wav\n")
    (root / "link.csv").symlink_to(outside)
    for name in ("../secret.csv", str(outside), "link.csv"):
        with pytest.raises(MetadataError, match="outside"):
            load(root, metadata_file=name)
    with pytest.raises(MetadataError, match="does not exist"):
        load(root, metadata_file="gone.csv")


def test_twins_of_case_and_unicode_are_different_files(tmp_path):
    sounds(tmp_path, "Dog.wav", "dog.wav", "e\u0301.wav", "\u00e9.wav")
    table(
        tmp_path, "metadata.csv", "file,label\nDog.wav,1\ndog.wav,2\ne\u0301.wav,3\n\u00e9.wav,4\n"
    )
    rows, _ = built(tmp_path)
    assert {path: row["label"] for path, row in rows.items()} == {
        "Dog.wav": "1", "dog.wav": "2", "e\u0301.wav": "3", "\u00e9.wav": "4",
    }  # fmt: skip


def test_an_ambiguous_bare_name_matches_nothing(tmp_path):
    sounds(tmp_path, "x/1.wav", "y/1.wav")
    table(tmp_path, "metadata.csv", "file,label\n1.wav,a\nx/1.wav,b\n")
    rows, report = built(tmp_path)
    assert (rows["x/1.wav"]["label"], rows["y/1.wav"]["label"]) == ("b", None)
    assert report["rows_without_file"] == ["1.wav"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,lat,lon\na.wav,91,0\n", "row 2, column 'lat': found '91'.*-90 to 90"),
        ("file,lat,lon\na.wav,0,-180.5\n", "column 'lon'.*-180 to 180"),
        ("file,lat,lon\na.wav,north,0\n", "column 'lat': found 'north'"),
        ("file,lat,lon\na.wav,inf,0\n", "column 'lat'"),
        ("species,lat\nrobin,1\n", "no column names the files; found 'species', 'lat'"),
        ("file,label\na.wav,x\n\na.wav,y\n", "rows 2, 4: 'a.wav' is named more than once"),
        ("file,x,x\na.wav,1,2\n", "column 'x' is there twice"),
        ("file,,x\na.wav,1,2\n", "column 2 has no name"),
        ("file,fold\na.wav,1.5\n", "column 'fold': found '1.5'"),
    ],
)
def test_a_table_that_does_not_fit_is_named_by_file_row_and_column(root, text, message):
    table(root, "metadata.csv", text)
    with pytest.raises(MetadataError, match=message) as caught:
        load(root)
    assert "metadata.csv" in str(caught.value)


def test_wrong_encodings_are_named_by_line(root):
    table(root, "metadata.csv", "file,label\na.wav,M\u00f6we\n", "latin-1")
    with pytest.raises(MetadataError, match="line 2: byte 0xf6 is not UTF-8"):
        load(root)
    table(root, "metadata.csv", "file,label\na.wav,x\n", "utf-16")
    with pytest.raises(MetadataError, match="UTF-8"):
        load(root)
    table(root, "metadata.csv", "file,label\na.wav,M\u00f6we\n", "utf-8-sig")
    assert load(root)["label"].tolist() == ["M\u00f6we"]


def test_quotes_newlines_and_windows_line_ends_are_data(root):
    table(root, "metadata.csv", 'file,label,note\r\na.wav,"x, y","two\nlines"\r\n')
    assert load(root)[["label", "note"]].iloc[0].tolist() == ["x, y", "two\nlines"]


def test_a_mapped_column_that_is_not_there_is_an_error(root):
    table(root, "metadata.csv", "file,what\na.wav,x\n")
    with pytest.raises(MetadataError, match=r"'species'.*'label'.*found 'file', 'what'"):
        load(root, columns={"label": "species"})


def test_damaged_parquet_is_an_error(root):
    (root / "metadata.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(MetadataError, match="cannot be read"):
        load(root)
