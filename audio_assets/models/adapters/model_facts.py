"""What can be read from a model file without running it; every guess carries its reason."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from audio_assets.models.adapters.runtime_spec import RuntimeKind

Value = TypeVar("Value")
Layout = Literal["waveform", "spectrogram", "features"]


class Guess(BaseModel, Generic[Value]):
    """A value that the file does not state, and why it is believed; None when it is not known."""

    model_config = ConfigDict(frozen=True)

    value: Value | None = None
    why: str


class TensorFact(BaseModel):
    """One input or output: its name, its public name if another, shape (-1 = free) and dtype.

    `scale` and `zero_point` tell what the whole numbers of a quantised tensor stand for.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    shape: tuple[int, ...] | None
    dtype: str
    alias: str | None = None
    scale: float | None = None
    zero_point: int = 0

    def describe(self) -> str:
        """Name and shape for messages: `INPUT [?, 144000] float32`."""
        dims = (
            "any shape"
            if self.shape is None
            else ", ".join("?" if d < 0 else str(d) for d in self.shape)
        )
        return f"{self.alias or self.name} [{dims}] {self.dtype}"


class EmbeddingCandidate(BaseModel):
    """A tensor that may be the embedding, the more plausible the earlier in the list."""

    model_config = ConfigDict(frozen=True)

    name: str
    shape: tuple[int, ...] | None
    dim: int | None
    is_output: bool
    pooling: Literal["none", "mean"]
    role: Literal["embedding", "scores"]
    why: str


class ModelFacts(BaseModel):
    """Facts of one model file.

    Attributes:
        missing_ops: operators that the runtime does not have; the model cannot run.
        layout: what the data input takes.
        sample_rate: in hertz.
        input_samples: of one input; None where the length is free or no waveform is taken.
        candidates: tensors for the embedding, best first.
        known_as: the published model that this is, when its shapes say so.
        notes: whatever a person should know before using it.
    """

    model_config = ConfigDict(frozen=True)

    kind: RuntimeKind
    path: str
    sha256: str
    inputs: tuple[TensorFact, ...]
    outputs: tuple[TensorFact, ...]
    data_input: Guess[str]
    layout: Guess[Layout]
    sample_rate: Guess[int]
    input_samples: Guess[int]
    candidates: tuple[EmbeddingCandidate, ...]
    missing_ops: tuple[str, ...] = ()
    known_as: Guess[str] = Field(default_factory=lambda: Guess[str](why="not a model known here"))
    notes: tuple[str, ...] = ()

    @property
    def embedding(self) -> EmbeddingCandidate | None:
        """The best candidate that is an embedding and not class scores."""
        return next((c for c in self.candidates if c.role == "embedding"), None)

    @property
    def runnable(self) -> bool:
        """Whether the runtime has every operator."""
        return not self.missing_ops

    def refusal(self) -> str | None:
        """Why this file cannot be used as it is, in one sentence; None when it can."""
        if self.missing_ops:
            return (
                f"{self.path} needs operators that the {self.kind} runtime does not have: "
                f"{', '.join(self.missing_ops)}. Ask its authors for an export without them"
                + (
                    ", or use the model's SavedModel."
                    if any(op.startswith("Flex") for op in self.missing_ops)
                    else "."
                )
            )
        if self.layout.value == "features":
            return (
                f"{self.path} does not take sound: {self.layout.why}. "
                "It can only follow another model."
            )
        return None
