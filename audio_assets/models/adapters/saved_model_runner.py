"""SavedModels: a runner per thread, each with a TensorFlow process, in fixed padded batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import CheckpointError
from audio_assets.models.adapters import saved_model_facts
from audio_assets.models.adapters.model_facts import TensorFact
from audio_assets.models.adapters.rows import in_calls, shape_rows
from audio_assets.models.adapters.runner import RunnerFactory
from audio_assets.models.adapters.runtime_spec import Stage
from audio_assets.models.adapters.saved_model_file import read_saved_model
from audio_assets.models.adapters.stage_file import choose_input, stage_path
from audio_assets.models.adapters.tensorflow_process import TensorflowProcess


def open_saved_model(stage: Stage, directory: Path) -> RunnerFactory:
    """Check the signature and outputs by their names before TensorFlow is started.

    Raises:
        CheckpointError: see `open_stage`.
    """
    path = stage_path(directory, stage.file)
    graph = read_saved_model(path)
    if stage.signature not in graph.signatures:
        known = ", ".join(sorted(graph.signatures))
        raise CheckpointError(f"{stage.file} has no signature {stage.signature!r}; it has {known}.")
    inputs, outputs = saved_model_facts.signature_facts(graph, stage.signature)
    names = [t.name for t in outputs]
    for wanted in stage.outputs:
        if wanted not in names:
            raise CheckpointError(
                f"{stage.file} has no output named {wanted!r}; signature {stage.signature!r} gives "
                f"{', '.join(names)}. Inner tensors of a SavedModel cannot be reached."
            )
    chosen = choose_input(stage, inputs)
    return lambda: SavedModelRunner(path, stage, list(inputs), chosen)


class SavedModelRunner:
    """Sends rows to a TensorFlow process, always `batch` of them: XLA compiles once per size."""

    def __init__(
        self, path: Path, stage: Stage, inputs: list[TensorFact], data: TensorFact
    ) -> None:
        """Start the process.

        Args:
            path: the SavedModel directory.
            stage: from the card.
            inputs: all inputs of the signature.
            data: the one that takes the rows.
        """
        self._stage, self._data = stage, data
        self._others = [t for t in inputs if t is not data]
        free = data.shape is None or (len(data.shape) > 1 and data.shape[0] == -1)
        self._size = stage.batch if free else 1
        self.process = TensorflowProcess(path, stage.signature)

    def run(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """See `Runner.run`."""
        return in_calls(rows, self._size, self._call)

    def close(self) -> None:
        """End the process."""
        self.process.close()

    def _call(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        shaped = shape_rows(rows, self._data.shape, self._data.name)
        feeds: dict[str, NDArray[Any]] = {self._data.name: shaped.astype(np.float32)}
        for tensor in self._others:
            shape = tuple(len(rows) if d == -1 else d for d in tensor.shape or ())
            value = self._stage.constants[tensor.name]
            feeds[tensor.name] = np.full(shape, value, np.dtype(tensor.dtype))
        results = self.process.call(feeds, list(self._stage.outputs))
        return [r if shaped.ndim > 1 else r[None] for r in results]
