import os
import shutil
import struct
import threading
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
import soundfile as sf

from audio_assets.errors import UsageError
from audio_assets.recordings import scan as scanning
from audio_assets.recordings.scan import folder_version, scan_folder
from audio_assets.recordings.verify import verify
from audio_assets.schemas import RECORDINGS

from .sound_files import age, noise, write


def by_path(table: pa.Table) -> dict[str, dict]:
    return {row["path"]: row for row in table.to_pylist()}


@pytest.fixture
def opened(monkeypatch):
    """Names of the files that a scan opened."""
    names: list[str] = []
    real = scanning.verify_apart
    monkeypatch.setattr(
        scanning,
        "verify_apart",
        lambda path, name, known, **rest: names.append(name) or real(path, name, known, **rest),
    )
    return names


def verify_here(path, name, known, listener):
    """In this process, where a step of it can be replaced."""
    assert listener is None
    return verify(path, name, known)


def test_good_and_bad_files_come_out_as_rows_sorted_by_path(tmp_path):
    write(tmp_path / "b" / "x.wav")
    write(tmp_path / "a.flac", noise(1, 16000, channels=2), 16000)
    (tmp_path / "bad.mp3").write_text("<!DOCTYPE html><p>404")
    (tmp_path / "README.md").write_text("no")
    (tmp_path / "labels.csv").write_text("no")
    table = scan_folder(tmp_path)
    assert table.schema.equals(RECORDINGS)
    assert table["path"].to_pylist() == ["a.flac", "b/x.wav", "bad.mp3"]
    rows = by_path(table)
    assert rows["a.flac"]["sample_rate"] == 16000
    assert (rows["a.flac"]["channels"], rows["a.flac"]["frames"]) == (2, 16000)
    assert (rows["a.flac"]["format"], rows["a.flac"]["subtype"]) == ("FLAC", "PCM_16")
    assert "web page" in rows["bad.mp3"]["reason"]


def test_an_unchanged_folder_is_not_opened_again(tmp_path, opened):
    for name in ("a.wav", "b.wav", "c.wav"):
        write(tmp_path / name)
    (tmp_path / "bad.wav").write_bytes(b"")
    age(tmp_path)
    first = scan_folder(tmp_path)
    assert len(opened) == 4
    opened.clear()
    assert scan_folder(tmp_path, previous=first).equals(first)
    assert opened == []
    assert scan_folder(tmp_path, previous=first, verify=True).equals(first)
    assert len(opened) == 4


def test_only_new_and_changed_files_are_opened(tmp_path, opened):
    for name in ("a.wav", "b.wav"):
        write(tmp_path / name)
    age(tmp_path)
    first = scan_folder(tmp_path)
    opened.clear()
    write(tmp_path / "c.wav")
    status = (tmp_path / "b.wav").stat()
    with (tmp_path / "b.wav").open("r+b") as stream:
        stream.seek(100)
        stream.write(b"\x55")
    os.utime(tmp_path / "b.wav", ns=(status.st_atime_ns, status.st_mtime_ns))
    second = scan_folder(tmp_path, previous=first)
    assert sorted(opened) == ["b.wav", "c.wav"]
    before, after = by_path(first), by_path(second)
    assert after["a.wav"] == before["a.wav"]
    assert after["b.wav"]["recording_id"] != before["b.wav"]["recording_id"]


def test_a_file_touched_but_not_changed_is_hashed_and_not_decoded(tmp_path, monkeypatch):
    write(tmp_path / "a.wav")
    age(tmp_path)
    first = scan_folder(tmp_path)
    os.utime(tmp_path / "a.wav")
    monkeypatch.setattr(scanning, "verify_apart", verify_here)
    monkeypatch.setattr("audio_assets.recordings.verify._decode", None)
    second = scan_folder(tmp_path, previous=first)
    assert second["status"].to_pylist() == ["ok"]
    assert folder_version(second, {}, {}) == folder_version(first, {}, {})


def test_a_removed_file_leaves_and_its_duplicate_takes_over(tmp_path):
    write(tmp_path / "a.wav")
    shutil.copy(tmp_path / "a.wav", tmp_path / "b.wav")
    shutil.copy(tmp_path / "a.wav", tmp_path / "c.wav")
    first = scan_folder(tmp_path)
    assert first["status"].to_pylist() == ["ok", "duplicate", "duplicate"]
    assert first["duplicate_of"].to_pylist() == [None, "a.wav", "a.wav"]
    assert len(set(first["recording_id"].to_pylist())) == 1
    (tmp_path / "a.wav").unlink()
    second = scan_folder(tmp_path, previous=first)
    assert second["status"].to_pylist() == ["ok", "duplicate"]
    assert second["duplicate_of"].to_pylist() == [None, "b.wav"]


