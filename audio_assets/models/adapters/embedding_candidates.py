"""Which tensor is the embedding: a walk back from the outputs to the layer before the head."""

from __future__ import annotations

from collections import deque
from typing import Literal

from audio_assets.models.adapters.graph_view import GraphView, Node, Shape
from audio_assets.models.adapters.model_facts import EmbeddingCandidate

DENSE = {"FULLY_CONNECTED", "BATCH_MATMUL", "Gemm", "MatMul"}
SQUASHING = {
    "LOGISTIC",
    "SOFTMAX",
    "LOG_SOFTMAX",
    "Sigmoid",
    "Softmax",
    "LogSoftmax",
    "HardSigmoid",
}
PASSING = SQUASHING | {
    "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "CAST", "ADD", "QUANTIZE", "DEQUANTIZE", "IF",
    "GREATER_EQUAL", "STRIDED_SLICE", "RELU", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast",
    "Add", "Identity", "If", "GreaterOrEqual", "QuantizeLinear", "DequantizeLinear", "Relu",
    "Concat", "Dropout",
}  # fmt: skip
POOLING = {"MEAN", "AVERAGE_POOL_2D", "GlobalAveragePool", "ReduceMean", "GlobalMaxPool"}
SMALLEST_EMBEDDING = 16
"""Fewer values than this are scores of a few classes rather than a description of a sound."""
NAMED = ("embedding", "embeddings", "embed")
MOST = 12


def vector_axes(shape: Shape | None) -> tuple[int | None, Literal["none", "mean"]]:
    """Length of the vector in a tensor, and whether other axes must be averaged away.

    Args:
        shape: with the batch first, -1 for a free axis; None when unknown.

    Returns:
        (length, pooling): the last axis that is not 1 is the vector.
    """
    if shape is None or len(shape) < 2 or shape[0] not in (-1, 1):
        return None, "none"
    wide = [d for d in shape[1:] if d != 1]
    if not wide:
        return 1, "none"
    return (wide[-1] if wide[-1] > 0 else None), ("mean" if len(wide) > 1 else "none")


def find_candidates(graph: GraphView) -> tuple[EmbeddingCandidate, ...]:
    """Rank the tensors that may be the embedding.

    In order: tensors named so; the input of the last dense layer before an output; pooled
    features; outputs that are not class scores; class scores, marked as such.

    Args:
        graph: the model's graph.

    Returns:
        At most 12, best first, each with its reason; empty when nothing has a usable shape.
    """
    ranked: dict[str, tuple[int, EmbeddingCandidate]] = {}

    def add(rank: int, name: str, role: Literal["embedding", "scores"], why: str) -> None:
        dim, pooling = vector_axes(graph.shapes.get(name))
        if role == "embedding" and (dim is None or dim < SMALLEST_EMBEDDING) and rank < 5:
            return
        if name not in ranked or rank < ranked[name][0]:
            ranked[name] = (
                rank,
                EmbeddingCandidate(
                    name=name, shape=graph.shapes.get(name), dim=dim, role=role, why=why,
                    is_output=name in graph.outputs, pooling=pooling,
                ),
            )  # fmt: skip

    for name in graph.outputs:
        _from_output(graph, name, add)
    for node in graph.nodes:
        name = node.outputs[0] if node.outputs else ""
        if node.op in POOLING and vector_axes(graph.shapes.get(name))[1] == "none":
            add(2, name, "embedding", f"features pooled over time and frequency ({node.op})")
    for name in graph.shapes:
        if name.split(":")[0].split("/")[-1].lower() in NAMED and name in graph.producer:
            add(0, name, "embedding", "its name says so")
    ordered = sorted(ranked.values(), key=lambda item: (item[0], -(item[1].dim or 0)))
    return tuple(candidate for _, candidate in ordered[:MOST])


def _from_output(graph: GraphView, name: str, add) -> None:
    """Add the candidates that one output leads to."""
    head, squashed = find_head(graph, name)
    dim, _ = vector_axes(graph.shapes.get(name))
    if head is not None:
        before = graph.data_inputs(head)[0]
        width, _ = vector_axes(graph.shapes.get(before))
        add(1, before, "embedding", f"feeds the last dense layer ({width} values to {dim})")
        add(6, name, "scores", f"output of the last dense layer: scores of {dim} class(es)")
    elif dim is not None and dim < SMALLEST_EMBEDDING:
        add(6, name, "scores", f"only {dim} values: scores, not a description of the sound")
    elif squashed:
        add(4, name, "embedding", "an output, but squashed to 0..1: scores over time and pitch")
    else:
        add(3, name, "embedding", "an output with no dense layer before it")


def find_head(graph: GraphView, output: str) -> tuple[Node | None, bool]:
    """Walk back from an output through activations and reshapes to the last dense layer.

    Returns:
        (the dense layer, or None when there is none; whether a sigmoid or softmax was passed).
    """
    queue, seen, squashed = deque([output]), {output}, False
    while queue:
        node = graph.producer.get(queue.popleft())
        if node is None:
            continue
        data = graph.data_inputs(node)
        if node.op in DENSE and len(data) == 1:
            return node, squashed
        if node.op not in PASSING:
            continue
        squashed = squashed or node.op in SQUASHING
        for name in data:
            if name not in seen:
                seen.add(name)
                queue.append(name)
    return None, squashed
