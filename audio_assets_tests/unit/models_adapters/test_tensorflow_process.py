from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from audio_assets.errors import CheckpointError, EncodingError
from audio_assets.models.adapters.tensorflow_process import PYTHON_VARIABLE, TensorflowProcess
from audio_assets.models.adapters.tensorflow_worker import frames

FAKE = """#!{python}
import os, sys, pathlib
sys.path.insert(0, str(pathlib.Path(sys.argv[1]).parent))
import frames
print("a library says something on stderr", file=sys.stderr, flush=True)
deaths = pathlib.Path({folder!r}) / "deaths"
while True:
    try:
        header, arrays = frames.receive(0)
    except frames.PipeClosed:
        break
    if header["op"] == "load":
        frames.send(1, {load!r})
    elif deaths.read_text():
        deaths.write_text(deaths.read_text()[1:])
        print("Illegal instruction in oneDNN", file=sys.stderr, flush=True)
        os._exit(132)
    else:
        frames.send(1, {{}}, [arrays[0] * 2])
"""


def fake_tensorflow(folder: Path, monkeypatch, deaths: int, load: dict | None = None) -> None:
    script = folder / "python"
    script.write_text(
        FAKE.format(python=sys.executable, folder=str(folder), load=load or {"inputs": {}})
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (folder / "deaths").write_text("x" * deaths)
    monkeypatch.setenv(PYTHON_VARIABLE, str(script))


def test_a_child_that_dies_once_is_started_again(tmp_path, monkeypatch):
    fake_tensorflow(tmp_path, monkeypatch, deaths=1)
    process = TensorflowProcess(tmp_path, "serving_default")
    first = process.pid
    (result,) = process.call({"x": np.ones((2, 3), np.float32)}, ["y"])
    np.testing.assert_array_equal(result, np.full((2, 3), 2, np.float32))
    assert process.pid != first
    process.close()
    assert process.pid is None


def test_a_second_death_is_an_error_with_the_last_words(tmp_path, monkeypatch):
    fake_tensorflow(tmp_path, monkeypatch, deaths=2)
    process = TensorflowProcess(tmp_path, "serving_default")
    with pytest.raises(EncodingError, match=r"died twice.*132.*Illegal instruction in oneDNN"):
        process.call({"x": np.ones(1, np.float32)}, ["y"])


def test_missing_tensorflow_says_what_to_install(tmp_path, monkeypatch):
    error = {"error": "ModuleNotFoundError: No module named 'tensorflow'"}
    fake_tensorflow(tmp_path, monkeypatch, deaths=0, load=error)
    with pytest.raises(CheckpointError, match=rf"audio-assets\[savedmodel\].*{PYTHON_VARIABLE}"):
        TensorflowProcess(tmp_path, "serving_default")


def test_an_interpreter_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(PYTHON_VARIABLE, str(tmp_path / "nothing"))
    with pytest.raises(CheckpointError, match="nothing cannot be started"):
        TensorflowProcess(tmp_path, "serving_default")


def test_frames_carry_arrays_of_any_shape_through_a_pipe():
    read, write = os.pipe()
    arrays = [np.float32(3), np.zeros((0, 4), np.int64), np.arange(12.0).reshape(3, 4).T]
    frames.send(write, {"op": "x", "ü": 1}, [np.asarray(a) for a in arrays])
    header, received = frames.receive(read, timeout=5)
    assert header == {"op": "x", "ü": 1}
    for sent, got in zip(arrays, received, strict=True):
        np.testing.assert_array_equal(sent, got)
        assert np.asarray(sent).dtype == got.dtype


@pytest.mark.parametrize(
    "content", [b"", b"Traceback (most recent call last)", b"AAF1\xff\xff\xff\xff"]
)
def test_what_is_no_frame_closes_the_pipe(content):
    read, write = os.pipe()
    os.write(write, content)
    os.close(write)
    with pytest.raises(frames.PipeClosed):
        frames.receive(read, timeout=5)


def test_an_array_of_objects_is_refused():
    read, write = os.pipe()
    text = json.dumps({"arrays": [{"dtype": "|O", "shape": [1]}]}).encode()
    os.write(write, frames.LENGTH.pack(frames.MAGIC, len(text)) + text + b"\0" * 8)
    with pytest.raises(frames.PipeClosed, match="objects"):
        frames.receive(read, timeout=5)


def test_silence_is_a_timeout():
    read, _ = os.pipe()
    with pytest.raises(frames.PipeTimeout):
        frames.receive(read, timeout=0.05)
