"""The base of a linear probe: found by name, and refused unless it is what it was trained on."""

from __future__ import annotations

import hashlib
from pathlib import Path

from audio_assets.errors import CheckpointError
from audio_assets.home import Home
from audio_assets.models.card import CARD_FILE, read_card
from audio_assets.models.linear_probe.card import KIND, LinearProbeCard, encoding_sha256
from audio_assets.models.registry import (
    Checkpoint,
    list_checkpoints,
    resolve_checkpoint,
    weights_sha256,
)

AGAIN = "Bring the old one back, or train the classifier again."


def require_base(probe: Checkpoint) -> Checkpoint:
    """The checkpoint whose vectors a linear probe reads.

    Raises:
        CheckpointError: it is gone, or is not what the probe was trained on: the scores would be
            wrong without looking wrong.
    """
    card = probe_card(probe)
    base = card.base
    home = home_of(probe)
    if base.name not in list_checkpoints(home):
        raise CheckpointError(
            f"{card.name!r} reads the vectors of the checkpoint {base.name!r}, which is not there "
            f"any more. {AGAIN}"
        )
    found = resolve_checkpoint(base.name, home)
    if weights_sha256(found) != base.weights_sha256:
        raise CheckpointError(
            f"{card.name!r} reads the vectors of the checkpoint {base.name!r}, whose weights have "
            f"changed since: found {weights_sha256(found)[:16]}, expected "
            f"{base.weights_sha256[:16]}. {AGAIN}"
        )
    if encoding_sha256(found.card) != base.encoding_sha256:
        raise CheckpointError(
            f"{card.name!r} reads the vectors of the checkpoint {base.name!r}, whose card has "
            f"changed since (transform, rate, length or pooling). {AGAIN}"
        )
    return found


def whole_sha256(probe: Checkpoint) -> str:
    """SHA-256 over the head's bytes and the base's weights: what `weights_sha256` gives for it.

    Raises:
        CheckpointError: the head is missing, or the base is not what it was.
    """
    try:
        head = hashlib.sha256(probe.weights.read_bytes()).hexdigest()
    except OSError as error:
        raise CheckpointError(
            f"{probe.weights} is missing; the card of {probe.name!r} names it. Put it there."
        ) from error
    require_base(probe)
    return hashlib.sha256(f"{head}\n{probe_card(probe).base.weights_sha256}".encode()).hexdigest()


def probe_card(probe: Checkpoint) -> LinearProbeCard:
    """The card of a linear probe.

    Raises:
        CheckpointError: the checkpoint is something else.
    """
    if not isinstance(probe.card, LinearProbeCard):
        raise CheckpointError(
            f"The card of {probe.name!r} says kind {probe.card.kind!r} but has no `base:` part."
        )
    return probe.card


def probes_on(name: str, home: Home) -> list[str]:
    """Names of the linear probes of a home that read a checkpoint's vectors, sorted."""
    found = []
    for path in sorted(home.checkpoints.glob(f"*/{CARD_FILE}")):
        try:
            card = read_card(path)
        except CheckpointError:
            continue
        if card.kind == KIND and isinstance(card, LinearProbeCard) and card.base.name == name:
            found.append(card.name)
    return found


def home_of(probe: Checkpoint) -> Home | None:
    """The home in whose `checkpoints/` a probe lies; None (that of the settings) elsewhere."""
    parent: Path = probe.directory.parent
    return Home(parent.parent) if parent.name == "checkpoints" else None
