"""The adapter of torch spectrogram encoders: waveforms in, pooled vectors out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from audio_assets.errors import CardError, CheckpointError, EncodingError
from audio_assets.models.card import ModelCard, Pooling
from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.models.encoder import resolve_device
from audio_assets.models.model_inputs import cut_inputs, resample
from audio_assets.models.registry import Checkpoint
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.transforms.registry import make_transform
from audio_assets.transforms.transform import Transform

_SUB_BATCH = {"cpu": 8}
_ACCELERATOR_BATCH = 128


class TorchEncoder:
    """An `Encoder` around a `SpectrogramEncoder`.

    Work is done in sub-batches: 8 fit a CPU's cache; on an accelerator the sub-batch is halved when
    memory runs out.
    """

    def __init__(
        self, card: ModelCard, model: SpectrogramEncoder, device: torch.device, precision: str
    ) -> None:
        """Bind a model to its card.

        Args:
            card: the checkpoint's card.
            model: the model, in evaluation mode.
            device: where it runs.
            precision: "fp32" or "bf16".

        Raises:
            CardError: when card, transform and weights contradict each other.
        """
        self._card, self._device, self._precision = card, device, precision
        self.model = model.to(device)
        self._transform = make_transform(card.transform.name, card.transform.params)
        self._sub_batch = _SUB_BATCH.get(device.type, _ACCELERATOR_BATCH)
        _check_card(card, model, self._transform)

    @property
    def card(self) -> ModelCard:
        """The checkpoint's card."""
        return self._card

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._card.dim

    @property
    def sample_rate(self) -> int:
        """Rate of the model's input in hertz."""
        return self._transform.sample_rate

    @property
    def input_samples(self) -> int:
        """Length of one model input in samples."""
        return self._transform.input_samples

    @property
    def transform(self) -> Transform:
        """From waveform to model-ready array."""
        return self._transform

    @property
    def device(self) -> str:
        """Where the model runs: "cpu", "cuda" or "mps"."""
        return self._device.type

    @property
    def precision(self) -> str:
        """Arithmetic of the blocks: "fp32" or "bf16"."""
        return self._precision

    def encode(self, waveforms: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """Encode mono waveforms of any rate and length; see `Encoder.encode`.

        Raises:
            EncodingError: when the shape is wrong, a sample is not finite, or memory does not
                suffice.
        """
        if waveforms.ndim != 2 or waveforms.shape[1] == 0 or sample_rate <= 0:
            raise EncodingError(
                f"encode got waveforms of shape {waveforms.shape} at {sample_rate} Hz; "
                "expected [batch, samples] with at least one sample, and a positive rate."
            )
        if len(waveforms) == 0:
            return np.zeros((0, self.dim), dtype=np.float32)
        sounds = resample(np.asarray(waveforms, dtype=np.float32), sample_rate, self.sample_rate)
        pieces = cut_inputs(sounds, self.input_samples)
        vectors = self.encode_inputs(self._transform(pieces.reshape(-1, self.input_samples)))
        return vectors.reshape(*pieces.shape[:2], -1).mean(axis=1)

    def encode_inputs(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Encode model-ready arrays [B, *transform.output_shape]; returns float32 [B, dim]."""
        if (
            inputs.shape[1:] != self._transform.output_shape
            or inputs.dtype != self._transform.output_dtype
        ):
            raise EncodingError(
                f"encode_inputs got {inputs.dtype} {inputs.shape}; expected "
                f"{self._transform.output_dtype} "
                f"[batch, {', '.join(map(str, self._transform.output_shape))}], as the transform "
                "makes them."
            )
        if len(inputs) == 0:
            return np.zeros((0, self.dim), dtype=np.float32)
        pool = self._card.pooling
        return self._in_sub_batches(inputs, lambda tokens: pool_tokens(tokens, pool)).numpy()

    def forward_features(self, inputs: NDArray[Any] | Tensor) -> Tensor:
        """Return all tokens, CLS first: float32 [B, 1 + N, width], on the CPU."""
        return self._in_sub_batches(inputs, lambda tokens: tokens)

    def forward_encoder(
        self,
        spectrogram: NDArray[Any] | Tensor,
        mask_ratio: float = 0.0,
        generator: Generator | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return (latent, mask, ids_restore) of one batch; see `SpectrogramEncoder`."""
        with torch.inference_mode(), self._arithmetic():
            images = torch.as_tensor(spectrogram, device=self._device)
            latent, mask, ids_restore = self.model.forward_encoder(images, mask_ratio, generator)
        return latent.float(), mask, ids_restore

    def _in_sub_batches(
        self, inputs: NDArray[Any] | Tensor, read: Callable[[Tensor], Tensor]
    ) -> Tensor:
        results: list[Tensor] = []
        start = 0
        with torch.inference_mode(), self._arithmetic():
            while start < len(inputs):
                images = torch.as_tensor(inputs[start : start + self._sub_batch])
                try:
                    results.append(
                        read(self.model.forward_features(images.to(self._device)).float()).cpu()
                    )
                except torch.OutOfMemoryError as error:
                    self._back_off(error)
                    continue
                start += len(images)
        return torch.cat(results)

    def _arithmetic(self) -> AbstractContextManager[Any]:
        if self._precision == "bf16":
            return torch.autocast(self._device.type, torch.bfloat16)
        return nullcontext()

    def _back_off(self, error: torch.OutOfMemoryError) -> None:
        if self._sub_batch == 1:
            raise EncodingError(
                f"{self._device.type} has too little memory for one input of {self._card.name!r}; "
                "free some or run on the CPU (AUDIO_ASSETS_DEVICE=cpu)."
            ) from error
        self._sub_batch = max(1, self._sub_batch // 2)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def pool_tokens(tokens: Tensor, pooling: Pooling) -> Tensor:
    """Make one vector of tokens.

    Args:
        tokens: float32 [B, 1 + N, width], CLS first.
        pooling: "cls", "mean" of the patches, or "cls+mean": the two side by side.

    Returns:
        float32 [B, width], or [B, 2 * width] for "cls+mean".
    """
    parts = {"cls": tokens[:, 0], "mean": tokens[:, 1:].mean(dim=1)}
    return torch.cat([parts[part] for part in pooling.split("+")], dim=-1)


def load_torch_encoder(checkpoint: Checkpoint, device: str, precision: str) -> TorchEncoder:
    """Load a checkpoint of a torch family; see `audio_assets.models.encoder.load_encoder`."""
    if precision not in ("fp32", "bf16"):
        raise CheckpointError(f"Precision {precision!r} is unknown; expected 'fp32' or 'bf16'.")
    model, _ = read_encoder(checkpoint.weights, checkpoint.card.kind)
    return TorchEncoder(checkpoint.card, model, torch.device(resolve_device(device)), precision)


def _check_card(card: ModelCard, model: SpectrogramEncoder, transform: Transform) -> None:
    width = model.config.width * (2 if card.pooling == "cls+mean" else 1)
    for what, said, found in (
        ("dim", card.dim, width),
        ("sample_rate", card.sample_rate, transform.sample_rate),
        ("input_seconds (in samples)", card.input_samples, transform.input_samples),
        ("image size", transform.output_shape, model.config.image_size),
    ):
        if said != found:
            raise CardError(
                f"The card of {card.name!r} gives {what} {said}; its weights and transform have "
                f"{found}."
            )
