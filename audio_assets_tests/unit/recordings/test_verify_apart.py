"""A decoder that crashes, hangs or is killed costs one file, and the file is named."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audio_assets.recordings import verify_apart as module
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.verify import verify
from audio_assets.recordings.verify_apart import verify_apart
from audio_assets_tests.unit.recordings.sound_files import write

DECODER = """
import ctypes, os, signal, sys, time
if sys.argv[:1] == ["-m"]:
    from audio_assets.recordings import verify
    real = verify.open_source
    def open_source(descriptor, path):
        if "segfault" in path.name:
            ctypes.string_at(0)
        if "abort" in path.name:
            os.abort()
        if "endless" in path.name:
            time.sleep(3600)
        if "exit" in path.name:
            os._exit(3)
        return real(descriptor, path)
    verify.open_source = open_source
"""
"""A decoder that does not stand some files, for processes that start from now on."""


@pytest.fixture
def weak_decoder(tmp_path_factory, monkeypatch):
    """Processes that verify get a decoder which native faults can end."""
    place = tmp_path_factory.mktemp("weak")
    (place / "sitecustomize.py").write_text(DECODER)
    monkeypatch.setenv("PYTHONPATH", str(place))
    module._idle.close()
    yield
    module._idle.close()


def test_the_verdict_is_that_of_this_process(tmp_path):
    whole, cut = write(tmp_path / "a.flac"), tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[:900])
    for path in (whole, cut, tmp_path / "missing.wav"):
        assert verify_apart(path, path.name) == verify(path, path.name)
    known = verify(whole, whole.name).recording_id
    assert verify_apart(whole, whole.name, known) is None
    assert (
        verify_apart(whole, whole.name, longest_s=0.1).reason
        == "is longer than 0.1 s, the limit here"
    )


@pytest.mark.usefixtures("weak_decoder")
def test_a_crash_costs_one_file_of_a_folder(tmp_path):
    names = [f"{i}.wav" for i in range(12)]
    for name in [*names, "segfault.wav", "abort.wav", "segfault2.wav"]:
        write(tmp_path / name)
    rows = {row["path"]: row for row in scan_folder(tmp_path, workers=4).to_pylist()}
    assert [rows[name]["status"] for name in names] == ["ok"] * 12
    for name, said in (("segfault", "SIGSEGV"), ("segfault2", "SIGSEGV"), ("abort", "SIGABRT")):
        row = rows[f"{name}.wav"]
        assert (row["status"], row["recording_id"]) == ("failed", None)
        assert f"crashed its decoder ({said})" in row["reason"]


@pytest.mark.usefixtures("weak_decoder")
def test_a_decoder_that_does_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 2.0)
    write(tmp_path / "endless.wav")
    write(tmp_path / "good.wav")
    rows = {row["path"]: row for row in scan_folder(tmp_path, workers=1).to_pylist()}
    assert "or more than 2" in rows["endless.wav"]["reason"]
    assert rows["good.wav"]["status"] == "ok"


@pytest.mark.usefixtures("weak_decoder")
def test_a_process_that_cannot_work_is_no_verdict_on_the_file_s_sound(tmp_path):
    write(tmp_path / "exit.wav")
    (row,) = scan_folder(tmp_path).to_pylist()
    assert "ended with status 3" in row["reason"]


def test_many_threads_share_few_processes(tmp_path):
    paths = [write(tmp_path / f"{i}.flac") for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda p: verify_apart(p, p.name), paths))
    assert len({verdict.recording_id for verdict in found}) == 40
    assert len(module._idle._workers) <= 4


def test_a_process_without_work_ends_and_the_next_file_gets_another(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "IDLE_S", 0.2)
    module._idle.close()
    path = write(tmp_path / "a.wav")
    assert verify_apart(path, path.name).status == "ok"
    (worker,) = module._idle._workers
    worker.process.wait(10)
    assert worker.process.returncode == module.IDLE_STATUS
    assert verify_apart(path, path.name).status == "ok"
    module._idle.close()


def test_its_processes_end_with_their_caller(tmp_path):
    path = write(tmp_path / "a.wav")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        verify_apart(path, path.name)
        os.write(writer, str(module._idle._workers[0].process.pid).encode())
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    pid = int(os.read(reader, 20))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
