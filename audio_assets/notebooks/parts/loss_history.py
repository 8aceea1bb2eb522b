"""The losses of a run, noted while it goes on."""

from __future__ import annotations

from tqdm import tqdm

_LINE_EVERY = 5


class LossHistory:
    """A follower of `training.record`: keeps the loss of every pass, and prints some.

    Attributes:
        losses: by stage, the loss of each pass: [(pass, loss), …].
    """

    def __init__(self) -> None:
        self.losses: dict[str, list[tuple[int, float]]] = {}

    def __call__(self, stage: str, epoch: int, figures: dict[str, float]) -> None:
        """Take in the figures of a finished pass.

        Args:
            stage: of the run.
            epoch: passes that are done.
            figures: by name.
        """
        if "loss" in figures:
            self.losses.setdefault(stage, []).append((epoch, figures["loss"]))
        if "loss" not in figures or epoch == 1 or epoch % _LINE_EVERY == 0:
            text = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
            tqdm.write(f"{stage}, pass {epoch}: {text}")  # above the bar, not through it
