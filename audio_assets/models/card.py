"""The model card: `checkpoints/<name>/model.yaml`, what a checkpoint is and how it is fed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from audio_assets.errors import CardError
from audio_assets.home import SLUG
from audio_assets.models.small_yaml import load_yaml
from audio_assets.storage import atomic_open

CARD_FILE = "model.yaml"
LONGEST_NAME = 255
Pooling = Literal["cls", "mean", "cls+mean", "fc_norm", "scene", "bands"]
"""How tokens become one vector; see `audio_assets.models.pooling`."""


class TransformCard(BaseModel):
    """The transform that makes the model's input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Name in the transform registry")
    params: dict[str, Any] = Field(
        default_factory=dict, description="Parameters; the defaults where absent"
    )


class ModelCard(BaseModel):
    """A checkpoint's card. Only `encoding_fields` can change a vector; the rest is for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Slug; also the name of the directory and the partition key")
    kind: str = Field(min_length=1, description="Which adapter runs it, for example audiomaepp")
    weights: str = Field(min_length=1, description="File of the weights, relative to the card")
    transform: TransformCard = Field(description="From waveform to model input")
    sample_rate: int = Field(gt=0, le=10**10, description="Rate of the waveforms in hertz")
    input_seconds: float = Field(
        gt=0, le=86_400, allow_inf_nan=False, description="Length of one model input in seconds"
    )
    pooling: Pooling = Field(default="cls", description="How tokens become one vector")
    dim: int = Field(gt=0, le=1 << 20, description="Length of a vector, as measured")
    licence: str = Field(min_length=1, description="Licence of the weights")
    source: str = Field(default="", description="Where the weights come from")
    citation: str = Field(default="", description="What to cite")
    description: str = Field(default="", description="What it is, in a sentence or two")
    bf16_cosine: float | None = Field(
        default=None,
        ge=-1,
        le=1.00001,
        description="Lowest cosine between bf16 and fp32 vectors of known sounds, as measured",
    )
    labels: tuple[str, ...] = Field(
        default=(), description="Names of a classifier's classes, in order"
    )

    @field_validator("name")
    @classmethod
    def _slug(cls, value: str) -> str:
        if not SLUG.fullmatch(value):
            raise ValueError(
                "expected 1 to 100 letters, digits, '.', '_' or '-', starting with a letter or "
                "digit"
            )
        return value

    @field_validator("weights")
    @classmethod
    def _relative(cls, value: str) -> str:
        parts = Path(value).parts
        if Path(value).is_absolute() or ".." in parts or not parts or "\0" in value:
            raise ValueError("expected a file beside the card")
        if max(len(os.fsencode(part)) for part in parts) > LONGEST_NAME:
            raise ValueError(f"expected a name of at most {LONGEST_NAME} bytes")
        return value

    @property
    def runs_as(self) -> str:
        """The kind whose runtime computes the vectors."""
        return self.kind

    @property
    def input_samples(self) -> int:
        """Length of one model input in samples."""
        return round(self.input_seconds * self.sample_rate)

    @property
    def picture_transform(self) -> TransformCard:
        """Transform of a folder's spectrograms when this checkpoint is the first run on it.

        A model that takes samples as they are has no picture of its own; it gets a log-mel one of
        its rate and length.
        """
        if self.transform.name != "waveform":
            return self.transform
        params = {"sample_rate": self.sample_rate, "seconds": self.input_seconds}
        return TransformCard(name="logmel_image", params=params)

    def encoding_fields(self) -> dict[str, Any]:
        """Return what can change a vector, as JSON-able values: no prose, no licence, no name."""
        chosen = {"kind", "transform", "sample_rate", "input_seconds", "pooling", "dim"}
        return self.model_dump(mode="json", include=chosen)


def read_card(path: Path) -> ModelCard:
    """Read a card.

    Args:
        path: the `model.yaml`.

    Returns:
        The card.

    Raises:
        CardError: when it is missing, no YAML, or a field is missing or wrong.
    """
    try:
        content = load_yaml(path)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise CardError(f"{path} cannot be read as a model card: {error}.") from error
    if not isinstance(content, dict):
        raise CardError(
            f"{path} holds {type(content).__name__}; expected a mapping of the card's fields."
        )
    if "runtime" in content:
        from audio_assets.models.adapters.runtime_card import card_from_mapping

        return card_from_mapping(content, str(path))
    if content.get("kind") == "linear_probe":
        from audio_assets.models.linear_probe.card import linear_probe_card

        return linear_probe_card(content, str(path))
    try:
        return ModelCard(**content)
    except (ValidationError, TypeError) as error:
        raise CardError(
            f"{path} is not a usable model card: {_problems(error)}. Correct the card."
        ) from error


def write_card(card: ModelCard, path: Path) -> None:
    """Write a card atomically.

    Args:
        card: the card.
        path: the `model.yaml`.

    Raises:
        StorageError: when the file cannot be written.
    """
    text = yaml.safe_dump(
        card.model_dump(mode="json", exclude_none=True),
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    with atomic_open(path) as stream:
        stream.write(text.encode())


def _problems(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    problems = []
    for item in error.errors():
        field = ".".join(map(str, item["loc"]))
        problems.append(
            f"{field} is missing" if item["type"] == "missing" else f"{field}: {item['msg']}"
        )
    return "; ".join(problems)
