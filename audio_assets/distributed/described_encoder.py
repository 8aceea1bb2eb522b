"""An encoder as its card describes it, for a process that plans and does not compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_assets.errors import EncodingError

if TYPE_CHECKING:
    from audio_assets.models.card import ModelCard


class DescribedEncoder:
    """Dimension and transform of a checkpoint whose model the cluster's actors hold."""

    def __init__(self, card: ModelCard, device: str, precision: str) -> None:
        """Describe.

        Args:
            card: the checkpoint's.
            device: where the actors run it: "cpu", "cuda" or "mps".
            precision: "fp32" or "bf16".
        """
        from audio_assets.transforms.registry import make_transform

        self.card, self.device, self.precision = card, device, precision
        self.dim: int = card.dim
        self.transform = make_transform(card.transform.name, card.transform.params)

    def encode_inputs(self, inputs: np.ndarray, /) -> np.ndarray:
        """Refuse.

        Raises:
            EncodingError: always.
        """
        raise EncodingError(f"{self.card.name!r} is held by the nodes of the cluster, not here.")
