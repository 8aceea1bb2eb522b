"""Pickles: settings of trainers become inert, anything that acts is refused before it acts."""

from __future__ import annotations

import argparse
import builtins
import io
import os
import pickle
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from audio_assets.errors import CheckpointError
from audio_assets.models.checkpoint_file import read_state
from audio_assets.models.weights_pickle import Settings, load_weights_pickle


class Act:
    """Pickled, it becomes a call."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call, self.arguments


def acts(target: Path) -> dict[str, Act]:
    code = f"open({str(target)!r}, 'w').close()"
    return {
        "os.system": Act(os.system, f"touch {target}"),
        "exec": Act(builtins.exec, code),
        "eval": Act(builtins.eval, code),
        "subprocess": Act(subprocess.Popen, ["touch", str(target)]),
        "mkdir": Act(os.mkdir, str(target)),
        "getattr": Act(getattr, "text", "upper"),
        "torch.load": Act(torch.load, str(target)),
        "import": Act(__import__, "this"),
    }


NAMES = sorted(acts(Path("x")))


@pytest.mark.parametrize("place", ["top", "model", "args"])
@pytest.mark.parametrize("name", NAMES)
def test_a_pickle_that_acts_is_refused_before_it_acts(
    tmp_path: Path, name: str, place: str
) -> None:
    target, path = tmp_path / "acted", tmp_path / "evil.pth"
    act = acts(target)[name]
    content = {
        "top": act,
        "model": {"model": {"cls_token": torch.zeros(1), "x": act}},
        "args": {"model": {"cls_token": torch.zeros(1)}, "args": argparse.Namespace(x=act)},
    }[place]
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=r"evil\.pth is not a file of weights only.*Nothing"):
        read_state(path)
    assert not target.exists()


@pytest.mark.parametrize("name", NAMES)
def test_an_old_format_that_acts_is_refused(tmp_path: Path, name: str) -> None:
    target, path = tmp_path / "acted", tmp_path / "evil.bin"
    path.write_bytes(pickle.dumps({"w": acts(target)[name]}, protocol=2))
    with pytest.raises(CheckpointError, match=r"evil\.bin"):
        read_state(path)
    assert not target.exists()


@pytest.mark.parametrize("opcode", [b"cos\nsystem\n", b"\x8c\x02os\x8c\x06system\x93"])
def test_handwritten_opcodes_are_refused(tmp_path: Path, opcode: bytes) -> None:
    target, path = tmp_path / "acted", tmp_path / "evil.pt"
    command = f"touch {target}".encode()
    body = b"\x80\x02" + opcode + b"(X" + len(command).to_bytes(4, "little") + command + b"tR."
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", body)
        archive.writestr("archive/version", "3\n")
    path.write_bytes(buffer.getvalue())
    with pytest.raises(CheckpointError, match=r"evil\.pt"):
        read_state(path)
    assert not target.exists()


def test_a_stub_is_not_a_way_in(tmp_path: Path) -> None:
    """A file may not name members of an allowed class or of its module."""
    path = tmp_path / "evil.pt"
    body = b"\x80\x02cargparse\n_sys\n."
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", body)
        archive.writestr("archive/version", "3\n")
    path.write_bytes(buffer.getvalue())
    with pytest.raises(CheckpointError, match=r"argparse\._sys"):
        read_state(path)


def test_settings_come_back_empty_and_nothing_is_imported(tmp_path: Path) -> None:
    module = types.ModuleType("ml_collections.config_dict.config_dict")

    class ConfigDict:
        def __init__(self) -> None:
            self._fields = {"model": {"depth": 12}}

    ConfigDict.__module__, ConfigDict.__qualname__ = module.__name__, "ConfigDict"
    module.ConfigDict = ConfigDict  # type: ignore[attr-defined]
    names = ["ml_collections", "ml_collections.config_dict", module.__name__]
    for name in names:
        sys.modules[name] = module
    path = tmp_path / "trained.pth"
    arguments = argparse.Namespace(config=ConfigDict(), workdir=Path("out"), best=np.float64(3))
    try:
        torch.save({"model": {"w": torch.ones(2)}, "args": arguments}, path)
    finally:
        for name in names:
            del sys.modules[name]
    found = load_weights_pickle(path)
    assert isinstance(found["args"], Settings)
    assert found["args"] == {}
    assert not vars(found["args"])
    assert "ml_collections" not in sys.modules
    assert torch.equal(read_state(path)["w"], torch.ones(2))


def test_a_class_of_the_users_own_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(CheckpointError, match=r"torch\.nn\.modules\.linear\.Linear"):
        read_state(path)
