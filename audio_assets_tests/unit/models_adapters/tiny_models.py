"""Models of a few weights, built on the spot: two dense layers, `features` before `scores`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SAMPLES, WIDTH, CLASSES = 4000, 24, 5


def weights() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    first = draw.standard_normal((WIDTH, SAMPLES)) / SAMPLES**0.5
    return first.astype(np.float32), draw.standard_normal((CLASSES, WIDTH)).astype(np.float32)


def expected(waveforms: np.ndarray) -> np.ndarray:
    return np.maximum(waveforms @ weights()[0].T, 0)


def write_tflite(path: Path, *, custom: str | None = None, names: Any = None) -> Path:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as s

    model, graph = s.ModelT(), s.SubGraphT()
    model.version, model.subgraphs, model.description = 3, [graph], b"tiny"
    model.buffers = [s.BufferT() for _ in range(3)]
    for buffer, array in zip(model.buffers[1:], weights(), strict=True):
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    names = names or ("INPUT", "first/weights", "features", "second/weights", "scores")
    shapes = [(1, SAMPLES), (WIDTH, SAMPLES), (1, WIDTH), (CLASSES, WIDTH), (1, CLASSES)]
    graph.tensors = []
    for index, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        tensor = s.TensorT()
        tensor.name, tensor.shape = name.encode(), np.array(shape, np.int32)
        tensor.buffer = {1: 1, 3: 2}.get(index, 0)
        if index not in (1, 3):
            tensor.shapeSignature = np.array([-1, shape[1]], np.int32)
        graph.tensors.append(tensor)
    graph.inputs, graph.outputs = np.array([0], np.int32), np.array([4], np.int32)
    code = s.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = s.BuiltinOperator.FULLY_CONNECTED
    code.version = 1
    model.operatorCodes = [code]
    graph.operators = []
    for inputs, output, activation in (([0, 1], 2, 1), ([2, 3], 4, 0)):
        operator, options = s.OperatorT(), s.FullyConnectedOptionsT()
        options.fusedActivationFunction = activation
        operator.opcodeIndex, operator.builtinOptions = 0, options
        operator.builtinOptionsType = s.BuiltinOptions.FullyConnectedOptions
        operator.inputs = np.array([*inputs, -1], np.int32)
        operator.outputs = np.array([output], np.int32)
        graph.operators.append(operator)
    if custom:
        extra = s.OperatorCodeT()
        extra.builtinCode = extra.deprecatedBuiltinCode = s.BuiltinOperator.CUSTOM
        extra.customCode, extra.version = custom.encode(), 1
        model.operatorCodes.append(extra)
        graph.operators[1].opcodeIndex = 1
        graph.operators[1].builtinOptions, graph.operators[1].builtinOptionsType = None, 0
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def write_onnx(path: Path, *, domain: str = "") -> Path:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    first, second = weights()
    nodes = [
        helper.make_node("MatMul", ["INPUT", "w1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["features"]),
        helper.make_node("Gemm", ["features", "w2"], ["scores"], transB=1),
        helper.make_node("Sigmoid", ["scores"], ["probabilities"], domain=domain),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("INPUT", TensorProto.FLOAT, ["n", SAMPLES])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(first.T.copy(), "w1"), numpy_helper.from_array(second, "w2")],
    )
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def card_fields(kind: str, file: str, **changes: Any) -> dict[str, Any]:
    stage = {"kind": kind, "file": file, "outputs": ["features"]} | changes.pop("stage", {})
    return {
        "name": "tiny", "kind": kind, "weights": file, "sample_rate": 8000, "dim": WIDTH,
        "input_seconds": SAMPLES / 8000, "licence": "CC0", "runtime": {"stages": [stage]},
    } | changes  # fmt: skip


def write_framing_onnx(path: Path) -> Path:
    """A model like YAMNet: one waveform without a batch in, one vector per 100 samples out."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    shape = numpy_helper.from_array(np.array([-1, 100], np.int64), "shape")
    nodes = [
        helper.make_node("Reshape", ["waveform", "shape"], ["frames"]),
        helper.make_node("Abs", ["frames"], ["embeddings"]),
    ]
    graph = helper.make_graph(
        nodes,
        "framing",
        [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, [SAMPLES])],
        [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, [SAMPLES // 100, 100])],
        [shape],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path
