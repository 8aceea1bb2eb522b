"""Probing a checkpoint: models are run on known sounds before their vectors are trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import CheckpointError, EncodingError
from audio_assets.models.encoder import Encoder
from audio_assets.storage import read_json, write_json

PROBE_FILE = "probe.json"
BATCH_TOLERANCE = 1e-4
GOLDEN_COSINE = {"fp32": 0.99999, "bf16": 0.999}
_DISTINCT = 1e-5
_QUIET_GAIN = 0.01


def probe_sounds(sample_rate: int, samples: int) -> dict[str, NDArray[np.float32]]:
    """Make the sounds of the probe.

    Args:
        sample_rate: rate in hertz.
        samples: length in samples.

    Returns:
        "noise", "silence" and "tone", each float32 [samples].
    """
    noise = np.random.RandomState(0).standard_normal(samples) * 0.1
    tone = 0.5 * np.sin(2 * np.pi * min(440.0, sample_rate / 8) * np.arange(samples) / sample_rate)
    sounds = {"noise": noise, "silence": np.zeros(samples), "tone": tone}
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}


def golden_sound(sample_rate: int, samples: int) -> NDArray[np.float32]:
    """Make the signal of the golden vector: a rising chirp over faint, frozen noise.

    Args:
        sample_rate: rate in hertz.
        samples: length in samples.

    Returns:
        float32 [samples].
    """
    seconds = np.arange(samples) / sample_rate
    end = samples / sample_rate
    low, high = 0.02 * sample_rate, 0.2 * sample_rate
    phase = 2 * np.pi * (low * seconds + (high - low) * seconds**2 / (2 * end))
    noise = np.random.RandomState(51).standard_normal(samples)
    return (0.5 * np.sin(phase) + 0.01 * noise).astype(np.float32)


def probe(encoder: Encoder) -> dict[str, Any]:
    """Run an encoder on noise, silence and a tone, on quiet noise and on a broken sample.

    Args:
        encoder: the encoder.

    Returns:
        JSON-able result: "dim", "batch_difference" (largest between a batch and single sounds),
        "distances" (cosine, between each two sounds), "gain_distance" (cosine, between noise and
        the same at a hundredth of its level), "nan" (what becomes of a sample that is no number:
        "refused" or "not finite"), "golden" (the golden vector).

    Raises:
        CheckpointError: when a vector is not finite, has another length than the card says, is
            constant, does not depend on the sound, depends on the batch, or looks right although
            the sound was not.
    """
    sounds = probe_sounds(encoder.sample_rate, encoder.input_samples)
    vectors = encoder.encode(np.stack(list(sounds.values())), encoder.sample_rate)
    name = encoder.card.name
    if vectors.shape != (len(sounds), encoder.card.dim):
        raise CheckpointError(
            f"{name!r} gives vectors of shape {vectors.shape}; its card says dim "
            f"{encoder.card.dim}."
        )
    by_name = dict(zip(sounds, vectors, strict=True))
    for sound, vector in by_name.items():
        if not np.isfinite(vector).all():
            raise CheckpointError(
                f"{name!r} gives NaN or infinite values for {sound}; its weights are not usable."
            )
        if np.ptp(vector) == 0:
            raise CheckpointError(
                f"{name!r} gives a constant vector ({vector[0]} in all {len(vector)} places) for "
                f"{sound}: that tensor tells nothing about the sound. Name the embedding's own."
            )
    distances = {
        f"{first}-{second}": cosine_distance(by_name[first], by_name[second])
        for first, second in (("noise", "silence"), ("noise", "tone"), ("silence", "tone"))
    }
    if min(distances.values()) < _DISTINCT:
        raise CheckpointError(
            f"{name!r} gives nearly the same vector for different sounds (cosine distances "
            f"{distances}); "
            "expected noise, silence and a tone to differ. Is the transform the model's own?"
        )
    single = np.concatenate(
        [encoder.encode(sound[None], encoder.sample_rate) for sound in sounds.values()]
    )
    difference = float(np.abs(single - vectors).max())
    if difference > BATCH_TOLERANCE * max(1.0, float(np.abs(vectors).max())):
        raise CheckpointError(
            f"{name!r} gives other vectors in a batch than singly (by {difference}); refuse it."
        )
    quiet = encoder.encode(_QUIET_GAIN * sounds["noise"][None], encoder.sample_rate)[0]
    if not np.isfinite(quiet).all():
        raise CheckpointError(
            f"{name!r} gives NaN or infinite values for a quiet sound; its weights or its "
            "normalisation are not usable."
        )
    golden = encoder.encode(
        golden_sound(encoder.sample_rate, encoder.input_samples)[None], encoder.sample_rate
    )[0]
    return {
        "dim": int(vectors.shape[1]),
        "batch_difference": difference,
        "distances": distances,
        "gain_distance": cosine_distance(by_name["noise"], quiet),
        "nan": _answer_to_nan(encoder, sounds["noise"]),
        "golden": [float(value) for value in golden],
    }


def _answer_to_nan(encoder: Encoder, sound: NDArray[np.float32]) -> str:
    """What an encoder makes of a sound with one sample that is no number.

    Raises:
        CheckpointError: when it gives a vector that looks right.
    """
    broken = sound.copy()
    broken[len(broken) // 2] = np.nan
    try:
        vector = encoder.encode(broken[None], encoder.sample_rate)
    except (EncodingError, ValueError):
        return "refused"
    if np.isfinite(vector).all():
        raise CheckpointError(
            f"{encoder.card.name!r} gives an ordinary vector for a sound with a sample that is no "
            "number (NaN): broken recordings would look like good ones. Refuse such sounds in its "
            "adapter."
        )
    return "not finite"


def write_probe(encoder: Encoder, directory: Path) -> dict[str, Any]:
    """Probe an encoder and save the result as `probe.json`.

    Args:
        encoder: the encoder.
        directory: the checkpoint's directory.

    Returns:
        The result of `probe`.
    """
    result = probe(encoder)
    write_json(directory / PROBE_FILE, result)
    return result


def check_golden(encoder: Encoder, directory: Path, *, precision: str = "fp32") -> float:
    """Compare an encoder with the golden vector that was saved on registration.

    Args:
        encoder: the encoder.
        directory: the checkpoint's directory, with `probe.json`.
        precision: arithmetic of the encoder; bf16 is allowed a larger difference.

    Returns:
        Cosine between the vector and the saved one.

    Raises:
        CheckpointError: when they differ.
        StorageError: when `probe.json` is missing or damaged.
    """
    saved = np.array(read_json(directory / PROBE_FILE)["golden"], dtype=np.float32)
    sound = golden_sound(encoder.sample_rate, encoder.input_samples)
    vector = encoder.encode(sound[None], encoder.sample_rate)[0]
    cosine = 1.0 - cosine_distance(vector, saved) if vector.shape == saved.shape else -1.0
    if not cosine >= GOLDEN_COSINE[precision]:
        raise CheckpointError(
            f"{encoder.card.name!r} no longer gives its golden vector (cosine {cosine:.6f}, "
            "expected at least "
            f"{GOLDEN_COSINE[precision]}): weights, transform or runtime changed since it was "
            "registered. "
            "Register it again if that was meant."
        )
    return cosine


def cosine_distance(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return 1 - cosine of two vectors [dim], in [0, 2]."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    return float(1.0 - a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))