def test_hostile_names_are_plain_paths(tmp_path):
    names = [
        "new\nline.wav", "x..wav.wav", "a..b.wav", "%2e%2e%2fx.wav", "back\\slash.wav",
        "=1+1.wav", "Case.wav", "case.wav", "e\u0301.wav", "\u00e9.wav", "- rf.wav", "tab\t.wav",
        "💥.WAV",
    ]  # fmt: skip
    for name in names:
        write(tmp_path / name)
    rows = by_path(scan_folder(tmp_path))
    assert set(rows) == set(names)
    assert {row["status"] for row in rows.values()} == {"ok"}


def test_a_name_that_is_not_utf8_is_a_failed_row(tmp_path):
    write(tmp_path / "good.wav")
    os.link(tmp_path / "good.wav", os.fsencode(tmp_path) + b"/caf\xe9.wav")
    rows = by_path(scan_folder(tmp_path))
    assert rows["caf\\xe9.wav"]["status"] == "failed"
    assert "not valid UTF-8" in rows["caf\\xe9.wav"]["reason"]
    assert rows["good.wav"]["status"] == "ok"


def test_links_are_followed_inside_the_root_and_refused_outside(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(root / "real.wav")
    write(outside / "secret.wav")
    (root / "inside.wav").symlink_to("real.wav")
    (root / "escape.wav").symlink_to(outside / "secret.wav")
    (root / "broken.wav").symlink_to("nothing.wav")
    (root / "loop.wav").symlink_to("loop.wav")
    (root / "folder").symlink_to(outside)
    (root / "self").symlink_to(root)
    (root / "notes.txt").symlink_to(outside / "secret.wav")
    rows = by_path(scan_folder(root))
    assert rows["inside.wav"]["status"] == "ok"
    assert rows["real.wav"]["duplicate_of"] == "inside.wav"
    assert "outside" in rows["escape.wav"]["reason"]
    assert rows["escape.wav"]["recording_id"] is None
    assert "does not exist" in rows["broken.wav"]["reason"]
    assert rows["loop.wav"]["status"] == "failed"
    assert "outside" in rows["folder"]["reason"]
    assert set(rows) == {"inside.wav", "real.wav", "escape.wav", "broken.wav", "loop.wav", "folder"}


def test_a_link_as_root_works(tmp_path):
    write(tmp_path / "root" / "a.wav")
    (tmp_path / "link").symlink_to(tmp_path / "root")
    assert scan_folder(tmp_path / "link")["path"].to_pylist() == ["a.wav"]


def test_pipes_hidden_and_temporary_files_are_not_listed(tmp_path):
    write(tmp_path / "a.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    for name in (".hidden.wav", "._a.wav", "~a.wav", "a.wav~", "a.wav.part", ".git/x.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(tmp_path / "a.wav", tmp_path / name)
    tables: list[pa.Table] = []
    thread = threading.Thread(target=lambda: tables.append(scan_folder(tmp_path)))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert tables[0]["path"].to_pylist() == ["a.wav"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_a_failed_row(tmp_path):
    write(tmp_path / "a.wav").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    rows = by_path(scan_folder(tmp_path))
    assert "permission denied" in rows["a.wav"]["reason"]
    assert "permission denied" in rows["closed"]["reason"]


def test_a_file_that_grows_while_it_is_read_fails_and_is_read_again(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav")
    age(tmp_path)
    real = verify.__globals__["_decode"]
    monkeypatch.setattr(scanning, "verify_apart", verify_here)

    def slow(descriptor, file, name, verdict, *limits):
        real(descriptor, file, name, verdict, *limits)
        with path.open("ab") as stream:
            stream.write(b"more")

    monkeypatch.setattr("audio_assets.recordings.verify._decode", slow)
    first = scan_folder(tmp_path)
    assert "changed while it was read" in first["reason"][0].as_py()
    monkeypatch.setattr("audio_assets.recordings.verify._decode", real)
    assert scan_folder(tmp_path, previous=first)["status"].to_pylist() == ["ok"]


def test_an_unforeseen_error_in_one_file_never_stops_the_rest(tmp_path, monkeypatch):
    for name in ("a.wav", "b.wav"):
        write(tmp_path / name)
    real = scanning.verify_apart

    def breaks(path, name, known, **rest):
        if name == "a.wav":
            raise MemoryError("no room")
        return real(path, name, known, **rest)

    monkeypatch.setattr(scanning, "verify_apart", breaks)
    rows = by_path(scan_folder(tmp_path))
    assert "MemoryError" in rows["a.wav"]["reason"]
    assert rows["b.wav"]["status"] == "ok"


def test_odd_shapes_of_sound_are_measured_right(tmp_path):
    write(tmp_path / "slow.wav", noise(3, 10), 10)
    write(tmp_path / "wide.wav", noise(0.01, 8000, channels=300), 8000)
    write(tmp_path / "fast.wav", noise(0.1, 384_000), 384_000)
    write(tmp_path / "level.wav", np.full(800, 0.25, np.float32))
    write(tmp_path / "float.wav", noise(1) * 30, subtype="FLOAT")
    rows = by_path(scan_folder(tmp_path))
    assert {row["status"] for row in rows.values()} == {"ok"}
    assert rows["slow.wav"]["duration_s"] == 3
    assert rows["slow.wav"]["warning"].startswith("unusual rate: 10 Hz, and so 3 s")
    assert rows["wide.wav"]["channels"] == 300
    assert rows["fast.wav"]["sample_rate"] == 384_000
    assert rows["level.wav"]["warning"] == "constant: every sample is 0.25"
    assert rows["float.wav"]["warning"].startswith("clipped")


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff", "wav", "caf"])
def test_a_file_cut_short_says_so(tmp_path, suffix):
    whole = write(tmp_path / f"a.{suffix}", noise(4, 44100), 44100).read_bytes()
    (tmp_path / f"a.{suffix}").write_bytes(whole[: len(whole) * 2 // 3])
    row = by_path(scan_folder(tmp_path))[f"a.{suffix}"]
    if row["status"] == "ok":
        assert "truncated" in row["warning"] or "header length is wrong" in row["warning"]
        assert 0 < row["frames"] < 4 * 44100
    else:
        assert row["reason"]


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "wav", "aiff", "caf", "w64", "au"])
def test_random_damage_never_raises(tmp_path, suffix):
    rng = np.random.default_rng(7)
    whole = bytearray(write(tmp_path / f"x.{suffix}", noise(0.3)).read_bytes())
    for number in range(25):
        broken = bytearray(whole)
        for at in rng.integers(0, min(len(broken), 400 if number % 2 else len(broken)), 8):
            broken[at] = rng.integers(256)
        (tmp_path / f"x{number}.{suffix}").write_bytes(broken[: rng.integers(1, len(broken))])
    for row in scan_folder(tmp_path).to_pylist():
        assert (row["status"] == "failed") == (row["reason"] is not None)


def test_a_riff_header_that_lies_is_told_from_a_file_cut_short(tmp_path):
    path = write(tmp_path / "a.wav")
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(content)
    row = scan_folder(tmp_path).to_pylist()[0]
    assert row["frames"] == 4000
    assert row["warning"].startswith("header length is wrong")


def test_start_times_come_from_names_in_the_folders_own_way(tmp_path):
    write(tmp_path / "A_20190522_003000.wav")
    assert scan_folder(tmp_path)["start_time"].to_pylist() == [
        datetime(2019, 5, 22, 0, 30, tzinfo=UTC)
    ]
    moved = scan_folder(tmp_path, start_time=lambda name: datetime(2000, 1, 1, tzinfo=UTC))
    assert moved["start_time"][0].as_py().year == 2000


def test_an_empty_folder_gives_an_empty_table_and_no_folder_a_usage_error(tmp_path):
    assert scan_folder(tmp_path).equals(RECORDINGS.empty_table())
    for path in (tmp_path / "gone", write(tmp_path / "file.wav")):
        with pytest.raises(UsageError, match="cannot be read as a folder"):
            scan_folder(path)


def test_the_version_follows_content_names_verdicts_side_files_and_settings(tmp_path):
    write(tmp_path / "a.wav")
    table = scan_folder(tmp_path)
    version = folder_version(table, {"m.csv": "1"}, {"grid": 1})
    assert version == folder_version(scan_folder(tmp_path), {"m.csv": "1"}, {"grid": 1})
    assert version != folder_version(table, {"m.csv": "2"}, {"grid": 1})
    assert version != folder_version(table, {"m.csv": "1"}, {"grid": 2})
    (tmp_path / "a.wav").rename(tmp_path / "b.wav")
    assert version != folder_version(scan_folder(tmp_path), {"m.csv": "1"}, {"grid": 1})


def test_real_clips_all_decode(test_data, tmp_path):
    if test_data is None:
        pytest.skip("no real recordings")
    for path in sorted((test_data / "esc10" / "audio").glob("5-2*.ogg")):
        shutil.copy(path, tmp_path)
    table = scan_folder(tmp_path)
    assert set(table["status"].to_pylist()) == {"ok"}
    for row in table.to_pylist():
        assert row["frames"] == sf.info(tmp_path / row["path"]).frames


def test_an_mp3_cut_out_of_a_stream_is_read(tmp_path):
    whole = write(tmp_path / "a.mp3", noise(5, 44100), 44100).read_bytes()
    (tmp_path / "a.mp3").write_bytes(whole[3000:])
    (tmp_path / "random.mp3").write_bytes(np.random.default_rng(0).bytes(20_000))
    rows = by_path(scan_folder(tmp_path))
    assert rows["a.mp3"]["status"] == "ok"
    assert rows["a.mp3"]["duration_s"] > 4
    assert rows["random.mp3"]["status"] == "failed"
