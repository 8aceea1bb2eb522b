"""`inspect_model`: what a model file is and how it may be used, without running it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from audio_assets.errors import CheckpointError
from audio_assets.models.adapters import onnx_facts, onnx_graph, saved_model_facts, tflite_facts
from audio_assets.models.adapters import saved_model_file as saved
from audio_assets.models.adapters.embedding_candidates import find_candidates
from audio_assets.models.adapters.graph_view import GraphView
from audio_assets.models.adapters.input_guess import (
    guess_data_input,
    guess_layout,
    guess_rate,
    guess_samples,
)
from audio_assets.models.adapters.known_models import KnownModel, recognise
from audio_assets.models.adapters.model_facts import EmbeddingCandidate, Guess, ModelFacts
from audio_assets.models.adapters.tflite_flatbuffer import read_model

MIXES = (
    "{name} is a maximum, minimum or mean over the whole batch, so rows of one call change each "
    "other: it is run one row at a time"
)


def inspect_model(path: Path) -> ModelFacts:
    """Read the facts of a .tflite or .onnx file or a SavedModel directory.

    Args:
        path: the file or directory.

    Returns:
        The facts; what is guessed says why, what cannot be known is None and says what to give.

    Raises:
        CheckpointError: when it is missing, of another kind, damaged or cut off.
    """
    if not path.exists():
        raise CheckpointError(f"{path} does not exist.")
    if path.is_dir():
        return _saved_model(path)
    if path.stat().st_size == 0:
        raise CheckpointError(f"{path} is empty (0 bytes): the download did not finish.")
    with path.open("rb") as stream:
        head = stream.read(64)
    if head[4:8] == b"TFL3" or path.suffix.lower() == ".tflite":
        return _tflite(path)
    if path.suffix.lower() == ".onnx":
        return _onnx(path)
    if path.name == "saved_model.pb":
        return _saved_model(path.parent)
    raise CheckpointError(
        f"{path.name} is not a TFLite or ONNX file or a SavedModel directory "
        f"(it begins with {head[:8]!r})."
    )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, or of a directory's files with their names, as 64 hex digits."""
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{file_sha256(file)}\n".encode())
    return digest.hexdigest()


def _tflite(path: Path) -> ModelFacts:
    model = read_model(path.read_bytes(), path.name)
    subgraph = model.subgraphs[0]
    inputs, outputs = (
        tuple(tflite_facts.tensor_fact(model, int(i)) for i in part)
        for part in (subgraph.inputs, subgraph.outputs)
    )
    missing = tflite_facts.missing_ops(model)
    return _facts("tflite", path, inputs, outputs, tflite_facts.graph_view(model), missing)


def _onnx(path: Path) -> ModelFacts:
    model = onnx_graph.read_graph(path)
    inputs = tuple(onnx_facts.tensor_fact(value) for value in onnx_facts.data_inputs(model))
    outputs = tuple(onnx_facts.tensor_fact(value) for value in model.graph.output)
    graph = onnx_facts.graph_view(model)
    return _facts("onnx", path, inputs, outputs, graph, onnx_graph.missing_ops(model))


def _saved_model(path: Path) -> ModelFacts:
    graph = saved.read_saved_model(path)
    signature = saved_model_facts.pick_signature(graph)
    if not signature:
        raise CheckpointError(f"{path} has no signature with outputs, so nothing can be called.")
    inputs, outputs = saved_model_facts.signature_facts(graph, signature)
    return _facts(
        "savedmodel", path, inputs, outputs, None, saved_model_facts.missing_ops(graph),
        candidates=saved_model_facts.output_candidates(outputs),
        notes=saved_model_facts.notes(graph, signature),
    )  # fmt: skip


def _facts(
    kind: Any, path: Path, inputs: Any, outputs: Any, graph: GraphView | None, missing: Any,
    candidates: tuple[EmbeddingCandidate, ...] = (), notes: tuple[str, ...] = (),
) -> ModelFacts:  # fmt: skip
    """Combine what the file states with the guesses and with what is known of published models."""
    data_input = guess_data_input(inputs)
    tensor = next((t for t in inputs if t.name == data_input.value), None)
    names = (
        frozenset(graph.shapes) | {t.name for t in (*inputs, *outputs)} if graph else frozenset()
    )
    known = recognise(tensor, outputs, names)
    layout = guess_layout(tensor, graph)
    samples = guess_samples(tensor, layout.value)
    rate = (
        guess_rate(samples.value)
        if layout.value == "waveform"
        else Guess[int](why="the input is not a waveform")
    )
    if graph is not None:
        candidates = find_candidates(graph)
        notes += tuple(MIXES.format(name=name) for name in graph.reduces_everything)
    if tensor is not None and tensor.scale:
        notes += (
            f"its input is quantised: {tensor.dtype} with scale {tensor.scale:.6g} and zero point "
            f"{tensor.zero_point}; sound is converted",
        )
    if known is not None:
        why = f"shapes and tensors are those of {known.name}"
        rate = Guess[int](value=known.sample_rate, why=why)
        layout = layout.model_copy(update={"value": known.layout})
        candidates = _known_first(candidates, known)
        notes += (known.note,) if known.note else ()
    return ModelFacts(
        kind=kind, path=path.name, sha256=file_sha256(path), inputs=inputs, outputs=outputs,
        data_input=data_input, layout=layout, sample_rate=rate, input_samples=samples,
        candidates=candidates, missing_ops=missing, notes=notes,
        known_as=Guess[str](value=known.name, why=f"shapes and tensors are those of {known.name}")
        if known else Guess[str](why="its shapes are of no model known here"),
    )  # fmt: skip


def _known_first(
    candidates: tuple[EmbeddingCandidate, ...], known: KnownModel
) -> tuple[EmbeddingCandidate, ...]:
    """Move the documented embedding tensor to the front."""
    return tuple(sorted(candidates, key=lambda c: c.name != known.embedding))
