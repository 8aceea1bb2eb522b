import threading
from datetime import UTC, datetime

import pytest

from audio_assets.errors import StorageError, UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.recordings.clock import ClockCorrection
from audio_assets.recordings.windows import WindowGrid


@pytest.fixture
def registry(tmp_path):
    return FolderRegistry(Home(tmp_path / "home"))


def make(root, name):
    (root / name).mkdir(parents=True, exist_ok=True)
    return root / name


def test_a_folder_is_registered_under_the_slug_of_its_name(registry, tmp_path):
    folder = registry.register(make(tmp_path, "Fjord 2024 (nord)"))
    assert folder.key == "Fjord-2024-nord"
    assert folder.root == (tmp_path / "Fjord 2024 (nord)").resolve()
    assert folder.grid == WindowGrid(window_s=5)
    assert registry.get(folder.key) == folder
    assert registry.keys() == [folder.key]


def test_the_same_root_again_updates_only_what_is_given(registry, tmp_path):
    root = make(tmp_path, "a")
    grid = WindowGrid(window_s=3, hop_s=1, tail="pad")
    registry.register(root, grid=grid, columns={"label": "species"}, checkpoints=["x"])
    again = registry.register(f"{root}/../a", timezone="Europe/Berlin", grid=None)
    assert (again.grid, again.columns, again.checkpoints) == (grid, {"label": "species"}, ["x"])
    assert again.timezone == "Europe/Berlin"
    assert len(registry.load()) == 1


@pytest.mark.parametrize("twin", ["a", "A"])
def test_two_roots_with_one_name_are_refused(registry, tmp_path, twin):
    registry.register(make(tmp_path / "one", "a"))
    with pytest.raises(UsageError, match="--name") as caught:
        registry.register(make(tmp_path / "two", twin))
    assert caught.value.exit_code == 2
    assert registry.register(tmp_path / "two" / twin, "b").key == "b"


def test_one_root_may_have_several_names_for_several_grids(registry, tmp_path):
    root = make(tmp_path, "a")
    registry.register(root, grid=WindowGrid(window_s=5))
    registry.register(root, "a-3s", grid=WindowGrid(window_s=3))
    assert registry.keys() == ["a", "a-3s"]
    assert registry.register(root).key == "a"


def test_a_root_keeps_the_name_it_was_given(registry, tmp_path):
    root = make(tmp_path, "a")
    registry.register(root, "other")
    assert registry.register(root).key == "other"


def test_missing_and_forgotten(registry, tmp_path):
    root = make(tmp_path, "a")
    registry.register(root)
    root.rmdir()
    assert registry.mark_missing("a").state == "missing"
    root.mkdir()
    assert registry.register(root).state == "present"
    registry.forget("a")
    assert registry.keys() == []
    assert root.is_dir()
    with pytest.raises(UsageError, match="forget"):
        registry.forget("a")


def test_the_file_is_written_only_when_something_changes(registry, tmp_path):
    root = make(tmp_path, "a")
    registry.register(root)
    before = registry.file.stat().st_mtime_ns
    registry.register(root)
    assert registry.file.stat().st_mtime_ns == before


def test_wrong_input_is_a_usage_error(registry, tmp_path):
    root = make(tmp_path, "a")
    for wrong in (
        lambda: registry.register(tmp_path / "gone"),
        lambda: registry.register(root, "a/b"),
        lambda: registry.register(root, timezone="Mars"),
        lambda: registry.register(root, loader="nope"),
        lambda: registry.register(root, colour="red"),
        lambda: registry.get("gone"),
        lambda: registry.mark_missing("gone"),
    ):
        with pytest.raises(UsageError):
            wrong()
    assert registry.keys() == []


@pytest.mark.parametrize("text", ["folders: [1]", "{", "folders: {a: {root: /x}}", "\x00", "5"])
def test_a_damaged_file_is_named_and_left_alone(registry, tmp_path, text):
    registry.home.root.mkdir(parents=True)
    registry.file.write_text(text)
    with pytest.raises(StorageError, match=r"folders\.yaml"):
        registry.load()
    with pytest.raises(StorageError):
        registry.register(make(tmp_path, "a"))
    assert registry.file.read_text() == text


def test_writers_at_the_same_time_lose_nothing(registry, tmp_path):
    roots = [make(tmp_path, f"folder{i}") for i in range(12)]
    threads = [
        threading.Thread(target=FolderRegistry(registry.home).register, args=(root,))
        for root in roots
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.keys()) == 12


def test_settings_hold_what_can_change_data_and_no_path(registry, tmp_path):
    folder = registry.register(make(tmp_path, "a"), checkpoints=["x"])
    assert set(folder.settings()) == {
        "grid", "loader", "columns", "metadata_file", "timezone", "synthetic_geo",
    }  # fmt: skip
    assert str(tmp_path) not in str(folder.settings())


def test_how_times_are_read_enters_the_data_version_only_where_it_is_set(registry, tmp_path):
    root = make(tmp_path, "a")
    plain = registry.register(root).settings()
    clock = ClockCorrection(offset_s=5, drift_ppm=2, reference=datetime(2019, 5, 22, tzinfo=UTC))
    pattern = r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
    registry.register(root, clock=clock, time_pattern=pattern)
    found = registry.get("a")
    assert (found.clock, found.time_pattern) == (clock, pattern)
    assert found.settings() == {
        **plain,
        "time_pattern": pattern,
        "clock": {"offset_s": 5.0, "drift_ppm": 2.0, "reference": "2019-05-22T00:00:00Z"},
    }
    registry.register(root, clock=ClockCorrection(), time_pattern="")
    assert registry.get("a").settings() == plain
    assert "clock" not in registry.file.read_text()


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"time_pattern": "("}, "not a regular expression"),
        ({"clock": {"drift_ppm": 3}}, "reference"),
        ({"clock": {"drift_ppm": 3, "drift_s_per_day": 1}}, "not both"),
    ],
)
def test_times_that_cannot_be_read_are_refused_and_nothing_is_kept(
    registry, tmp_path, setting, says
):
    with pytest.raises(UsageError, match=says):
        registry.register(make(tmp_path, "a"), **setting)
    assert registry.keys() == []
