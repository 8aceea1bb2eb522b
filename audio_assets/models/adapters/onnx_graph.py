"""ONNX files: read without running, and promote inner tensors to outputs of the graph."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from audio_assets.errors import CheckpointError
from audio_assets.models.adapters.onnx_weights import check_weight_files

RUNTIME_DOMAINS = {
    "", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", "com.microsoft",
    "com.microsoft.experimental", "com.microsoft.nchwc", "com.ms.internal.nhwc", "org.pytorch.aten",
}  # fmt: skip


def read_graph(path: Path) -> Any:
    """Parse an ONNX file; weights kept in separate files are not read.

    Args:
        path: the file.

    Returns:
        `onnx.ModelProto`.

    Raises:
        CheckpointError: when it is no ONNX file, is damaged or cut off, or names weight files
            outside its directory.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise CheckpointError("ONNX models need onnx: pip install 'audio-assets[onnx]'.") from error
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    except (DecodeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{path.name} is not an ONNX model, or is damaged or cut off "
            f"({path.stat().st_size:,} bytes). Download or export it again."
        ) from error
    if not model.graph.node or not model.graph.output or not model.ir_version:
        raise CheckpointError(
            f"{path.name} holds no ONNX graph: no operators and no outputs were found in it. "
            "Check that the download is complete and is not a web page or a Git LFS pointer."
        )
    if not all(isinstance(name, str) for name in _names(model.graph)):
        raise CheckpointError(f"{path.name} is damaged: names in it are no text. Get it again.")
    check_weight_files(model, path)
    return model


def promote(model: Any, names: Sequence[str], file: str) -> Any:
    """Add inner tensors to the graph's outputs, by name.

    Args:
        model: `onnx.ModelProto`; changed in place.
        names: tensors wanted.
        file: its name, for messages.

    Returns:
        The same model.

    Raises:
        CheckpointError: when a tensor is not there (similar names are listed) or lies inside an
            If or Loop, where it cannot be reached.
    """
    import onnx

    graph = model.graph
    computed = {name for node in graph.node for name in node.output if name}
    present = {output.name for output in graph.output}
    for name in dict.fromkeys(names):
        if name not in computed:
            similar = difflib.get_close_matches(name, sorted(computed), 4, 0.5)
            raise CheckpointError(
                f"{file} computes no tensor named {name!r}"
                + (" outside its If and Loop blocks" if name in inner_names(graph) else "")
                + (f". Did you mean {', '.join(map(repr, similar))}?" if similar else ".")
            )
        if name not in present:
            graph.output.append(onnx.ValueInfoProto(name=name))
            present.add(name)
    return model


def inner_names(graph: Any) -> set[str]:
    """Tensors computed inside the branches of If, Loop and Scan, at any depth."""
    found: set[str] = set()
    for node in graph.node:
        for attribute in node.attribute:
            for branch in [attribute.g, *attribute.graphs]:
                found |= {name for inner in branch.node for name in inner.output}
                found |= inner_names(branch) if branch.node else set()
    return found


def missing_ops(model: Any) -> tuple[str, ...]:
    """Operators of domains that onnxruntime does not ship, as `domain:Operator`."""
    own = {function.name for function in model.functions}
    return tuple(sorted(_foreign(model.graph, own)))


def _foreign(graph: Any, own: set[str]) -> set[str]:
    from onnx import defs

    found = set()
    for node in graph.node:
        standard = node.domain in ("", "ai.onnx")
        if node.op_type not in own and (
            node.domain not in RUNTIME_DOMAINS or (standard and not defs.has(node.op_type))
        ):
            found.add(f"{node.domain}:{node.op_type}" if node.domain else node.op_type)
        for attribute in node.attribute:
            for branch in [attribute.g, *attribute.graphs]:
                found |= _foreign(branch, own) if branch.node else set()
    return found


def _names(graph: Any) -> Iterator[str | bytes]:
    """All names that are used later; protobuf hands damaged ones out as bytes."""
    for value in [*graph.input, *graph.output, *graph.value_info, *graph.initializer]:
        yield value.name
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
