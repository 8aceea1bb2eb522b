"""The encoder of a linear probe: its base's vectors, and the scores of its classes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import CardError
from audio_assets.models.encoder import Device, Encoder, Precision, load_encoder
from audio_assets.models.linear_probe.base import probe_card, require_base
from audio_assets.models.linear_probe.card import LinearProbeCard
from audio_assets.models.linear_probe.head import LinearHead, read_head
from audio_assets.models.registry import Checkpoint
from audio_assets.transforms.transform import Transform


class LinearProbeEncoder:
    """An `Encoder` whose vectors are its base's; maps and similarity are those of the base.

    The scores come on top, from the finished vector of a window: the same number whether a window
    was scored while it was labelled or by a later run.
    """

    def __init__(self, card: LinearProbeCard, base: Encoder, head: LinearHead) -> None:
        """Put a head on an encoder.

        Raises:
            CardError: card, base and head contradict each other.
        """
        for what, said, found in (
            ("dim", card.dim, base.dim),
            ("dim", card.dim, head.dim),
            ("number of labels", len(card.labels), head.classes),
        ):
            if said != found:
                raise CardError(
                    f"The card of {card.name!r} gives {what} {said}; its base and head have "
                    f"{found}."
                )
        self._card, self._base, self.head = card, base, head

    @property
    def card(self) -> LinearProbeCard:
        """The probe's own card."""
        return self._card

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._base.dim

    @property
    def sample_rate(self) -> int:
        """Rate of the model's input in hertz."""
        return self._base.sample_rate

    @property
    def input_samples(self) -> int:
        """Length of one model input in samples."""
        return self._base.input_samples

    @property
    def transform(self) -> Transform:
        """From waveform to model-ready array."""
        return self._base.transform

    @property
    def device(self) -> str:
        """Where the base runs."""
        return getattr(self._base, "device", "cpu")

    @property
    def precision(self) -> str:
        """Arithmetic of the base."""
        return getattr(self._base, "precision", "fp32")

    def encode(self, waveforms: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """The base's vectors, float32 [B, dim]; see `audio_assets.models.encoder.Encoder`."""
        return self._base.encode(waveforms, sample_rate)

    def encode_inputs(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """The base's vectors of model-ready arrays, float32 [B, dim]."""
        return self._base.encode_inputs(inputs)

    def scores(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of the card's labels for vectors [N, dim]: float32 [N, labels], 0 to 1."""
        return self.head.scores(vectors)

    def forward_features(self, inputs: Any) -> Any:
        """All tokens of the base."""
        return self._base.forward_features(inputs)

    def forward_encoder(
        self, spectrogram: Any, mask_ratio: float = 0.0, generator: Any = None
    ) -> Any:
        """(latent, mask, ids_restore) of the base."""
        return self._base.forward_encoder(spectrogram, mask_ratio, generator)


def load_linear_probe(checkpoint: Checkpoint, device: str, precision: str) -> LinearProbeEncoder:
    """Load a linear probe with its base; see `audio_assets.models.encoder.load_encoder`.

    Raises:
        CheckpointError: the base is gone or changed, or the head is damaged.
    """
    base = require_base(checkpoint)
    encoder = load_encoder(
        base, device=cast("Device", device), precision=cast("Precision", precision)
    )
    return LinearProbeEncoder(probe_card(checkpoint), encoder, read_head(checkpoint.weights))
