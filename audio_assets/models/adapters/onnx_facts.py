"""Facts of an ONNX file, read from its graph."""

from __future__ import annotations

from typing import Any

from audio_assets.models.adapters.graph_view import GraphView, Node, Shape
from audio_assets.models.adapters.model_facts import TensorFact

REDUCTIONS = {"ReduceMax", "ReduceMin", "ReduceMean", "ReduceSum"}


def data_inputs(model: Any) -> list[Any]:
    """Inputs of the graph that are not weights (old files list weights as inputs too)."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def tensor_fact(value: Any) -> TensorFact:
    """Name, shape and dtype of one `ValueInfoProto`."""
    from onnx import TensorProto

    name = TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
    names = {"float": "float32", "double": "float64"}
    return TensorFact(name=value.name, shape=free_shape(value), dtype=names.get(name, name))


def free_shape(value: Any) -> Shape | None:
    """Shape with -1 where an axis is free; None when the rank is not stated."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(
        d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else -1 for d in tensor.shape.dim
    )


def graph_view(model: Any) -> GraphView:
    """The main graph for inspection, shapes inferred where the file leaves them out."""
    graph = infer_shapes(model).graph
    shapes = {}
    for value in [*graph.input, *graph.output, *graph.value_info]:
        shape = free_shape(value)
        if shape is not None:
            shapes[value.name] = shape
    constants = {tensor.name for tensor in graph.initializer}
    constants |= {node.output[0] for node in graph.node if node.op_type == "Constant"}
    return GraphView(
        nodes=tuple(Node(n.op_type, tuple(n.input), tuple(n.output)) for n in graph.node),
        shapes=shapes,
        constants=frozenset(constants),
        inputs=tuple(value.name for value in data_inputs(model)),
        outputs=tuple(value.name for value in graph.output),
        reduces_everything=mixes_rows(model),
    )


def infer_shapes(model: Any) -> Any:
    """Run ONNX's shape inference; files that it cannot follow keep the shapes that they state."""
    import onnx

    if model.ByteSize() > 1 << 30:
        return model
    try:
        return onnx.shape_inference.infer_shapes(model)
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        return model


def mixes_rows(model: Any) -> tuple[str, ...]:
    """Tensors that reduce over the whole batch, so that its rows change each other."""
    return tuple(n.output[0] for n in model.graph.node if _reduces_everything(n))


def _reduces_everything(node: Any) -> bool:
    """Whether a reduction has no axes: it then mixes the rows of a batch."""
    if node.op_type not in REDUCTIONS or (len(node.input) > 1 and node.input[1]):
        return False
    return all(attribute.name != "axes" for attribute in node.attribute)
