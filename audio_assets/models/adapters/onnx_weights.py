"""Weights that an ONNX file keeps in files beside it: which they are, and that they may be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from audio_assets.errors import CheckpointError


def weight_files(model: Any) -> tuple[str, ...]:
    """Places of the weights outside the file, relative to it, sorted; empty for most models."""
    graphs = [model.graph, *model.functions]
    tensors = (tensor for graph in graphs for tensor in _tensors(graph))
    return tuple(sorted({e.value for t in tensors for e in t.external_data if e.key == "location"}))


def check_weight_files(model: Any, path: Path) -> None:
    """Refuse weights that are missing, or that lie outside the directory of the file.

    A hostile file could name any file of the machine, by its path or through a link.

    Args:
        model: `onnx.ModelProto`.
        path: of the file.

    Raises:
        CheckpointError: naming the place.
    """
    for place in weight_files(model):
        parts = (*PurePosixPath(place).parts, *PureWindowsPath(place).parts)
        absolute = PurePosixPath(place).is_absolute() or bool(PureWindowsPath(place).anchor)
        if absolute or ".." in parts or "\0" in place or not parts:
            raise CheckpointError(
                f"{path.name} wants weights from {place!r}, outside its own directory; refused. "
                "Get the model again from its authors, with its weights beside it."
            )
        weights = path.parent / place
        if not weights.is_file():
            raise CheckpointError(
                f"{path.name} keeps its weights in a second file, {place!r}, which is missing "
                "beside it. Copy that file to the same directory."
            )
        if not weights.resolve().is_relative_to(path.parent.resolve()):
            raise CheckpointError(
                f"{path.name} keeps its weights in {place!r}, a link to a file outside its own "
                "directory; refused. Put a copy of that file in the link's place."
            )


def _tensors(graph: Any) -> Iterator[Any]:
    """Every tensor that is stored with a graph or function, those of inner graphs too."""
    yield from getattr(graph, "initializer", ())
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in [attribute.g, *attribute.graphs]:
                if inner.node:
                    yield from _tensors(inner)
