"""A stage's file on disk, and which of its inputs takes the data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audio_assets.errors import CardError, CheckpointError
from audio_assets.models.adapters.model_facts import TensorFact
from audio_assets.models.adapters.runtime_spec import Stage


def stage_path(directory: Path, file: str) -> Path:
    """Where a stage's file or directory lies.

    Raises:
        CheckpointError: when it is not there.
    """
    path = directory / file
    if not path.exists():
        raise CheckpointError(f"{path} is missing; the model card names it. Put it there.")
    return path


def read_bytes(directory: Path, file: str) -> bytes:
    """Read a stage's file.

    Raises:
        CheckpointError: when it is missing or cannot be read.
    """
    path = stage_path(directory, file)
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error


def choose_input(stage: Stage, inputs: Sequence[TensorFact]) -> TensorFact:
    """The input that takes the rows; all others must have constants in the card.

    Args:
        stage: from the card.
        inputs: of the model.

    Returns:
        The input.

    Raises:
        CardError: when the card names an input that is not there, or leaves one without a value.
    """
    names = [t.name for t in inputs]
    listing = "; ".join(t.describe() for t in inputs)
    public = {t.alias: t for t in inputs if t.alias}
    unknown = [n for n in stage.constants if n not in names]
    if unknown:
        raise CardError(f"{stage.file} has no input {unknown[0]!r}; its inputs: {listing}.")
    free = [t for t in inputs if t.name not in stage.constants]
    if stage.input is not None:
        chosen = next((t for t in inputs if t.name == stage.input), public.get(stage.input))
        if chosen is None:
            raise CardError(f"{stage.file} has no input {stage.input!r}; its inputs: {listing}.")
        free = [t for t in free if t is not chosen]
    else:
        chosen, free = (free[0], free[1:]) if free else (None, [])
    if chosen is None or free:
        raise CardError(
            f"{stage.file} has {len(inputs)} inputs ({listing}). Name the one that takes the sound "
            "as `input` in the card and give the others a value under `constants`."
        )
    return chosen
