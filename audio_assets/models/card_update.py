"""Changing the card of a checkpoint that is registered, and saying what that does to vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from audio_assets.errors import AudioAssetsError, CardError, ConflictError
from audio_assets.home import Home
from audio_assets.models.card import CARD_FILE, ModelCard, write_card
from audio_assets.models.manage import is_shipped, probe_checkpoint
from audio_assets.models.registry import Checkpoint, resolve_checkpoint


def update_card(name: str, home: Home, changes: Mapping[str, Any]) -> tuple[Checkpoint, bool]:
    """Replace fields of a card.

    Prose (licence, source, citation, description) is written as it is. A change of what makes
    vectors is probed first and taken back when the probe refuses it.

    Args:
        name: of a checkpoint of the home.
        home: whose registry.
        changes: field → value.

    Returns:
        The checkpoint, and whether its vectors are others now, so that folders are stale.

    Raises:
        ConflictError: the checkpoint ships with the project, or is a bare file without a card.
        CardError: a value does not fit, or contradicts the weights.
        CheckpointError: the model cannot be used that way; nothing is changed.
    """
    checkpoint = resolve_checkpoint(name, home)
    if is_shipped(checkpoint):
        raise ConflictError(f"{name!r} ships with audio_assets; its card cannot be changed.")
    if checkpoint.proposed:
        raise ConflictError(
            f"{name!r} is a bare weights file without a card. Register it under a name first."
        )
    card = _changed(checkpoint.card, changes)
    other_vectors = card.encoding_fields() != checkpoint.card.encoding_fields()
    _write(card, checkpoint)
    if other_vectors:
        try:
            probe_checkpoint(resolve_checkpoint(name, home))
        except AudioAssetsError:
            _write(checkpoint.card, checkpoint)
            raise
    return resolve_checkpoint(name, home), other_vectors


def _changed(card: ModelCard, changes: Mapping[str, Any]) -> ModelCard:
    try:
        return type(card).model_validate({**card.model_dump(), **changes})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise CardError(f"The card of {card.name!r} would not be usable: {problems}.") from error


def _write(card: ModelCard, checkpoint: Checkpoint) -> None:
    from audio_assets.models.adapters.runtime_card import RuntimeCard, write_runtime_card

    path = checkpoint.directory / CARD_FILE
    if isinstance(card, RuntimeCard):
        write_runtime_card(card, path)
    else:
        write_card(card, path)
