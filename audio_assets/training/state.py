"""The saved state of an unfinished run."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch

from audio_assets.errors import CheckpointError
from audio_assets.storage import atomic_open


class RunState:
    """One file that a run can continue from; replaced whole, never half written."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        """Name the file.

        Args:
            path: the state file.
            fingerprint: text of the settings and the data; a state of another fingerprint is
                refused.
        """
        self.path, self.fingerprint = path, fingerprint

    def load(self) -> dict[str, Any] | None:
        """Return the saved state, or None where there is none.

        Raises:
            CheckpointError: when the file is damaged or belongs to other settings.
        """
        if not self.path.is_file():
            return None
        try:
            state = torch.load(self.path, weights_only=True)
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise CheckpointError(
                f"{self.path} is damaged ({error}); delete it to start again."
            ) from error
        if state["fingerprint"] != self.fingerprint:
            raise CheckpointError(
                f"{self.path} was written with other settings or clips; delete it, or start "
                "without resuming."
            )
        return state

    def save(self, stage: str, epoch: int, parts: dict[str, Any]) -> None:
        """Replace the file.

        Args:
            stage: name of the stage.
            epoch: passes of that stage that are done.
            parts: state dicts by name.
        """
        with atomic_open(self.path) as stream:
            torch.save(
                {"fingerprint": self.fingerprint, "stage": stage, "epoch": epoch, **parts}, stream
            )
