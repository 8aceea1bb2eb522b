"""Facts of a TFLite file, read from its flatbuffer."""

from __future__ import annotations

from functools import cache
from typing import Any

from audio_assets.models.adapters.graph_view import GraphView, Node, Shape
from audio_assets.models.adapters.model_facts import TensorFact
from audio_assets.models.adapters.tflite_flatbuffer import aliases, schema, tensor_keys

REDUCTIONS = {"REDUCE_MAX", "REDUCE_MIN", "MEAN", "SUM"}
BUILT_IN_CUSTOM = {"TFLite_Detection_PostProcess"}
"""Custom operators that the plain runtime registers itself; every other one is missing."""


def missing_ops(model: Any) -> tuple[str, ...]:
    """Custom operators that ai-edge-litert does not have, such as `FlexIRFFT`, by name."""
    names = {
        (code.customCode or b"an unnamed custom operator").decode("utf-8", "replace")
        for code in model.operatorCodes
        if operator_name(code) == "CUSTOM"
    }
    return tuple(sorted(names - BUILT_IN_CUSTOM))


def operator_name(code: Any) -> str:
    """Name of a builtin operator; `CUSTOM` for the others."""
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _operators().get(number, f"operator {number}")


def tensor_fact(model: Any, index: int) -> TensorFact:
    """Name, shape and dtype of one tensor of the main graph."""
    subgraph = model.subgraphs[0]
    public = {i: name for name, i in aliases(model).items()}
    for signature in model.signatureDefs or []:
        if signature.subgraphIndex == 0:
            public |= {t.tensorIndex: t.name.decode("utf-8", "replace") for t in signature.inputs}
    scale, zero_point = quantization(subgraph.tensors[index])
    return TensorFact(
        name=tensor_keys(subgraph)[index],
        shape=free_shape(subgraph.tensors[index]),
        dtype=_dtypes().get(subgraph.tensors[index].type, "unknown").lower(),
        alias=public.get(index),
        scale=scale,
        zero_point=zero_point,
    )


def quantization(tensor: Any) -> tuple[float | None, int]:
    """Scale and zero point of a tensor that holds whole numbers for real ones; (None, 0) else."""
    stored = tensor.quantization
    if stored is None or stored.scale is None or len(stored.scale) != 1:
        return None, 0
    zero = stored.zeroPoint
    return float(stored.scale[0]), int(zero[0]) if zero is not None and len(zero) else 0


def free_shape(tensor: Any) -> Shape:
    """Shape with -1 where the file leaves an axis free."""
    signature = tensor.shapeSignature
    chosen = signature if signature is not None and len(signature) else tensor.shape
    return tuple(int(d) for d in chosen) if chosen is not None else ()


def graph_view(model: Any) -> GraphView:
    """The main graph for inspection.

    Sub-graphs of control flow are left out. Tensors keep the shape written in the file, with the
    batch of 1 that converters write.
    """
    subgraph = model.subgraphs[0]
    keys = tensor_keys(subgraph)
    nodes, everything = [], []
    for operator in subgraph.operators:
        name = operator_name(model.operatorCodes[operator.opcodeIndex])
        inputs, outputs = (_names(keys, part) for part in (operator.inputs, operator.outputs))
        nodes.append(Node(name, inputs, outputs))
        if name in REDUCTIONS and all(
            not len(free_shape(subgraph.tensors[i])) for i in operator.outputs
        ):
            everything.extend(outputs)
    return GraphView(
        nodes=tuple(nodes),
        shapes={k: free_shape(t) for k, t in zip(keys, subgraph.tensors, strict=True)},
        constants=frozenset(
            key
            for key, tensor in zip(keys, subgraph.tensors, strict=True)
            if model.buffers[tensor.buffer].data is not None
            and len(model.buffers[tensor.buffer].data)
        ),
        inputs=_names(keys, subgraph.inputs),
        outputs=_names(keys, subgraph.outputs),
        reduces_everything=tuple(everything),
    )


def _names(keys: list[str], indexes: Any) -> tuple[str, ...]:
    return tuple(keys[i] for i in indexes if i >= 0) if indexes is not None else ()


@cache
def _operators() -> dict[int, str]:
    return {v: k for k, v in vars(schema().BuiltinOperator).items() if isinstance(v, int)}


@cache
def _dtypes() -> dict[int, str]:
    return {v: k for k, v in vars(schema().TensorType).items() if isinstance(v, int)}
