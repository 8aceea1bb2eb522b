import os
from pathlib import Path

import psutil
import pytest

from audio_assets.errors import DatabaseError
from audio_assets.explore import mongod_process
from audio_assets.explore.mongod_binary import WHEEL, MongodBinary, find_mongod, probe


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_mongod_is_run_before_it_is_believed(tmp_path):
    good = script(tmp_path / "good", "echo 'db version v6.0.5'")
    broken = script(tmp_path / "broken", "echo 'libcurl.so.4: cannot open' >&2; exit 127")
    assert probe(good) == MongodBinary(good, "6.0.5")
    assert "libcurl" in str(probe(broken))
    assert probe(tmp_path / "none") == "not there"


def test_without_any_mongod_the_message_names_the_wheel(monkeypatch):
    monkeypatch.delenv("AUDIO_ASSETS_MONGOD", raising=False)
    monkeypatch.setattr("audio_assets.explore.mongod_binary._candidates", lambda: [Path("/none")])
    with pytest.raises(DatabaseError, match=WHEEL):
        find_mongod()


def test_a_named_mongod_that_does_not_run_is_not_replaced_in_silence(monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIO_ASSETS_MONGOD", str(tmp_path / "mongod"))
    with pytest.raises(DatabaseError, match="AUDIO_ASSETS_MONGOD"):
        find_mongod()


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ('{"s":"E","msg":"x","attr":{"error":"No space left on device"}}', "is full"),
        ('{"s":"F","msg":"UPGRADE PROBLEM: found an invalid version"}', "another version"),
        ('{"s":"E","msg":"open","attr":{"error":"Permission denied"}}', "may not write"),
        ('{"s":"E","msg":"Some failure","attr":{"error":"of its own"}}', "Some failure of its own"),
        ("", "exit status 7"),
    ],
)
def test_the_reason_of_a_failed_start_is_read_from_the_log(tmp_path, log, said):
    binary = MongodBinary(script(tmp_path / "mongod", f"echo '{log}' >> \"$3\"; exit 7"), "0")
    with pytest.raises(DatabaseError, match=said):
        mongod_process.start(binary, tmp_path / "db", tmp_path / "mongod.log", None)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="cannot be made"):
        mongod_process.start(
            MongodBinary(Path("/bin/true"), "0"), tmp_path / "file" / "db", tmp_path / "log", None
        )


def test_a_damaged_state_file_counts_as_none(tmp_path):
    path = tmp_path / "mongod.json"
    assert mongod_process.MongodState.load(path) is None
    path.write_text("{half")
    assert mongod_process.MongodState.load(path) is None


def test_a_reused_pid_is_not_taken_for_mongod(tmp_path):
    started = psutil.Process().create_time()
    for time in (12345.0, started):  # of another process, and of one that is no mongod
        assert mongod_process.MongodState(os.getpid(), 1, time).process(tmp_path) is None
