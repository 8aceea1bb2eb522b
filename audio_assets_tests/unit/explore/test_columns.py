from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from audio_assets.errors import MetadataError
from audio_assets.explore.columns import SampleTable, build_sample_table, field_name, kind_of
from audio_assets.recordings.clock import ClockCorrection, with_clock
from audio_assets_tests.integration.explore.synthetic_folder import SyntheticFolder


def build(folder: SyntheticFolder, reserved: tuple[str, ...] = ("tags", "id")) -> SampleTable:
    return build_sample_table(
        folder.windows(), folder.metadata(), folder.recordings(),
        audio_root=Path("/audio"), png_dir=Path("/png"), reserved=reserved,
    )  # fmt: skip


def test_the_seed_schema_is_filled_from_windows_metadata_and_recordings(tmp_path):
    table = build(SyntheticFolder("f", tmp_path, 3))
    columns = table.columns
    assert columns["filepath"].values[1] == "/png/0000000000000001@0+220500.png"
    assert columns["audio_filepath"].values[1] == "/audio/audio/1-1-A-1.wav"
    assert columns["label"].kind == "label"
    assert columns["label"].values == ["dog", "rain", "rooster"]
    assert columns["location"].values[1] == (-4.0, 41.0), "longitude comes first"
    assert columns["start_time"].values[1] == datetime(2026, 5, 1, 4, 31)
    assert columns["esc10"].kind == "bool"
    assert columns["sample_rate"].values == [44100] * 3


def test_windows_begin_where_the_corrected_clock_says(tmp_path):
    folder = SyntheticFolder("f", tmp_path, 2)
    windows = folder.windows()
    at = windows.schema.get_field_index("start_s")
    windows = windows.set_column(at, windows.schema.field(at), pa.array([0.0, 1000.0]))
    fast = ClockCorrection(drift_ppm=2000, reference=datetime(2026, 5, 1, tzinfo=UTC))
    table = build_sample_table(
        windows, folder.metadata(), with_clock(folder.recordings(), fast),
        audio_root=Path("/a"), png_dir=Path("/p"), reserved=(),
    )  # fmt: skip
    assert table.columns["start_time"].values == [
        datetime(2026, 5, 1, 4, 30), datetime(2026, 5, 1, 4, 31) + timedelta(seconds=998),
    ]  # fmt: skip


def test_columns_without_any_value_are_left_out_but_the_label_stays(tmp_path):
    folder = SyntheticFolder("f", tmp_path, 2)
    metadata = folder.metadata()
    for name in ("label", "fold", "lat"):
        i = metadata.schema.get_field_index(name)
        field = metadata.schema.field(i)
        metadata = metadata.set_column(i, field, pa.nulls(2, field.type))
    table = build_sample_table(
        folder.windows(), metadata, folder.recordings(),
        audio_root=Path("/a"), png_dir=Path("/p"), reserved=(),
    )  # fmt: skip
    assert table.columns["label"].values == [None, None]
    assert {"fold", "lat", "location"}.isdisjoint(table.columns)


def test_custom_columns_keep_their_type_and_clashing_names_are_changed_and_told(tmp_path):
    custom = {
        "site": ["a", "b"], "gain": [1.5, float("nan")], "tags": ["x", "y"], "label ": ["p", "q"],
        "when": [date(2026, 1, 2), None], "price": [Decimal("1.25"), None],
        "Depth (m)": [1, 2], "words": [["a"], []],
    }  # fmt: skip
    table = build(SyntheticFolder("f", tmp_path, 2, custom=custom))
    assert table.renamed == {
        "tags": "tags_column", "label ": "label_column", "Depth (m)": "Depth_m",
    }  # fmt: skip
    assert table.columns["gain"].values == [1.5, None]
    assert table.columns["when"].values == [datetime(2026, 1, 2), None]
    assert table.columns["price"].values == [1.25, None]
    assert table.columns["Depth_m"].kind == "int"
    assert table.columns["words"].kind == "strings"


def test_a_recording_without_a_row_of_metadata_still_becomes_a_sample(tmp_path):
    folder = SyntheticFolder("f", tmp_path, 3)
    table = build_sample_table(
        folder.windows(), folder.metadata().slice(0, 2), folder.recordings(),
        audio_root=Path("/a"), png_dir=Path("/p"), reserved=(),
    )  # fmt: skip
    assert table.columns["label"].values == ["dog", "rain", None]


def test_a_window_that_occurs_twice_is_refused(tmp_path):
    folder = SyntheticFolder("f", tmp_path, 2)
    folder.keep = [0, 0]
    with pytest.raises(MetadataError, match="more than once"):
        build(folder)


def test_no_windows_give_an_empty_table(tmp_path):
    assert len(build(SyntheticFolder("f", tmp_path, 0))) == 0


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pa.int8(), "int"), (pa.uint64(), "string"), (pa.float32(), "float"), (pa.bool_(), "bool"),
        (pa.timestamp("ns"), "time"), (pa.date32(), "time"), (pa.string(), "string"),
        (pa.dictionary(pa.int32(), pa.string()), "string"), (pa.duration("s"), "float"),
        (pa.binary(), "string"), (pa.list_(pa.string()), "strings"), (pa.null(), "string"),
    ],
)  # fmt: skip
def test_every_column_type_has_a_field_type(dtype, kind):
    assert kind_of(dtype) == kind


def test_field_names_are_usable_and_unique():
    assert field_name("_private", ()) == "private"
    assert field_name("a.b$c", ()) == "a_b_c"
    assert field_name("***", ()) == "column"
    assert field_name("x", {"x", "x_column"}) == "x_column_2"
    assert field_name("größe", ()) == "größe"


def test_times_are_utc_in_whole_milliseconds(tmp_path):
    stamp = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
    table = build(SyntheticFolder("f", tmp_path, 1, custom={"seen": [stamp]}))
    assert table.columns["seen"].values == [datetime(2026, 1, 1, 12, 0, 0, 123000)]
