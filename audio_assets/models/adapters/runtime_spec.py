"""What a model card says about a foreign model: files, tensors by name, stages, pooling."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

RuntimeKind = Literal["tflite", "onnx", "savedmodel"]
Pooling = Literal["none", "mean", "max", "mean_std"]

LARGEST_BATCH = {"tflite": 4, "onnx": 4, "savedmodel": 64}


class Stage(BaseModel):
    """One model file and the tensors that go in and come out.

    Tensors are named, never numbered: positions change between exports, and the first output of a
    classifier is its class scores.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RuntimeKind = Field(description="Runtime that opens the file")
    file: str = Field(description="File or SavedModel directory, relative to the checkpoint")
    outputs: tuple[str, ...] = Field(
        min_length=1, description="Tensors by name; inner ones are promoted to outputs"
    )
    input: str | None = Field(None, description="Tensor that takes the data; needed with several")
    constants: dict[str, float] = Field(
        default_factory=dict, description="Values that fill the model's other inputs"
    )
    batch: int = Field(1, ge=1, description="Rows per call, fixed; a short rest is padded")
    signature: str = Field("serving_default", description="Signature of a SavedModel")

    @field_validator("file")
    @classmethod
    def _inside(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError("must be a path inside the checkpoint's directory")
        return value

    @model_validator(mode="after")
    def _batch_of_kind(self) -> Stage:
        if self.batch > LARGEST_BATCH[self.kind]:
            raise ValueError(
                f"batch {self.batch} is more than {LARGEST_BATCH[self.kind]}, the most that "
                f"helps a {self.kind} model; worker threads are what scales"
            )
        return self


class Framing(BaseModel):
    """How the first stage's frames become rows of the second: x * scale + offset, then windows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(gt=0, description="Frames in one row of the second stage")
    step: int = Field(gt=0, description="Frames between rows")
    scale: float = Field(1.0, description="Factor on the first stage's values")
    offset: float = Field(0.0, description="Added after the factor")


class RuntimeSpec(BaseModel):
    """The `runtime:` part of a card; all of it can change a vector, so all of it is signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stages: tuple[Stage, ...] = Field(min_length=1, max_length=2)
    framing: Framing | None = Field(None, description="Between two stages")
    input_scale: float = Field(1.0, description="32768 for models that expect 16-bit values")
    pooling: Pooling = Field("none", description="Over the axes other than batch and feature")
    feature_axis: int = Field(-1, description="Axis of the features in each output tensor")

    @model_validator(mode="after")
    def _framing_of_stages(self) -> RuntimeSpec:
        if (len(self.stages) == 2) != (self.framing is not None):
            raise ValueError("two stages need `framing` between them, one stage has none")
        if len(self.stages) == 2 and len(self.stages[0].outputs) != 1:
            raise ValueError("the first of two stages gives exactly one tensor")
        return self
