"""TFLite models by ai-edge-litert: one interpreter per thread, the embedding an output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import CheckpointError, EncodingError
from audio_assets.models.adapters import tflite_facts
from audio_assets.models.adapters.rows import as_dtype, in_calls, shape_rows
from audio_assets.models.adapters.runner import RunnerFactory
from audio_assets.models.adapters.runtime_spec import Stage
from audio_assets.models.adapters.stage_file import choose_input, read_bytes
from audio_assets.models.adapters.tflite_flatbuffer import promote, read_model


def open_tflite(stage: Stage, directory: Path) -> RunnerFactory:
    """Patch the flatbuffer once; every runner gets its own interpreter on the shared bytes.

    Raises:
        CheckpointError: see `open_stage`.
    """
    name = stage.file
    content, indexes = promote(read_bytes(directory, name), stage.outputs, name)
    model = read_model(content, name)
    missing = tflite_facts.missing_ops(model)
    if missing:
        raise CheckpointError(
            f"{name} needs operators that the TFLite runtime does not have: {', '.join(missing)}. "
            "Use an export without them, or the model's SavedModel."
        )
    inputs = [tflite_facts.tensor_fact(model, int(i)) for i in model.subgraphs[0].inputs]
    chosen = choose_input(stage, inputs)
    shape = chosen.shape or ()
    mixes = tflite_facts.graph_view(model).reduces_everything
    size = stage.batch if len(shape) > 1 and shape[0] == -1 and not mixes else 1
    numbers = {fact.name: int(i) for fact, i in zip(inputs, model.subgraphs[0].inputs, strict=True)}
    return lambda: TfliteRunner(content, stage, numbers, indexes, chosen.name, chosen.shape, size)


class TfliteRunner:
    """One interpreter; inputs are resized before tensors are allocated, only when they change."""

    def __init__(
        self, content: bytes, stage: Stage, inputs: dict[str, int], outputs: list[int], data: str,
        shape: tuple[int, ...] | None, size: int,
    ) -> None:  # fmt: skip
        """Make the interpreter.

        Args:
            content: the patched model.
            stage: from the card.
            inputs: tensor index of every input, by name.
            outputs: tensor indexes wanted.
            data: name of the input that takes the rows.
            shape: its declared shape.
            size: rows per call.

        Raises:
            CheckpointError: when the runtime refuses the model.
        """
        from ai_edge_litert.interpreter import Interpreter

        self._stage, self._inputs, self._outputs = stage, inputs, outputs
        self._data, self._declared, self._size = data, shape, size
        self._shape: tuple[int, ...] | None = None
        try:
            self._interpreter = Interpreter(model_content=content, num_threads=1)
            self._details = {d["index"]: d for d in self._interpreter.get_input_details()}
            self._results = {d["index"]: d for d in self._interpreter.get_output_details()}
        except (ValueError, RuntimeError) as error:
            raise CheckpointError(f"The TFLite runtime refuses {stage.file}: {error}") from error

    def run(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """See `Runner.run`."""
        return in_calls(rows, self._size, self._call)

    def close(self) -> None:
        """Drop the interpreter."""
        del self._interpreter

    def _call(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        shaped = shape_rows(rows, self._declared, self._data)
        try:
            if shaped.shape != self._shape:
                self._allocate(shaped.shape, len(rows))
            index = self._inputs[self._data]
            self._interpreter.set_tensor(index, quantized(shaped, self._details[index]))
            self._interpreter.invoke()
            results = [
                real(self._interpreter.get_tensor(i), self._results[i]) for i in self._outputs
            ]
        except (ValueError, RuntimeError) as error:
            raise EncodingError(
                f"{self._stage.file} failed in the TFLite runtime: {error}"
            ) from error
        return [r if shaped.ndim > 1 else r[None] for r in results]

    def _allocate(self, shape: tuple[int, ...], batch: int) -> None:
        """Resize the inputs, then allocate, then fill the constant ones."""
        constants = {self._inputs[name]: value for name, value in self._stage.constants.items()}
        shapes = {self._inputs[self._data]: tuple(shape)}
        for index in constants:
            signature = self._details[index]["shape_signature"]
            shapes[index] = tuple(batch if d == -1 else int(d) for d in signature)
        for index, wanted in shapes.items():
            if tuple(self._details[index]["shape"]) != wanted:
                self._interpreter.resize_tensor_input(index, list(wanted), strict=True)
        self._interpreter.allocate_tensors()
        for index, value in constants.items():
            filled = np.full(shapes[index], value, self._details[index]["dtype"])
            self._interpreter.set_tensor(index, filled)
        self._shape = tuple(shape)


def quantized(rows: NDArray[Any], details: dict[str, Any]) -> NDArray[Any]:
    """Real numbers to the input's dtype, through its scale and zero point when it has them."""
    dtype = np.dtype(details["dtype"])
    scale, zero = details["quantization"]
    return as_dtype(rows if dtype.kind == "f" or not scale else rows / scale + zero, dtype)


def real(values: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    """An output's values as real numbers."""
    scale, zero = details["quantization"]
    if values.dtype.kind == "f" or not scale:
        return values.astype(np.float32)
    return (values.astype(np.float32) - np.float32(zero)) * np.float32(scale)
