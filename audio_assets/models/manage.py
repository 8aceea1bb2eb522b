"""What people do to the registry: add, show, probe, set the default, rename, remove."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from audio_assets.errors import AudioAssetsError, CheckpointError, UsageError
from audio_assets.home import SHIPPED_CHECKPOINTS, Home, check_slug, slug
from audio_assets.models.card import CARD_FILE, read_card, write_card
from audio_assets.models.model_copy import copy_model
from audio_assets.models.registry import DEFAULT_CHECKPOINT, Checkpoint, resolve_checkpoint
from audio_assets.models.scan import RUNTIME_SUFFIXES
from audio_assets.storage import read_json


def add(
    source: str,
    home: Home,
    *,
    name: str | None = None,
    licence: str | None = None,
    unstated_rate: int | None = None,
    **given: Any,
) -> tuple[Checkpoint, str]:
    """Register a model: by the name of a recipe, or from a file or a SavedModel directory.

    The weights are copied into the home, the card is written, and the model is probed; when
    anything fails, nothing is left behind.

    Args:
        source: name of a recipe, or a path.
        home: whose registry.
        name: of the checkpoint; from the recipe or the file where None.
        licence: of the weights; required for a file.
        unstated_rate: hertz, of a model whose rate neither the file nor the caller states
            (the setting target_sample_rate).
        **given: what the file does not state: sample_rate, input_seconds, embedding, transform, ….

    Returns:
        The checkpoint, and what the user has to be shown about it (licence, citation).

    Raises:
        UsageError: the name is taken, or no licence was given.
        CheckpointError: the model cannot be used; the message says why.
    """
    from audio_assets.models.recipes.recipe import recipe_names

    path = Path(source).expanduser()
    by_recipe = source in recipe_names() and not path.exists()
    key = check_slug(name or (source if by_recipe else slug(path.stem)), "The checkpoint name")
    target = home.ensure().checkpoints / key
    if target.exists() or (SHIPPED_CHECKPOINTS / key / CARD_FILE).is_file():
        raise UsageError(f"A checkpoint {key!r} exists already. Choose another with --name.")
    try:
        if by_recipe:
            notice = _add_recipe(source, target)
        else:
            notice = _add_file(path, target, licence, unstated_rate, given)
        checkpoint = resolve_checkpoint(key, home)
        probe_checkpoint(checkpoint)
        checkpoint = resolve_checkpoint(key, home)
    except AudioAssetsError as error:
        shutil.rmtree(target, ignore_errors=True)
        # of the user's file, not of the copy that is gone now
        raise type(error)(str(error).replace(str(target / path.name), str(path))) from error
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return checkpoint, notice


def probe_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """Run a checkpoint on noise, silence and a tone, and keep the result beside the card.

    Raises:
        CheckpointError: it gives vectors that cannot be trusted; says which and why.
    """
    from audio_assets.models.encoder import load_encoder
    from audio_assets.models.precision import state_agreement
    from audio_assets.models.probe import probe, write_probe

    encoder = load_encoder(checkpoint, device="cpu")
    writable = not checkpoint.proposed and checkpoint.directory.is_dir()
    if writable and not is_shipped(checkpoint):
        result = write_probe(encoder, checkpoint.directory)
        state_agreement(checkpoint)
        return result
    return probe(encoder)


def is_shipped(checkpoint: Checkpoint) -> bool:
    """Whether it came with the project; the project's directory is the default home, too."""
    return checkpoint.name == DEFAULT_CHECKPOINT and checkpoint.directory.is_relative_to(
        SHIPPED_CHECKPOINTS
    )


def show(name: str, home: Home) -> dict[str, Any]:
    """The card, the probe's result (without the golden vector) and the folders that use it."""
    checkpoint = resolve_checkpoint(name, home)
    probed = checkpoint.directory / "probe.json"
    result = read_json(probed) if probed.is_file() and not checkpoint.proposed else None
    if isinstance(result, dict):
        result.pop("golden", None)
    return {
        "card": checkpoint.card.model_dump(mode="json"),
        "directory": str(checkpoint.directory),
        "probe": result,
        "used_by": users_of(checkpoint.name, home),
    }


def users_of(name: str, home: Home) -> list[str]:
    """Keys of the folders that have embeddings of this checkpoint, sorted."""
    return sorted(path.stem for path in (home.assets / "embeddings" / name).glob("*.parquet"))


def remove(name: str, home: Home) -> None:
    """Delete a checkpoint of the home.

    Raises:
        UsageError: it is a shipped one, or embeddings refer to it; says which.
    """
    directory = _own(name, home, "removed")
    _refuse_used(name, home, "removed")
    shutil.rmtree(directory) if directory.is_dir() else directory.unlink()
    if default_checkpoint(home) == name:
        _default_file(home).unlink(missing_ok=True)


