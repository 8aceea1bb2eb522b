"""A bare torch module as an encoder: the inference pattern of the requirements page."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from audio_assets.encoding.protocols import ArrayTransform, InputEncoder
from audio_assets.errors import CheckpointError, EncodingError


class ModuleEncoder:
    """CLS vectors of a module with `forward_encoder(spectrogram, mask_ratio=0.0)`.

    The module gives (latent [B, 1 + N, dim], mask, ids_restore); the vector is token 0.
    """

    def __init__(self, module: Any, transform: ArrayTransform, device: str = "auto") -> None:
        """Put the module on its device in evaluation mode, and measure its vectors.

        Args:
            module: `torch.nn.Module`.
            transform: makes the arrays that the module takes.
            device: auto, cuda, mps or cpu.

        Raises:
            CheckpointError: no `forward_encoder`, or the device is not there.
            EncodingError: the module cannot encode what the transform makes.
        """
        from audio_assets.models.encoder import resolve_device

        if not callable(getattr(module, "forward_encoder", None)):
            raise CheckpointError(
                f"{type(module).__name__} is no encoder: expected `encode_inputs` (as "
                "audio_assets.load_encoder gives) or `forward_encoder(spectrogram, mask_ratio)`."
            )
        self.device = resolve_device(device)
        self.module = module.to(self.device).eval()
        self.transform = transform
        empty = np.zeros((1, *transform.output_shape), transform.output_dtype)
        try:
            self.dim = self.encode_inputs(empty).shape[1]
        except (RuntimeError, ValueError, IndexError) as error:
            raise EncodingError(
                f"{type(module).__name__} cannot encode the arrays of transform {transform.name!r} "
                f"({transform.output_dtype} {transform.output_shape}): {error}"
            ) from error

    def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
        """Encode [B, *output_shape]; returns float32 [B, dim]."""
        import torch

        with torch.inference_mode():
            spectrogram = torch.from_numpy(np.ascontiguousarray(inputs)).to(self.device)
            latent = self.module.forward_encoder(spectrogram, mask_ratio=0.0)[0]
            return latent[:, 0, :].float().cpu().numpy()


class WithTransform:
    """An encoder that is fed by another transform than its own."""

    def __init__(self, encoder: InputEncoder, transform: ArrayTransform) -> None:
        self.encoder, self.transform = encoder, transform
        self.device = getattr(encoder, "device", "cpu")

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.encoder.dim

    def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
        """Encode [B, *output_shape]; returns float32 [B, dim]."""
        return self.encoder.encode_inputs(inputs)


def weights_hash(module: Any) -> str:
    """SHA-256 over names, shapes and bytes of a torch module's parameters and buffers, hex."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        raw = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(raw.numpy().data)
    return digest.hexdigest()
