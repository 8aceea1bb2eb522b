"""ONNX models by onnxruntime: one session with one inner thread, called from several threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import CheckpointError, EncodingError
from audio_assets.models.adapters import onnx_facts
from audio_assets.models.adapters.model_facts import TensorFact
from audio_assets.models.adapters.onnx_graph import missing_ops, promote, read_graph
from audio_assets.models.adapters.onnx_weights import weight_files
from audio_assets.models.adapters.rows import as_dtype, in_calls, shape_rows
from audio_assets.models.adapters.runner import RunnerFactory
from audio_assets.models.adapters.runtime_spec import Stage
from audio_assets.models.adapters.stage_file import choose_input, stage_path

WEIGHT_FOLDER = "session.model_external_initializers_file_folder_path"


def open_onnx(stage: Stage, directory: Path) -> RunnerFactory:
    """Open one session, which is safe to call from several threads at once; runners share it.

    Raises:
        CheckpointError: see `open_stage`.
    """
    path = stage_path(directory, stage.file)
    model = read_graph(path)
    missing = missing_ops(model)
    if missing:
        raise CheckpointError(
            f"{stage.file} needs operators that onnxruntime does not have: {', '.join(missing)}. "
            "Ask its authors for an export without them."
        )
    inputs = [onnx_facts.tensor_fact(value) for value in onnx_facts.data_inputs(model)]
    chosen = choose_input(stage, inputs)
    free = chosen.shape is None or (len(chosen.shape) > 1 and chosen.shape[0] == -1)
    size = stage.batch if free and not onnx_facts.mixes_rows(model) else 1
    session = _session(promote(model, stage.outputs, stage.file), path)
    return lambda: OnnxRunner(session, stage, inputs, chosen, size)


class OnnxRunner:
    """Calls a shared session with the rows, the constants and the wanted tensors' names."""

    def __init__(
        self, session: Any, stage: Stage, inputs: list[TensorFact], data: TensorFact, size: int
    ) -> None:
        """Bind a session.

        Args:
            session: `onnxruntime.InferenceSession`.
            stage: from the card.
            inputs: all inputs of the model.
            data: the one that takes the rows.
            size: rows per call.
        """
        self._session, self._stage, self._data = session, stage, data
        self._others = [t for t in inputs if t is not data]
        self._size = size

    def run(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """See `Runner.run`."""
        return in_calls(rows, self._size, self._call)

    def close(self) -> None:
        """Drop the session."""
        del self._session

    def _call(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        shaped = shape_rows(rows, self._data.shape, self._data.name)
        feeds = {self._data.name: as_dtype(shaped, _dtype(self._data))}
        for tensor in self._others:
            shape = tuple(len(rows) if d == -1 else d for d in tensor.shape or ())
            feeds[tensor.name] = np.full(shape, self._stage.constants[tensor.name], _dtype(tensor))
        try:
            results = self._session.run(list(self._stage.outputs), feeds)
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("onnxruntime", "builtins"):
                raise
            raise EncodingError(f"{self._stage.file} failed in onnxruntime: {error}") from error
        arrays = [np.asarray(result, dtype=np.float32) for result in results]
        return [a if shaped.ndim > 1 else a[None] for a in arrays]


def _dtype(tensor: TensorFact) -> np.dtype[Any]:
    try:
        return np.dtype(tensor.dtype)
    except TypeError as error:
        raise EncodingError(
            f"Inputs of type {tensor.dtype} ({tensor.name}) are not supported."
        ) from error


def _session(model: Any, path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if weight_files(model):
        options.add_session_config_entry(WEIGHT_FOLDER, str(path.parent))
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise CheckpointError(f"onnxruntime refuses {path.name}: {error}") from error
