"""The adapter of torch spectrogram encoders: waveforms in, pooled vectors out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from audio_assets.errors import CheckpointError, EncodingError
from audio_assets.models.card import ModelCard
from audio_assets.models.card_check import check_card
from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.models.encoder import resolve_device
from audio_assets.models.kept_memory import keep_freed_memory
from audio_assets.models.model_inputs import cut_inputs, model_ready, resample
from audio_assets.models.packed_encoder import PackedEncoder
from audio_assets.models.pooling import pool_chunks, pool_tokens
from audio_assets.models.registry import Checkpoint
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.transforms.registry import make_transform
from audio_assets.transforms.transform import Transform

__all__ = ["TorchEncoder", "load_torch_encoder", "pool_tokens"]

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
        self._packed = (
            PackedEncoder(self.model) if (device.type, precision) == ("cpu", "bf16") else None
        )
        self._sub_batch = _SUB_BATCH.get(device.type, _ACCELERATOR_BATCH)
        if device.type == "cpu":
            keep_freed_memory()
        check_card(card, model.config, self._transform)

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
        takes_shorter = getattr(self._transform, "takes_shorter", False)
        if takes_shorter and sounds.shape[1] < self.input_samples:
            return self.encode_inputs(self._transform(sounds))
        pieces = cut_inputs(sounds, self.input_samples)
        vectors = self.encode_inputs(self._transform(pieces.reshape(-1, self.input_samples)))
        return vectors.reshape(*pieces.shape[:2], -1).mean(axis=1)

    def encode_inputs(self, inputs: NDArray[Any] | Tensor) -> NDArray[np.float32]:
        """Encode model-ready arrays.

        Args:
            inputs: [B, *transform.output_shape] of the transform's dtype, or arrays that are
                normalised already, as the model's own trainer does: float32 [B, C, H, W].

        Returns:
            float32 [B, dim].

        Raises:
            EncodingError: when they are neither.
        """
        inputs = model_ready(inputs, self._transform, self.model.config, self._card.name)
        if len(inputs) == 0:
            return np.zeros((0, self.dim), dtype=np.float32)
        return self._in_sub_batches(inputs, self._pool, self._card.pooling == "cls").numpy()

    def logits(self, inputs: NDArray[Any] | Tensor) -> NDArray[np.float32]:
        """Classify model-ready arrays; the embedding is `encode_inputs`.

        Returns:
            float32 [B, classes], before softmax or sigmoid; where a transform gives several model
            inputs, their mean.

        Raises:
            CheckpointError: when the checkpoint has no classification head.
        """
        head = self.model.head
        if head is None or head.linear is None:
            raise CheckpointError(
                f"{self._card.name!r} has no classification head, so it gives no logits; use "
                "encode for its embedding."
            )
        inputs = model_ready(inputs, self._transform, self.model.config, self._card.name)
        if len(inputs) == 0:
            return np.zeros((0, self.model.config.classes), dtype=np.float32)
        return self._in_sub_batches(
            inputs,
            lambda tokens: head(tokens.flatten(0, 1)).reshape(*tokens.shape[:2], -1).mean(dim=1),
        ).numpy()

    def forward_features(self, inputs: NDArray[Any] | Tensor) -> Tensor:
        """Return all tokens, CLS first: float32 [B, 1 + N, width], on the CPU.

        Args:
            inputs: model-ready arrays, or normalised float [B, C, H, W]. Arrays that hold several
                model inputs give their tokens one input after the other, [B * inputs, …].
        """
        return self._in_sub_batches(inputs, lambda tokens: tokens.flatten(0, 1))

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
        self,
        inputs: NDArray[Any] | Tensor,
        read: Callable[[Tensor], Tensor],
        first_only: bool = False,
    ) -> Tensor:
        results: list[Tensor] = []
        start = 0
        with torch.inference_mode(), self._arithmetic(packed=self._packed is not None):
            while start < len(inputs):
                images = torch.as_tensor(inputs[start : start + self._sub_batch])
                try:
                    tokens = self._tokens(images.to(self._device), first_only)
                    results.append(read(tokens).float().cpu())
                except torch.OutOfMemoryError as error:
                    self._back_off(error)
                    continue
                start += len(images)
        return torch.cat(results)

    def _tokens(self, images: Tensor, first_only: bool = False) -> Tensor:
        """Tokens of arrays of one or more model inputs each, float32 [B, inputs, 1 + N, width].

        With ``first_only``, an encoder that gains by it gives the CLS tokens alone.
        """
        batch, size = len(images), self.model.config.image_size
        chunks = 1
        if images.ndim == 3 and images.shape[1] != size[0] and images.shape[1] % size[0] == 0:
            chunks = images.shape[1] // size[0]
            images = images.reshape(batch * chunks, *size)
        if images.shape[-2:] != size:
            raise EncodingError(
                f"{self._card.name!r} got arrays of {tuple(images.shape[-2:])}; its model reads "
                f"{size}."
            )
        if self._packed is None:
            tokens = self.model.forward_features(images).float()
        else:
            tokens = self._packed.forward_features(images, first_only=first_only)
        return tokens.reshape(batch, chunks, *tokens.shape[1:])

    def _pool(self, tokens: Tensor) -> Tensor:
        rows = getattr(self._transform, "valid_rows", None)
        whole = tokens.shape[1] * self.model.config.image_size[0]
        return pool_chunks(
            tokens, self.model, self._card.pooling, whole if rows is None else min(rows, whole)
        )

    def _arithmetic(self, packed: bool = False) -> AbstractContextManager[Any]:
        if self._precision == "bf16" and not packed:
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


def load_torch_encoder(checkpoint: Checkpoint, device: str, precision: str) -> TorchEncoder:
    """Load a checkpoint of a torch family; see `audio_assets.models.encoder.load_encoder`."""
    if precision not in ("fp32", "bf16"):
        raise CheckpointError(f"Precision {precision!r} is unknown; expected 'fp32' or 'bf16'.")
    model, _ = read_encoder(checkpoint.weights, checkpoint.card.kind)
    return TorchEncoder(checkpoint.card, model, torch.device(resolve_device(device)), precision)
