"""A model of one or two stages: frames of the first become rows of the second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import EncodingError
from audio_assets.models.adapters.pooling import pool
from audio_assets.models.adapters.runner import Runner, RunnerFactory, open_stage
from audio_assets.models.adapters.runtime_spec import Framing, RuntimeSpec


def open_model(spec: RuntimeSpec, directory: Path) -> RunnerFactory:
    """Open every stage.

    Args:
        spec: the card's `runtime:` part.
        directory: of the checkpoint.

    Returns:
        A factory of runners that give one pooled array, float32 [B, D].

    Raises:
        CheckpointError: see `open_stage`.
    """
    factories = [open_stage(stage, directory) for stage in spec.stages]
    return lambda: StagedRunner(spec, [factory() for factory in factories])


class StagedRunner:
    """Runs the stages, pools and joins the wanted tensors."""

    def __init__(self, spec: RuntimeSpec, runners: list[Runner]) -> None:
        """Bind the stages.

        Args:
            spec: the card's `runtime:` part.
            runners: one per stage.
        """
        self._spec, self._runners = spec, runners

    def run(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run rows [B, …]; returns [float32 [B, D]]."""
        if self._spec.input_scale != 1.0:
            rows = rows * np.float32(self._spec.input_scale)
        count = len(rows)
        if self._spec.framing is not None:
            first = self._runners[0].run(rows)[0]
            rows = frame(first, self._spec.framing, self._spec.stages[0].file)
        tensors = self._runners[-1].run(rows)
        names = self._spec.stages[-1].outputs
        return [
            np.concatenate(
                [self._vectors(*pair, count) for pair in zip(names, tensors, strict=True)], axis=1
            )
        ]

    def close(self) -> None:
        """Close every stage."""
        for runner in self._runners:
            runner.close()

    def _vectors(self, name: str, tensor: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        if self._spec.framing is not None:
            vectors = pool(tensor, "none", self._spec.feature_axis, name)
            tensor = vectors.reshape(count, -1, vectors.shape[1])
            return pool(tensor, self._spec.pooling, -1, name)
        return pool(tensor, self._spec.pooling, self._spec.feature_axis, name)


def frame(frames: NDArray[np.float32], framing: Framing, file: str) -> NDArray[np.float32]:
    """Cut the first stage's frames into the second stage's rows.

    Args:
        frames: float32 [B, …, T, F], other axes of length 1.
        framing: size and step in frames; scale and offset of values.
        file: of the first stage, for messages.

    Returns:
        float32 [B * K, size, F], K rows of every input in order.

    Raises:
        EncodingError: when there are fewer frames than one row needs.
    """
    flat = frames.reshape(len(frames), -1, frames.shape[-1])
    if flat.shape[1] < framing.size:
        raise EncodingError(
            f"{file} gives {flat.shape[1]} frames, the next stage needs {framing.size}; "
            "input_seconds in the card is too short."
        )
    windows = np.lib.stride_tricks.sliding_window_view(flat, framing.size, axis=1)
    rows = windows[:, :: framing.step].swapaxes(2, 3).reshape(-1, framing.size, flat.shape[2])
    return rows * np.float32(framing.scale) + np.float32(framing.offset)
