"""The contract of an encoder, and how one is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import CheckpointError
from audio_assets.models.card import ModelCard
from audio_assets.models.registry import Checkpoint, resolve_checkpoint
from audio_assets.plugins import Registry
from audio_assets.transforms.transform import Transform

if TYPE_CHECKING:
    from torch import Generator, Tensor

Device = Literal["auto", "cuda", "mps", "cpu"]
Precision = Literal["auto", "fp32", "bf16"]

_TORCH = "audio_assets.models.torch_encoder:load_torch_encoder"
_RUNTIME = "audio_assets.models.adapters.runtime_encoder:load_runtime_encoder"

Adapter = Callable[["Checkpoint", str, str], "Encoder"]
"""(checkpoint, device, precision) -> Encoder."""

model_registry: Registry[Adapter] = Registry(
    "models",
    {
        "audiomaepp": _TORCH,
        "audiomae_baseline": _TORCH,
        "audiomae": _TORCH,
        "audiomaepp_official": _TORCH,
        "audiomaepp_official_baseline": _TORCH,
        "classifier": _TORCH,
        "tflite": _RUNTIME,
        "onnx": _RUNTIME,
        "savedmodel": _RUNTIME,
        "linear_probe": "audio_assets.models.linear_probe.encoder:load_linear_probe",
    },
)
"""Kind of a card -> adapter, imported when used."""

FIXED_COMPUTE: dict[str, tuple[str, str]] = dict.fromkeys(
    ("tflite", "onnx", "savedmodel"), ("cpu", "fp32")
)
"""Kinds that run in one way only: (device class, precision); others run as they are asked to."""


@runtime_checkable
class Encoder(Protocol):
    """Turns sound into vectors.

    Vectors are float32 and do not depend on the batch that a sound comes in (to 1e-5).
    """

    @property
    def card(self) -> ModelCard:
        """The checkpoint's card."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def sample_rate(self) -> int:
        """Rate of the model's input in hertz."""
        ...

    @property
    def input_samples(self) -> int:
        """Length of one model input in samples."""
        ...

    @property
    def transform(self) -> Transform:
        """From waveform to model-ready array."""
        ...

    def encode(self, waveforms: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """Encode mono waveforms of any rate and length.

        Args:
            waveforms: float32 [B, T], full scale is 1.
            sample_rate: their rate in hertz; resampled (soxr, HQ) where it is not the model's.

        Returns:
            float32 [B, dim]: the mean over the model inputs across a waveform; one shorter than an
            input is padded with zeros on the right.
        """
        ...

    def encode_inputs(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Encode model-ready arrays [B, *transform.output_shape]; returns float32 [B, dim]."""
        ...

    def forward_features(self, inputs: NDArray[Any] | Tensor) -> Tensor:
        """Return all tokens, CLS first: float32 [B, 1 + N, width]; for spectrogram transformers."""
        ...

    def forward_encoder(
        self,
        spectrogram: NDArray[Any] | Tensor,
        mask_ratio: float = 0.0,
        generator: Generator | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return (latent, mask, ids_restore); see `SpectrogramEncoder.forward_encoder`."""
        ...


def resolve_device(device: str) -> str:
    """Choose where to run and check that it is there.

    Args:
        device: "auto", "cuda", "mps" or "cpu"; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Returns:
        "cuda", "mps" or "cpu".

    Raises:
        CheckpointError: when the wanted device is not there.
    """
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    present = [name for name, is_there in there.items() if is_there]
    if device == "auto":
        return present[0]
    if device not in present:
        raise CheckpointError(
            f"Device {device!r} is not available; this machine has {', '.join(present)}. "
            "Use one of them, or 'auto'."
        )
    return device


def load_encoder(
    name_or_path: str | os.PathLike[str] | Checkpoint,
    *,
    device: Device = "auto",
    precision: Precision = "fp32",
) -> Encoder:
    """Load a checkpoint's encoder.

    Args:
        name_or_path: a name, a path (directory, card or bare weights file), or a resolved
            checkpoint.
        device: where it runs; "auto" takes CUDA, then Apple's MPS, then the CPU.
        precision: arithmetic of the blocks; "auto" takes the faster one where the card states that
            the vectors agree; see `models.precision`.

    Returns:
        The encoder.

    Raises:
        CheckpointError: when the checkpoint is unknown or unusable, or no adapter runs its kind.
    """
    checkpoint = (
        name_or_path if isinstance(name_or_path, Checkpoint) else resolve_checkpoint(name_or_path)
    )
    kind = checkpoint.card.kind
    if kind not in model_registry.names():
        raise CheckpointError(
            f"The card of {checkpoint.name!r} says kind {kind!r}; expected one of "
            f"{', '.join(model_registry.names())}. Correct the card or add an adapter."
        )
    if precision == "auto":
        from audio_assets.models.precision import choose_precision

        precision = choose_precision(precision, checkpoint.card, resolve_device(device))
    return model_registry.get(kind)(checkpoint, device, precision)