def rename(name: str, new: str, home: Home) -> Checkpoint:
    """Give a checkpoint of the home another name.

    Raises:
        UsageError: the new name is taken or unusable, or embeddings refer to the old one: their
            partitions carry it.
    """
    check_slug(new, "The checkpoint name")
    directory = _own(name, home, "renamed")
    _refuse_used(name, home, "renamed")
    target = home.checkpoints / new
    if target.exists() or (SHIPPED_CHECKPOINTS / new).exists():
        raise UsageError(f"A checkpoint {new!r} exists already.")
    if directory.is_file():
        directory.rename(target.with_suffix(directory.suffix))
        return resolve_checkpoint(new, home)
    card = read_card(directory / CARD_FILE)
    directory.rename(target)
    write_card(card.model_copy(update={"name": new}), target / CARD_FILE)
    if default_checkpoint(home) == name:
        set_default(new, home)
    return resolve_checkpoint(new, home)


def set_default(name: str, home: Home) -> None:
    """Make a checkpoint the one that is used where none is named.

    Raises:
        CheckpointError: there is none of that name.
    """
    from audio_assets.storage import atomic_open

    checkpoint = resolve_checkpoint(name, home)
    with atomic_open(_default_file(home)) as stream:
        stream.write(f"{checkpoint.name}\n".encode())


def default_checkpoint(home: Home) -> str | None:
    """The name that `set_default` stored, or None."""
    try:
        return _default_file(home).read_text("utf-8").strip() or None
    except OSError:
        return None


def _default_file(home: Home) -> Path:
    return home.checkpoints / ".default"


def _own(name: str, home: Home, what: str) -> Path:
    """Where a checkpoint of the home lies."""
    checkpoint = resolve_checkpoint(name, home)
    place = checkpoint.weights if checkpoint.proposed else checkpoint.directory
    if is_shipped(checkpoint) or not place.is_relative_to(home.checkpoints):
        raise UsageError(f"{name!r} ships with audio_assets and cannot be {what}.")
    return place


def _refuse_used(name: str, home: Home, what: str) -> None:
    from audio_assets.models.linear_probe.base import probes_on

    probes = probes_on(name, home)
    if probes:
        raise UsageError(
            f"{name!r} cannot be {what}: the classifiers {', '.join(probes)} read its vectors. "
            "Remove them first."
        )
    users = users_of(name, home)
    if users:
        raise UsageError(
            f"{name!r} cannot be {what}: embeddings of {', '.join(users)} refer to it. "
            "`audio-assets forget FOLDER` deletes them."
        )


def _add_recipe(name: str, target: Path) -> str:
    from audio_assets.models.recipes.fetch import fetch_recipe

    fetched = fetch_recipe(name, target)
    if fetched.card is None:
        raise CheckpointError(
            f"The recipe {name!r} brings files without a card; fetch them, then "
            "`audio-assets models add FILE --licence …`."
        )
    return fetched.notice


def _add_file(
    path: Path, target: Path, licence: str | None, unstated_rate: int | None, given: dict[str, Any]
) -> str:
    from audio_assets.models.recipes.recipe import recipe_names

    if not path.exists():
        raise UsageError(
            f"{path} is neither a file nor a recipe. Recipes: {', '.join(recipe_names())}."
        )
    if not licence:
        raise UsageError(
            f"Say under which licence {path.name} may be used: --licence 'CC BY 4.0' (or "
            "'unknown', which is then shown wherever the model is)."
        )
    if path.is_dir() and (path / CARD_FILE).is_file():
        read_card(path / CARD_FILE)
        raise UsageError(
            f"{path} is a finished checkpoint with its card. Copy or link it into "
            f"{target.parent} as it is."
        )
    target.mkdir(parents=True)
    copy = copy_model(path, target)
    options = {key: value for key, value in given.items() if value is not None}
    if path.is_dir() or path.suffix.lower() in RUNTIME_SUFFIXES:
        from audio_assets.models.adapters.runtime_card import write_runtime_card
        from audio_assets.models.adapters.runtime_proposal import propose_runtime_card

        runtime = propose_runtime_card(
            copy, licence=licence, name=target.name, directory=target,
            unstated_rate=unstated_rate, **options,
        )  # fmt: skip
        write_runtime_card(runtime, target / CARD_FILE)
    else:
        from audio_assets.models.proposal import propose_card

        card = propose_card(copy).model_copy(
            update={"name": target.name, "licence": licence, "source": str(path.name), **options}
        )
        write_card(card, target / CARD_FILE)
    return f"Licence: {licence}"
