"""The contract of a runner: one loaded model that one thread calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audio_assets.models.adapters.runtime_spec import Stage


class Runner(Protocol):
    """One stage of a model, ready to run."""

    def run(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run rows.

        Args:
            rows: float32 [B, …], B at least 1.

        Returns:
            One float array [B, …] per wanted tensor, in the card's order; copies, safe to keep.

        Raises:
            EncodingError: when the rows do not fit the model, or the runtime fails.
        """
        ...

    def close(self) -> None:
        """Free what the runner holds; it is not used again."""
        ...


RunnerFactory = Callable[[], Runner]
"""Makes one more runner of a loaded model, for one more thread."""


def open_stage(stage: Stage, directory: Path) -> RunnerFactory:
    """Read one stage's model.

    Args:
        stage: from the card.
        directory: of the checkpoint.

    Returns:
        A factory of runners that share what can be shared.

    Raises:
        CheckpointError: when the file is missing, damaged, lacks a tensor or needs operators that
            the runtime does not have.
    """
    if stage.kind == "tflite":
        from audio_assets.models.adapters.tflite_runner import open_tflite

        return open_tflite(stage, directory)
    if stage.kind == "onnx":
        from audio_assets.models.adapters.onnx_runner import open_onnx

        return open_onnx(stage, directory)
    from audio_assets.models.adapters.saved_model_runner import open_saved_model

    return open_saved_model(stage, directory)
