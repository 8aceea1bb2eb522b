"""Keeping a trained head as a checkpoint of the home, probed like every other model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from audio_assets.errors import CheckpointError, UsageError
from audio_assets.home import SHIPPED_CHECKPOINTS, Home, check_slug
from audio_assets.models.card import CARD_FILE, write_card
from audio_assets.models.linear_probe.card import (
    KIND,
    BaseModelRef,
    LinearProbeCard,
    encoding_sha256,
)
from audio_assets.models.linear_probe.head import LinearHead, write_head
from audio_assets.models.manage import probe_checkpoint
from audio_assets.models.registry import Checkpoint, resolve_checkpoint, weights_sha256

HEAD_FILE = "head.safetensors"


def save_linear_probe(
    home: Home,
    name: str,
    base: str,
    head: LinearHead,
    labels: tuple[str, ...],
    *,
    description: str = "",
    training: dict[str, Any] | None = None,
    replace: bool = False,
) -> Checkpoint:
    """Save a head as the checkpoint `name`; nothing is left behind when it cannot be used.

    Args:
        home: whose checkpoints.
        name: of the new checkpoint.
        base: name of the checkpoint whose vectors the head reads.
        head: the trained head.
        labels: name of each class.
        description: for people.
        training: what it was trained on and how good it was; for people.
        replace: take the place of a linear probe of that name.

    Returns:
        The checkpoint, probed.

    Raises:
        UsageError: the name is unusable or taken, or the base is a linear probe itself.
        CheckpointError: base and head do not belong together, or the probe finds fault.
    """
    target = home.ensure().checkpoints / check_slug(name, "The classifier's name")
    before = _refuse_taken(target, replace)
    found = resolve_checkpoint(base, home)
    if found.card.kind == KIND:
        raise UsageError(f"{base!r} is a classifier itself. Choose the checkpoint that it reads.")
    if found.proposed:
        raise UsageError(
            f"{base!r} is a bare file without a card. Register it with `audio-assets models add`."
        )
    card = _card(name, found, labels, description, training or {})
    draft = target.with_name(f".draft-{name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        write_head(head, draft / HEAD_FILE)
        write_card(card, draft / CARD_FILE)
        probe_checkpoint(Checkpoint(card, draft))
        if before is not None:
            shutil.rmtree(target)
        draft.rename(target)
    except OSError as error:
        raise CheckpointError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Checkpoint(card, target)


def _card(
    name: str, base: Checkpoint, labels: tuple[str, ...], description: str, training: dict[str, Any]
) -> LinearProbeCard:
    inherited = base.card.model_dump(
        include={"transform", "sample_rate", "input_seconds", "pooling", "dim", "licence",
                 "citation", "bf16_cosine"}
    )  # fmt: skip
    return LinearProbeCard(
        name=name,
        kind=KIND,
        weights=HEAD_FILE,
        source=f"trained on the vectors of {base.name}",
        description=description,
        labels=labels,
        base=BaseModelRef(
            name=base.name,
            kind=base.card.kind,
            weights_sha256=weights_sha256(base),
            encoding_sha256=encoding_sha256(base.card),
        ),
        training=training,
        **inherited,
    )


def _refuse_taken(target: Path, replace: bool) -> Path | None:
    """The checkpoint that is to be replaced, if there is one.

    Raises:
        UsageError: the name belongs to something that is not to be replaced.
    """
    shipped = SHIPPED_CHECKPOINTS / target.name
    if not target.exists():
        if (shipped / CARD_FILE).is_file():
            raise UsageError(
                f"A checkpoint {target.name!r} ships with audio_assets. Choose another name."
            )
        return None
    kind = resolve_checkpoint(target).card.kind if (target / CARD_FILE).is_file() else None
    if kind != KIND:
        raise UsageError(f"A checkpoint {target.name!r} exists already. Choose another name.")
    if not replace:
        raise UsageError(
            f"A classifier {target.name!r} exists already. Choose another name, or replace it."
        )
    return target
