"""A card for a bare weights file, proposed by recognising the family from its tensors."""

from __future__ import annotations

from pathlib import Path

from audio_assets.errors import CheckpointError
from audio_assets.home import slug
from audio_assets.models.card import ModelCard, TransformCard
from audio_assets.models.checkpoint_file import read_state, recognize


def propose_card(path: Path) -> ModelCard:
    """Propose a card.

    Args:
        path: a weights file.

    Returns:
        A card of the recognised kind, CLS pooling, licence "unknown".

    Raises:
        CheckpointError: when the file cannot be read or is of an unknown architecture.
    """
    state = read_state(path)
    family = recognize(state, str(path))
    try:
        config = family.read_config(state)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    if config.image_size[0] != config.image_size[1]:
        raise CheckpointError(
            f"{path} reads images of {config.image_size}; expected a square. Write a model card."
        )
    return ModelCard(
        name=slug(path.stem),
        kind=family.kind,
        weights=path.name,
        transform=TransformCard(name="logmel_image", params={"size": config.image_size[0]}),
        sample_rate=22050,
        input_seconds=5.0,
        pooling="cls",
        dim=config.width,
        licence="unknown",
        description=f"{family.kind} of {config.depth} blocks, recognised from its weights.",
    )
