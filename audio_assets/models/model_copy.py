"""Copying a model file, with whatever belongs to it, into the directory of its checkpoint."""

from __future__ import annotations

import shutil
from pathlib import Path


def copy_model(path: Path, target: Path) -> Path:
    """Copy a model into the directory of its checkpoint.

    Weights beside an ONNX file go with it into a directory of their own, which is hashed whole.

    Args:
        path: a model file or SavedModel directory.
        target: the checkpoint's directory.

    Returns:
        Where the model lies now.

    Raises:
        CheckpointError: it is an ONNX file that is damaged, or its weights are not beside it.
    """
    if path.is_dir():
        return Path(shutil.copytree(path, target / path.name))
    beside: tuple[str, ...] = ()
    if path.suffix.lower() == ".onnx":
        from audio_assets.models.adapters.onnx_graph import read_graph
        from audio_assets.models.adapters.onnx_weights import weight_files

        beside = weight_files(read_graph(path))
    folder = target / "model" if beside else target
    for place in (path.name, *beside):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path.parent / place, folder / place)
    return folder / path.name
