"""Reading a torch pickle that holds weights, its trainer's settings, and nothing that acts."""

from __future__ import annotations

import pickle
import re
import threading
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from audio_assets.errors import CheckpointError

SETTINGS = (
    "argparse.Namespace",
    "ml_collections.config_dict.config_dict.ConfigDict",
    "ml_collections.config_dict.config_dict.FrozenConfigDict",
    "ml_collections.config_dict.config_dict.FieldReference",
    "ml_collections.config_dict.config_dict._Op",
    "ml_collections.config_dict.ConfigDict",
    "easydict.EasyDict",
    "yacs.config.CfgNode",
    "types.SimpleNamespace",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.base.ContainerMetadata",
    "omegaconf.base.Metadata",
    "omegaconf.nodes.AnyNode",
    "typing.Any",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "pathlib._local.PosixPath",
    "numpy.dtype",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
)
"""Classes that trainers pickle beside the weights. An inert stub stands in for each: none is
imported, and what the pickle would put into it is thrown away."""
MOST_TIMES = 4
_LOCK = threading.Lock()
"""Torch keeps one list of allowed names for the whole process."""


class Settings(dict[Any, Any]):
    """What becomes of a trainer's settings: an empty mapping that ignores all it is given."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        """Ignore the arguments."""
        super().__init__()

    def __setstate__(self, _state: object) -> None:
        """Ignore the state."""

    def __setitem__(self, _key: object, _value: object) -> None:
        """Ignore the item."""

    def __hash__(self) -> int:  # type: ignore[override]
        """Hash by identity, as settings may serve as keys."""
        return id(self)


def load_weights_pickle(path: Path) -> Any:
    """Unpickle tensors and plain containers; nothing else of the file is looked up or called.

    Args:
        path: a file written by `torch.save`, of the zip format or the older one.

    Returns:
        What was saved, with `Settings` in place of the classes in `SETTINGS`.

    Raises:
        CheckpointError: when the file names any other class or function, or is damaged.
    """
    try:
        stubs: list[Any] = [(Settings, name) for name in SETTINGS]
        with _LOCK, torch.serialization.safe_globals(stubs), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on pickle protocols, of no use to people
            _refuse_bomb(path)
            return _load(path)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is not a file of weights only: it wants {_wanted(error)}. Nothing in it was "
            "run. If you trust its source, save it again as a plain dict of tensors, better as "
            "safetensors; otherwise delete it."
        ) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        AssertionError,
        NotImplementedError,
        zipfile.BadZipFile,
    ) as error:
        raise CheckpointError(
            f"{path} is damaged, cut off, or no checkpoint: its {path.stat().st_size:,} bytes "
            "cannot be read as one. Copy or download it again."
        ) from error


def _refuse_bomb(path: Path) -> None:
    """Torch stores weights as they are; a file that unpacks to far more was not written by it.

    Raises:
        CheckpointError: naming both sizes.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(member.file_size for member in packed.infolist())
    if unpacked > MOST_TIMES * path.stat().st_size:
        raise CheckpointError(
            f"{path} unpacks from {path.stat().st_size:,} to {unpacked:,} bytes; weights do not "
            "shrink so much. It was not read; save the weights again, better as safetensors."
        )


def _load(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except RuntimeError as error:
        if "mmap" not in str(error):
            raise
        return torch.load(path, map_location="cpu", weights_only=True)


def _wanted(error: Exception) -> str:
    """Say which class or function torch refused, in its own words where it does not name one."""
    found = re.search(r"GLOBAL ([\w.]+)", str(error)) or re.search(
        r"(?:call|function|class|instantiate) ([\w.]+\.\w+)", str(error)
    )
    if found:
        return f"the function or class {found.group(1)!r}"
    return "something that weights never need"
