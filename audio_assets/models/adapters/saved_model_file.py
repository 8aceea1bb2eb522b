"""SavedModel directories read without TensorFlow: the few fields that matter here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from audio_assets.errors import CheckpointError

MAP = "map"
MESSAGES: dict[str, list[tuple[str, int, str]]] = {
    "SavedModel": [("schema", 1, "int64"), ("graphs", 2, "*MetaGraph")],
    "MetaGraph": [
        ("info", 1, "MetaInfo"), ("graph", 2, "Graph"), ("signatures", 5, "map:Signature"),
    ],
    "MetaInfo": [("tags", 4, "*string"), ("tensorflow_version", 5, "string")],
    "Graph": [("nodes", 1, "*GraphNode"), ("library", 2, "Library")],
    "Library": [("functions", 1, "*Function")],
    "Function": [
        ("signature", 1, "Operator"), ("nodes", 3, "*GraphNode"),
        ("attributes", 5, "map:Attribute"),
    ],
    "Operator": [("name", 1, "string")],
    "GraphNode": [
        ("name", 1, "string"), ("op", 2, "string"), ("attributes", 5, "map:Attribute"),
    ],
    "Attribute": [("b", 5, "bool")],
    "Signature": [("inputs", 1, "map:Tensor"), ("outputs", 2, "map:Tensor")],
    "Tensor": [("name", 1, "string"), ("dtype", 2, "int32"), ("shape", 3, "Shape")],
    "Shape": [("dims", 2, "*Dim"), ("unknown_rank", 3, "bool")],
    "Dim": [("size", 1, "int64")],
}  # fmt: skip
"""The part of tensorflow/core/protobuf that is read; unknown fields are skipped by protobuf."""

DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string",
    9: "int64", 10: "bool", 14: "bfloat16", 19: "float16",
}  # fmt: skip


def is_saved_model(path: Path) -> bool:
    """Whether a directory is a SavedModel."""
    return (path / "saved_model.pb").is_file()


def read_saved_model(path: Path) -> Any:
    """Parse `saved_model.pb` and check that its weights are there.

    Args:
        path: the directory.

    Returns:
        The meta graph tagged `serve`, or the only one; see `MESSAGES` for its fields.

    Raises:
        CheckpointError: when it is no SavedModel, damaged, or without its variables.
    """
    from google.protobuf.message import DecodeError

    file = path / "saved_model.pb"
    if not file.is_file():
        raise CheckpointError(
            f"{path} is not a SavedModel: it has no saved_model.pb. Of other kinds of models "
            "give the file itself."
        )
    message = _message("SavedModel")()
    try:
        message.ParseFromString(file.read_bytes())
    except (DecodeError, ValueError) as error:
        raise CheckpointError(
            f"{file} is damaged or cut off ({file.stat().st_size:,} bytes). Copy the whole "
            "SavedModel directory again."
        ) from error
    graphs = [g for g in message.graphs if "serve" in g.info.tags] or list(message.graphs)
    if not graphs or not graphs[0].signatures:
        raise CheckpointError(
            f"{path} holds no graph with a signature, so there is nothing to call. "
            "Export it with signatures (tf.saved_model.save(…, signatures=…))."
        )
    _check_weights(path, graphs[0])
    return graphs[0]


def all_nodes(graph: Any) -> list[Any]:
    """Operators of the graph and of its functions."""
    nodes = list(graph.graph.nodes)
    for function in graph.graph.library.functions:
        nodes.extend(function.nodes)
    return nodes


def is_xla(graph: Any) -> bool:
    """Whether parts must be compiled by XLA, which happens anew for every batch size."""
    holders = [*all_nodes(graph), *graph.graph.library.functions]
    return any(h.attributes[n].b for h in holders for n in h.attributes if n == "_XlaMustCompile")


def _check_weights(path: Path, graph: Any) -> None:
    variables = {"VarHandleOp", "VariableV2", "Variable"}
    index = path / "variables" / "variables.index"
    if any(node.op in variables for node in all_nodes(graph)) and not index.is_file():
        raise CheckpointError(
            f"{path} lacks variables/variables.index: the graph is there without its weights. "
            "Copy the whole directory, variables/ included."
        )


def _message(name: str) -> Any:
    from google.protobuf import message_factory

    pool = _pool()
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"audio_assets.{name}"))


@cache
def _pool() -> Any:
    """Build the descriptors of `MESSAGES` in a pool of their own."""
    from google.protobuf import descriptor_pb2, descriptor_pool

    file = descriptor_pb2.FileDescriptorProto(
        name="audio_assets_saved_model.proto", package="audio_assets", syntax="proto3"
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            if kind.startswith(f"{MAP}:"):
                entry = message.nested_type.add(name=f"{field.title().replace('_', '')}Entry")
                entry.options.map_entry = True
                _add(entry, "key", 1, "string")
                _add(entry, "value", 2, kind.removeprefix(f"{MAP}:"))
                _add(message, field, number, f"*{name}.{entry.name}")
            else:
                _add(message, field, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _add(message: Any, name: str, number: int, kind: str) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

    scalars = {
        "int64": Field.TYPE_INT64, "int32": Field.TYPE_INT32, "bool": Field.TYPE_BOOL,
        "string": Field.TYPE_STRING,
    }  # fmt: skip
    plain = kind.removeprefix("*")
    field = message.field.add(name=name, number=number)
    field.label = Field.LABEL_REPEATED if kind.startswith("*") else Field.LABEL_OPTIONAL
    if plain in scalars:
        field.type = scalars[plain]
    else:
        field.type, field.type_name = Field.TYPE_MESSAGE, f".audio_assets.{plain}"
