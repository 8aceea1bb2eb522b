"""A card for a bare weights file, proposed by recognising the family from its tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_assets.errors import CheckpointError
from audio_assets.home import slug
from audio_assets.models.card import ModelCard, Pooling, TransformCard
from audio_assets.models.checkpoint_file import read_state, recognize
from audio_assets.models.encoder_config import EncoderConfig
from audio_assets.models.pooling import pooled_dim

HOP_S = 0.01


@dataclass(frozen=True)
class InputProposal:
    """How a family is fed: the part of a card that its publishers' code decides.

    Attributes:
        transform: name in the transform registry.
        params: parameters that differ from the transform's defaults.
        sample_rate: in hertz.
        seconds: length of one model input.
        pooling: what the publishers use as the embedding.
    """

    transform: str
    params: dict[str, Any]
    sample_rate: int
    seconds: float
    pooling: Pooling


def propose_card(path: Path) -> ModelCard:
    """Propose a card.

    Args:
        path: a weights file.

    Returns:
        A card of the recognised kind, with the front end and pooling of its publishers and the
        licence "unknown".

    Raises:
        CheckpointError: when the file cannot be read or is of an unknown architecture.
    """
    state = read_state(path)
    family = recognize(state, str(path))
    try:
        config = family.read_config(state)
        proposed = propose_input(family.kind, config)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    head = f" with a head of {config.classes} classes" if config.classes else ""
    return ModelCard(
        name=slug(path.stem),
        kind=family.kind,
        weights=path.name,
        transform=TransformCard(name=proposed.transform, params=proposed.params),
        sample_rate=proposed.sample_rate,
        input_seconds=proposed.seconds,
        pooling=proposed.pooling,
        dim=pooled_dim(config, proposed.pooling),
        licence="unknown",
        description=f"{family.kind} of {config.depth} blocks{head}, recognised from its weights.",
    )


def propose_input(kind: str, config: EncoderConfig) -> InputProposal:
    """Tell how a family is fed.

    Args:
        kind: the family's kind.
        config: geometry from the weights.

    Returns:
        Its front end: Kaldi's filter bank for AudioMAE, HTK log-mels in chunks of the model's
        length for the official AudioMAE++, square pictures for the other.

    Raises:
        CheckpointError: when the geometry is not one that the family's front end can make.
    """
    if kind == "audiomae":
        return _audiomae(config)
    if kind.startswith("audiomaepp_official"):
        return _official(config)
    if config.image_size[0] != config.image_size[1] or config.channels != 3:
        raise CheckpointError(
            f"it reads {config.channels} channels of {config.image_size}; expected three of a "
            "square. Write a model card."
        )
    return InputProposal("logmel_image", {"size": config.image_size[0]}, 22050, 5.0, "cls")


def _audiomae(config: EncoderConfig) -> InputProposal:
    frames, bands = _one_channel(config)
    seconds = round(frames * HOP_S, 6)
    params = {"seconds": seconds, "frames": frames, "n_mels": bands}
    return InputProposal(
        "kaldi_fbank", params, 16000, seconds, "fc_norm" if config.head_norm else "mean"
    )


def _official(config: EncoderConfig) -> InputProposal:
    frames, bands = _one_channel(config)
    seconds = round(frames * HOP_S, 6)
    return InputProposal("logmel", official_logmel(seconds, frames, bands), 16000, seconds, "scene")


def official_logmel(seconds: float, frames: int, bands: int = 80) -> dict[str, Any]:
    """Return the `logmel` parameters of the official AudioMAE++ code.

    Args:
        seconds: length of the waveforms; each is standardised as a whole.
        frames: rows of the result: a multiple of the model's 200, zeros where there are too few.
        bands: mel bands.
    """
    return {
        "sample_rate": 16000,
        "seconds": seconds,
        "n_fft": 400,
        "hop": 160,
        "n_mels": bands,
        "f_min": 50.0,
        "f_max": 8000.0,
        "mel": "htk",
        "padding": "reflect",
        "scale": "log",
        "epsilon": 1.1920929e-07,
        "normalisation": "clip",
        "frames": frames,
        "layout": "time_first",
    }


def _one_channel(config: EncoderConfig) -> tuple[int, int]:
    if config.channels != 1:
        raise CheckpointError(
            f"it reads {config.channels} channels; expected one, a spectrogram. Write a model card."
        )
    return config.image_size
