"""The model card of a foreign runtime: the common card plus its `runtime:` part."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from audio_assets.errors import CardError
from audio_assets.models.adapters.runtime_spec import RuntimeSpec
from audio_assets.models.card import ModelCard, TransformCard
from audio_assets.models.small_yaml import load_yaml
from audio_assets.storage import atomic_open

RUNTIME_KINDS = ("tflite", "onnx", "savedmodel")


class RuntimeCard(ModelCard):
    """A card whose model is run by TFLite, ONNX Runtime or TensorFlow.

    `weights` is the file (or, with several files, the directory of all of them), so that its hash
    covers every byte that is run. The common `pooling` of tokens does not apply; `runtime.pooling`
    does.
    """

    kind: Literal["tflite", "onnx", "savedmodel"]  # pyright: ignore[reportIncompatibleVariableOverride]
    transform: TransformCard = Field(
        default=TransformCard(name="waveform"), description="'waveform' or a registered transform"
    )
    runtime: RuntimeSpec

    @model_validator(mode="after")
    def _files_are_hashed(self) -> RuntimeCard:
        for stage in self.runtime.stages:
            if stage.file != self.weights and not stage.file.startswith(f"{self.weights}/"):
                raise ValueError(
                    f"stage file {stage.file!r} is not {self.weights!r} or in it, so its bytes "
                    "would not be part of the signature"
                )
            if stage.kind != self.kind:
                raise ValueError(f"stage {stage.file!r} is {stage.kind}, the card says {self.kind}")
        return self

    def encoding_fields(self) -> dict[str, Any]:
        """Return what can change a vector: the runtime part instead of the pooling of tokens."""
        fields = super().encoding_fields()
        del fields["pooling"]
        return fields | {"runtime": self.runtime.model_dump(mode="json")}


def card_from_mapping(content: dict[str, Any], where: str) -> RuntimeCard:
    """Build a card.

    Args:
        content: the fields.
        where: file or recipe, for the message.

    Raises:
        CardError: naming each field that is missing or wrong.
    """
    try:
        return RuntimeCard.model_validate(content)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or 'card'}: {e['msg']}" for e in error.errors()]
        raise CardError(f"{where} is not a usable model card: {'; '.join(lines)}.") from error


def read_runtime_card(path: Path) -> RuntimeCard:
    """Read a `model.yaml` that has a `runtime:` part.

    Raises:
        CardError: when it is missing, no YAML, or a field is missing or wrong.
    """
    try:
        content = load_yaml(path)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise CardError(f"{path} cannot be read as a model card: {error}.") from error
    if not isinstance(content, dict):
        raise CardError(f"{path} holds no fields; expected a model card.")
    return card_from_mapping(content, str(path))


def write_runtime_card(card: RuntimeCard, path: Path) -> None:
    """Write a card atomically, without the pooling of tokens that does not apply.

    Raises:
        StorageError: when the file cannot be written.
    """
    content = card.model_dump(mode="json", exclude={"pooling"}, exclude_none=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    with atomic_open(path) as stream:
        stream.write(text.encode())
