"""The checkpoint registry: finds checkpoints by name or path, in the home or shipped."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from audio_assets.errors import CardError, CheckpointError
from audio_assets.home import SHIPPED_CHECKPOINTS, SLUG, Home, slug
from audio_assets.models.card import CARD_FILE, ModelCard, read_card
from audio_assets.settings import FAKE_CHECKPOINT, load_settings

DEFAULT_CHECKPOINT = "audiomaepp-esc10"
BARE_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")


@dataclass(frozen=True)
class Checkpoint:
    """A model card with the directory that it lies in.

    Attributes:
        card: the card; a proposed one where the checkpoint is a bare file.
        directory: where the weights lie.
        proposed: whether the card was made up by recognising the weights.
    """

    card: ModelCard
    directory: Path
    proposed: bool = False

    @property
    def name(self) -> str:
        """The card's name."""
        return self.card.name

    @property
    def weights(self) -> Path:
        """The weights file (or directory, for kinds that have one)."""
        return self.directory / self.card.weights


def list_checkpoints(home: Home | None = None) -> list[str]:
    """Return the names of all checkpoints that can be found, sorted; nothing is opened."""
    return sorted(_find_all(home))


def resolve_checkpoint(
    name_or_path: str | os.PathLike[str], home: Home | None = None
) -> Checkpoint:
    """Find a checkpoint.

    Args:
        name_or_path: a name, or a path to a checkpoint directory, its `model.yaml`, or a bare
            weights file.
        home: where to look first; that of the settings where None.

    Returns:
        The checkpoint; a bare file gets a proposed card.

    Raises:
        CheckpointError: when nothing is there; the message lists the known names.
        CardError: when the card cannot be used.
    """
    text = os.fspath(name_or_path)
    if isinstance(name_or_path, str) and SLUG.fullmatch(text):
        _provide_fake(text, home)
        known = _find_all(home)
        if text in known:
            return _open(known[text])
    path = Path(text).expanduser()
    exists = False
    with suppress(OSError, ValueError):  # a name that no file can have
        exists = path.exists()
    if exists:
        return _open(path.resolve())
    known_names = ", ".join(list_checkpoints(home)) or "none"
    raise CheckpointError(
        f"There is no checkpoint {text!r}, neither by name nor as a path. Known: {known_names}. "
        f"Put a directory with a {CARD_FILE}, or a weights file, into the home's checkpoints/."
    )


def weights_sha256(checkpoint: Checkpoint) -> str:
    """Hash the bytes of the weights.

    Args:
        checkpoint: the checkpoint; a weights directory is hashed file by file, names included. The
            hash of a linear probe covers its base's weights, too.

    Returns:
        64 hex digits.

    Raises:
        CheckpointError: when the weights are missing, or the base of a linear probe is gone or
            changed.
    """
    if checkpoint.card.kind == "linear_probe":
        from audio_assets.models.linear_probe.base import whole_sha256

        return whole_sha256(checkpoint)
    weights = checkpoint.weights
    if weights.is_file():
        return _file_sha256(weights)
    if not weights.is_dir():
        raise CheckpointError(
            f"{weights} is missing; the card of {checkpoint.name!r} names it. Put it there."
        )
    digest = hashlib.sha256()
    for path in sorted(path for path in weights.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(weights).as_posix()}\0{_file_sha256(path)}\n".encode())
    return digest.hexdigest()


def _find_all(home: Home | None) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for directory in ((home or Home.of()).checkpoints, SHIPPED_CHECKPOINTS):
        if not directory.is_dir():
            continue
        for path in sorted(directory.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir() and (path / CARD_FILE).is_file() and SLUG.fullmatch(path.name):
                found.setdefault(path.name, path)
            elif path.is_file() and path.suffix.lower() in BARE_SUFFIXES:
                found.setdefault(slug(path.stem), path)
    return found


def _provide_fake(name: str, home: Home | None) -> None:
    """Make the checkpoint for tests when it is asked for and the settings allow it."""
    if name == FAKE_CHECKPOINT and load_settings().fake_model:
        from audio_assets.models.fake_checkpoint import ensure_fake_checkpoint

        ensure_fake_checkpoint(home or Home.of())


def _open(path: Path) -> Checkpoint:
    if path.is_dir():
        path = path / CARD_FILE
    if path.suffix.lower() in BARE_SUFFIXES and path.is_file():
        from audio_assets.models.proposal import propose_card  # reads weights, so it needs torch

        return Checkpoint(propose_card(path), path.parent, proposed=True)
    card = read_card(path)
    if path.parent.name != card.name:
        raise CardError(
            f"{path} is named {card.name!r}; expected the name of its directory, "
            f"{path.parent.name!r}."
        )
    return Checkpoint(card, path.parent)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
