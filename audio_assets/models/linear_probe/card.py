"""The card of a linear probe: the common card plus the checkpoint whose vectors it reads."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audio_assets.errors import CardError
from audio_assets.models.card import ModelCard

KIND = "linear_probe"
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BaseModelRef(BaseModel):
    """The checkpoint that a linear probe was trained on, as it was then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Its name")
    kind: str = Field(min_length=1, description="Its kind")
    weights_sha256: Hash = Field(description="SHA-256 of its weights")
    encoding_sha256: Hash = Field(description="SHA-256 of its card's encoding fields")


class LinearProbeCard(ModelCard):
    """A card whose vectors are those of its base, and whose head scores them.

    Rate, length, transform, pooling and dim are the base's. `weights` is the head.
    """

    kind: Literal["linear_probe"]  # pyright: ignore[reportIncompatibleVariableOverride]
    labels: tuple[str, ...] = Field(min_length=1, description="Names of the classes, in order")
    base: BaseModelRef
    training: dict[str, Any] = Field(
        default_factory=dict, description="What it was trained on, and how good it was then"
    )

    @property
    def runs_as(self) -> str:
        """The kind whose runtime computes the vectors: the base's."""
        return self.base.kind

    def encoding_fields(self) -> dict[str, Any]:
        """Return what can change a vector or a score: the base as it was, and the classes.

        The base's name does not count: under another name it gives the same vectors.
        """
        base = self.base.model_dump(include={"weights_sha256", "encoding_sha256"})
        return super().encoding_fields() | {"base": base, "labels": list(self.labels)}


def encoding_sha256(card: ModelCard) -> str:
    """SHA-256 of a card's encoding fields."""
    text = json.dumps(card.encoding_fields(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def linear_probe_card(content: dict[str, Any], where: str) -> LinearProbeCard:
    """Build a card.

    Args:
        content: the fields.
        where: the file, for the message.

    Raises:
        CardError: naming each field that is missing or wrong.
    """
    try:
        return LinearProbeCard.model_validate(content)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or 'card'}: {e['msg']}" for e in error.errors()]
        raise CardError(f"{where} is not a usable model card: {'; '.join(lines)}.") from error
