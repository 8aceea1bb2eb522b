"""Which arithmetic a checkpoint runs in: the faster one where machine and model stand it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from audio_assets.models.card import CARD_FILE, ModelCard, write_card

if TYPE_CHECKING:
    from audio_assets.models.registry import Checkpoint

AGREEMENT = 0.999
"""Least cosine between the bf16 and fp32 vectors of a sound for bf16 to be chosen by itself."""

_CPU_FLAGS = {"amx_bf16", "avx512_bf16"}


def choose_precision(wanted: str, card: ModelCard, device_class: str) -> Literal["fp32", "bf16"]:
    """Say in which precision a checkpoint runs.

    Args:
        wanted: "fp32", "bf16" or "auto": bf16 where the device computes faster in it and the card
            states that the vectors agree (`bf16_cosine`, measured on registration), else fp32.
        card: the checkpoint's.
        device_class: "cpu", "cuda" or "mps".

    Returns:
        "fp32" or "bf16".
    """
    if wanted != "auto":
        return "bf16" if wanted == "bf16" else "fp32"
    agrees = card.bf16_cosine is not None and card.bf16_cosine >= AGREEMENT
    return "bf16" if agrees and has_fast_bf16(device_class) else "fp32"


@cache
def has_fast_bf16(device_class: str) -> bool:
    """Whether a device multiplies bf16 matrices in hardware.

    On a CPU that is AMX or AVX-512 BF16, read without torch, since runs with nothing to do ask too.
    """
    if device_class == "cpu":
        return bool(_CPU_FLAGS & _flags())
    if device_class == "cuda":
        import torch

        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return False


def measure_agreement(checkpoint: Checkpoint) -> float | None:
    """Lowest cosine between the bf16 and fp32 vectors of known sounds, on the CPU.

    Returns:
        The cosine; None where the checkpoint's runtime has no choice of precision.

    Raises:
        CheckpointError: it cannot be run.
    """
    import numpy as np

    from audio_assets.models.encoder import FIXED_COMPUTE, load_encoder
    from audio_assets.models.probe import cosine_distance, golden_sound, probe_sounds

    if checkpoint.card.runs_as in FIXED_COMPUTE:
        return None
    fine = load_encoder(checkpoint, device="cpu", precision="fp32")
    rough = load_encoder(checkpoint, device="cpu", precision="bf16")
    rate, samples = fine.sample_rate, fine.input_samples
    sounds = [*probe_sounds(rate, samples).values(), golden_sound(rate, samples)]
    clicks = np.zeros(samples, np.float32)
    clicks[:: max(1, rate // 7)] = 0.8
    waveforms = np.stack([*sounds, clicks, 0.5 * (sounds[0] + clicks), 0.02 * sounds[-1]])
    pairs = zip(fine.encode(waveforms, rate), rough.encode(waveforms, rate), strict=True)
    return round(1.0 - max(cosine_distance(a, b) for a, b in pairs), 6)


def state_agreement(checkpoint: Checkpoint) -> None:
    """Write into a checkpoint's card how close bf16 comes, where its runtime has that choice.

    A linear probe states what its base did when it was saved.

    Raises:
        CheckpointError: it cannot be run.
        StorageError: the card cannot be written.
    """
    if type(checkpoint.card) is not ModelCard:
        return
    cosine = measure_agreement(checkpoint)
    if cosine is not None and cosine != checkpoint.card.bf16_cosine:
        card = checkpoint.card.model_copy(update={"bf16_cosine": cosine})
        write_card(card, checkpoint.directory / CARD_FILE)


def _flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return {flag for line in lines[:60] if line.startswith("flags") for flag in line.split()[2:]}
