"""The encoding signature that a pair should have now, and the one that is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from audio_assets.encoding.signature import encoding_signature
from audio_assets.errors import EncodingError, StorageError
from audio_assets.models.card import ModelCard
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.radio.encoder import transform_for
from audio_assets.recordings.resample import RESAMPLER
from audio_assets.recordings.windows import grid_of
from audio_assets.storage import read_parquet

if TYPE_CHECKING:
    from audio_assets.models.encoder import Encoder


def expected_signature(
    card: ModelCard,
    model_checkpoint: dict[str, Any],
    recordings: pa.Table,
    compute: ComputeResource,
) -> str:
    """Signature of what encoding would give now.

    Args:
        card: the checkpoint's card.
        model_checkpoint: output of the asset of that name; holds the hash of the weights.
        recordings: output of raw_audio; holds the window grid.
        compute: device and precision.
    """
    device, precision = compute.effective(card)
    return encoding_signature(
        card=card,
        weights_sha256=model_checkpoint["weights_sha256"],
        transform=transform_for(card, recordings),
        grid=grid_of(recordings),
        precision=precision,
        device_class=device,
        resampler=RESAMPLER,
    )


def check_compute(encoder: Encoder, compute: ComputeResource) -> None:
    """Refuse an encoder that runs otherwise than the signature says: no vector may lie.

    Encoders of plug-ins that do not say where they run are taken at the settings' word.

    Raises:
        EncodingError: naming both.
    """
    device, precision = compute.effective(encoder.card)
    found = (
        getattr(encoder, "device", device).partition(":")[0],
        getattr(encoder, "precision", precision),
    )
    if found != (device, precision):
        raise EncodingError(
            f"{encoder.card.name!r} runs on {found[0]} in {found[1]}, but its vectors would be "
            f"signed as made on {device} in {precision}. Set AUDIO_ASSETS_DEVICE and "
            "AUDIO_ASSETS_PRECISION to what it can do."
        )


def stored_signature(embeddings: Path) -> str | None:
    """The one signature of a stored embeddings table; None when it is absent, empty or mixed."""
    try:
        column = read_parquet(embeddings, ["encoding_signature"]).column(0)
    except StorageError:
        return None
    found = column.unique().to_pylist()
    return found[0] if len(found) == 1 else None
