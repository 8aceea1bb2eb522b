"""Models with whole numbers inside, and ONNX files with weights in a second file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from audio_assets_tests.unit.models_adapters.tiny_models import (
    CLASSES,
    SAMPLES,
    WIDTH,
    weights,
    write_onnx,
)

INPUT_SCALE, INPUT_ZERO = 4 / 127, 3
FEATURE_SCALE, FEATURE_ZERO = 5 / 255, -128
SCORE_SCALE = 0.3


def write_int8_tflite(path: Path, *, parameters: bool = True) -> Path:
    """The tiny model in int8 throughout; without `parameters` its input says no scale."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as s

    model, graph = s.ModelT(), s.SubGraphT()
    model.version, model.subgraphs, model.description = 3, [graph], b"tiny int8"
    model.buffers = [s.BufferT() for _ in range(3)]
    scales = []
    for buffer, array in zip(model.buffers[1:], weights(), strict=True):
        scales.append(float(np.abs(array).max() / 127))
        buffer.data = np.rint(array / scales[-1]).astype(np.int8).view(np.uint8).ravel()
    names = ("INPUT", "first/weights", "features", "second/weights", "scores")
    shapes = [(1, SAMPLES), (WIDTH, SAMPLES), (1, WIDTH), (CLASSES, WIDTH), (1, CLASSES)]
    quantized = [
        (INPUT_SCALE, INPUT_ZERO), (scales[0], 0), (FEATURE_SCALE, FEATURE_ZERO), (scales[1], 0),
        (SCORE_SCALE, 0),
    ]  # fmt: skip
    graph.tensors = []
    for index, (name, shape, pair) in enumerate(zip(names, shapes, quantized, strict=True)):
        tensor = s.TensorT()
        tensor.name, tensor.shape = name.encode(), np.array(shape, np.int32)
        tensor.buffer, tensor.type = {1: 1, 3: 2}.get(index, 0), s.TensorType.INT8
        if parameters or index:
            tensor.quantization = s.QuantizationParametersT()
            tensor.quantization.scale = np.array([pair[0]], np.float32)
            tensor.quantization.zeroPoint = np.array([pair[1]], np.int64)
        graph.tensors.append(tensor)
    graph.inputs, graph.outputs = np.array([0], np.int32), np.array([4], np.int32)
    code = s.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = s.BuiltinOperator.FULLY_CONNECTED
    code.version = 4
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
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def write_integer_onnx(path: Path, dtype: str) -> Path:
    """A model whose input is `dtype` (int16, int8): cast, scaled to 1, two layers."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    first, second = weights()
    full_scale = np.array(float(np.iinfo(dtype).max) + 1, np.float32)
    nodes = [
        helper.make_node("Cast", ["INPUT"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["cast", "full_scale"], ["sound"]),
        helper.make_node("MatMul", ["sound", "w1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["features"]),
        helper.make_node("Gemm", ["features", "w2"], ["scores"], transB=1),
    ]
    kind = getattr(TensorProto, dtype.upper())
    graph = helper.make_graph(
        nodes,
        "whole numbers",
        [helper.make_tensor_value_info("INPUT", kind, ["n", SAMPLES])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(first.T.copy(), "w1"), numpy_helper.from_array(second, "w2"),
         numpy_helper.from_array(full_scale, "full_scale")],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def write_external_onnx(path: Path, place: str = "tiny.weights") -> Path:
    """The tiny ONNX model with its weights in `place` beside it."""
    import onnx

    write_onnx(path)
    model = onnx.load(path)
    path.unlink()
    onnx.save(
        model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=place,
        size_threshold=0,
    )  # fmt: skip
    return path


def move_weights(path: Path, place: str, *, constant: bool = False) -> Any:
    """Rewrite where an ONNX file says its weights are; or hide it in a Constant node."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    tensors = list(model.graph.initializer)
    if constant:
        first = tensors[0]
        node = onnx.helper.make_node("Constant", [], [first.name])
        node.attribute.add(name="value", type=onnx.AttributeProto.TENSOR).t.CopyFrom(first)
        model.graph.node.insert(0, node)
        del model.graph.initializer[0]
        tensors = [model.graph.node[0].attribute[0].t]
    for tensor in tensors:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = place
    path.write_bytes(model.SerializeToString())
