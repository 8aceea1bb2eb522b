"""TFLite files as flatbuffers: read without running, and promote inner tensors to outputs."""

from __future__ import annotations

import difflib
import struct
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from audio_assets.errors import CheckpointError

IDENTIFIER = b"TFL3"
DAMAGE = (
    struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError, MemoryError,
    RecursionError,
)  # fmt: skip


def schema() -> Any:
    """The flatbuffer schema that comes with ai-edge-litert.

    Raises:
        CheckpointError: when the runtime is not installed.
    """
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise CheckpointError(
            "TFLite models need ai-edge-litert: pip install 'audio-assets[tflite]'."
        ) from error
    return schema_py_generated


def read_model(content: bytes, name: str) -> Any:
    """Parse a TFLite file into the schema's `ModelT`.

    Args:
        content: the file's bytes.
        name: of the file, for messages.

    Raises:
        CheckpointError: when it is no TFLite file, or is damaged or cut off.
    """
    if content[4:8] != IDENTIFIER:
        raise CheckpointError(
            f"{name} is not a TFLite model: its first bytes are {content[:8].hex(' ')!r}, and a "
            "TFLite file has 'TFL3' at byte 4. Check that the download is complete and is not a "
            "web page or a Git LFS pointer."
        )
    generated = schema()
    try:
        model = generated.ModelT.InitFromPackedBuf(content, 0)
        _check_indexes(model)
    except DAMAGE as error:
        raise CheckpointError(
            f"{name} is damaged or cut off ({len(content):,} bytes): its contents point outside "
            "the file. Download or export it again."
        ) from error
    return model


def tensor_keys(subgraph: Any) -> list[str]:
    """A unique name for every tensor: its own, or `name#index` where a file repeats names."""
    names = [(t.name or b"").decode("utf-8", "replace") for t in subgraph.tensors]
    counts = Counter(names)
    return [n if n and counts[n] == 1 else f"{n}#{i}" for i, n in enumerate(names)]


def aliases(model: Any) -> dict[str, int]:
    """Public names of outputs (signature definitions) of the main graph, to tensor indexes."""
    found: dict[str, int] = {}
    for signature in model.signatureDefs or []:
        if signature.subgraphIndex == 0:
            for output in signature.outputs or []:
                found.setdefault(
                    (output.name or b"").decode("utf-8", "replace"), output.tensorIndex
                )
    return found


def tensor_index(model: Any, name: str, file: str) -> int:
    """Find a computed tensor by its name, or by an output's public name.

    Raises:
        CheckpointError: when there is none of that name (similar ones are listed), or it is a
            weight or an input and so not something that the model computes.
    """
    subgraph = model.subgraphs[0]
    keys = tensor_keys(subgraph)
    index = keys.index(name) if name in keys else aliases(model).get(name)
    if index is None:
        repeated = [k for k in keys if k.rpartition("#")[0] == name]
        similar = repeated or difflib.get_close_matches(name, [k for k in keys if k], 4, 0.5)
        raise CheckpointError(
            f"{file} has no tensor named {name!r}. "
            + (f"Did you mean {', '.join(map(repr, similar))}?" if similar else "")
        )
    if not any(index in op.outputs for op in subgraph.operators if op.outputs is not None):
        raise CheckpointError(
            f"{name!r} of {file} is a weight or an input, not something that the model computes; "
            "name the tensor of the embedding."
        )
    return int(index)


def promote(content: bytes, names: Sequence[str], file: str) -> tuple[bytes, list[int]]:
    """Make inner tensors outputs, so that no delegate frees or reuses them.

    Reading an inner tensor of a delegated graph gives null or stale memory: constant vectors that
    look fine. As an output of the flatbuffer the runtime must deliver it, at full speed.

    Args:
        content: the file's bytes.
        names: tensors wanted, in order.
        file: its name, for messages.

    Returns:
        (bytes of the patched model, or the same bytes when all were outputs; tensor indexes).

    Raises:
        CheckpointError: when the file is damaged or a tensor is not there.
    """
    model = read_model(content, file)
    indexes = [tensor_index(model, name, file) for name in names]
    subgraph = model.subgraphs[0]
    present = {int(i) for i in subgraph.outputs}
    new = [i for i in dict.fromkeys(indexes) if i not in present]
    if not new:
        return content, indexes
    if any(buffer.offset > 1 for buffer in model.buffers):
        raise CheckpointError(f"{file} keeps weights after its flatbuffer; it cannot be patched.")
    import flatbuffers

    subgraph.outputs = np.append(subgraph.outputs, new).astype(np.int32)
    builder = flatbuffers.Builder(len(content) + (1 << 16))
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output()), indexes


def _check_indexes(model: Any) -> None:
    """Raise IndexError where a graph names a tensor, operator or buffer that does not exist."""
    if not model.subgraphs or model.operatorCodes is None or model.buffers is None:
        raise ValueError("no graph")
    for subgraph in model.subgraphs:
        if subgraph.inputs is None or subgraph.outputs is None or subgraph.tensors is None:
            raise ValueError("a graph without tensors")
        count = len(subgraph.tensors)
        used = [subgraph.inputs, subgraph.outputs]
        for operator in subgraph.operators or []:
            if not 0 <= operator.opcodeIndex < len(model.operatorCodes):
                raise IndexError("operator code")
            used += [part for part in (operator.inputs, operator.outputs) if part is not None]
        for part in used:
            if len(part) and not -1 <= min(part) <= max(part) < count:
                raise IndexError("tensor")
        if any(not 0 <= tensor.buffer < len(model.buffers) for tensor in subgraph.tensors):
            raise IndexError("buffer")
    if not model.subgraphs[0].operators:
        raise ValueError("no operators")
