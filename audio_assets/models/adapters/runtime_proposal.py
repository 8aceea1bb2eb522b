"""A card for a bare model file: facts of the file, what the user adds, and a measured dim."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audio_assets.errors import CardError, CheckpointError
from audio_assets.home import slug
from audio_assets.models.adapters.inspection import inspect_model
from audio_assets.models.adapters.model_facts import EmbeddingCandidate, ModelFacts
from audio_assets.models.adapters.runtime_card import RuntimeCard, card_from_mapping
from audio_assets.models.adapters.saved_model_facts import pick_signature
from audio_assets.models.adapters.saved_model_file import read_saved_model
from audio_assets.models.adapters.trial import try_in_child


def propose_runtime_card(
    path: Path,
    *,
    licence: str,
    directory: Path | None = None,
    name: str | None = None,
    sample_rate: int | None = None,
    unstated_rate: int | None = None,
    input_seconds: float | None = None,
    embedding: str | None = None,
    transform: dict[str, Any] | None = None,
    constants: dict[str, float] | None = None,
    source: str = "",
    citation: str = "",
) -> RuntimeCard:
    """Propose a card for a .tflite or .onnx file or a SavedModel directory.

    What the file does not state has to be given: nothing is made up. The model is run once in a
    child process to measure the length of its vector.

    Args:
        path: the file or directory.
        licence: of the weights.
        directory: of the checkpoint, where the file lies further down in it, beside weights of its
            own; that of the file where None.
        name: of the checkpoint; from the file where None.
        sample_rate: in hertz, where the file's facts do not settle it.
        unstated_rate: taken where neither the caller nor the file says one.
        input_seconds: length of one input, where the model takes any.
        embedding: tensor of the embedding; the best candidate where None.
        constants: values of the model's further inputs.
        transform: name and params of the transform, for models that take spectrograms.
        source: where the file comes from.
        citation: what to cite.

    Returns:
        The card; `dim` is measured.

    Raises:
        CheckpointError: when the model cannot be used; the message says why and what to do.
        CardError: when something has to be given.
    """
    facts = inspect_model(path)
    refusal = facts.refusal()
    if refusal:
        raise CheckpointError(refusal)
    chosen = _embedding(facts, embedding)
    if facts.layout.value != "waveform" and transform is None:
        raise CardError(
            f"{path.name} does not take a waveform ({facts.layout.why}). "
            "Write a model.yaml beside it that names the transform which makes its input "
            "(docs/models.md, The card)."
        )
    known = facts.sample_rate.value if facts.known_as.value else None
    rate = sample_rate or known or unstated_rate
    if rate is None:
        raise CardError(
            f"{path.name} does not state its sample rate: {facts.sample_rate.why}. "
            "Give the rate that it was trained at; a wrong one gives wrong vectors without a sign."
        )
    seconds = input_seconds or (facts.input_samples.value or 0) / rate
    if not seconds:
        raise CardError(f"{path.name}: the input's length is not known: {facts.input_samples.why}.")
    directory = directory or path.parent
    file = path.relative_to(directory)
    stage = {
        "kind": facts.kind, "file": file.as_posix(), "outputs": [chosen.name],
        "constants": constants or {},
        "input": facts.data_input.value if len(facts.inputs) > 1 else None,
    }  # fmt: skip
    if facts.kind == "savedmodel":
        stage |= {"batch": 4, "signature": pick_signature(read_saved_model(path))}
    fields = {
        "name": name or slug(path.stem), "kind": facts.kind, "weights": file.parts[0],
        "sample_rate": rate, "input_seconds": seconds, "licence": licence, "source": source,
        "citation": citation, "description": facts.known_as.value or "", "dim": chosen.dim or 1,
        "runtime": {
            "stages": [stage], "pooling": chosen.pooling,
            "input_scale": _input_scale(path.name, facts),
        },
    }  # fmt: skip
    if transform is not None:
        fields["transform"] = transform
    card = card_from_mapping(fields, f"the proposal for {path.name}")
    return card.model_copy(update={"dim": try_in_child(card, directory)})


def _input_scale(file: str, facts: ModelFacts) -> float:
    """Factor on the sound: 32768 for a model that takes 16-bit samples.

    Raises:
        CheckpointError: it takes whole numbers, and nothing says how sound becomes such.
    """
    tensor = next((t for t in facts.inputs if t.name == facts.data_input.value), None)
    if tensor is None or tensor.dtype.startswith(("float", "bfloat")) or tensor.scale:
        return 1.0
    if tensor.dtype == "int16" and facts.layout.value == "waveform":
        return 32768.0
    raise CheckpointError(
        f"{file} takes whole numbers ({tensor.describe()}) and does not say which sound level they "
        "stand for (no scale and zero point), so any input would be a guess. Ask its authors for "
        "an export with a float32 input, or with the quantisation parameters kept."
    )


def _embedding(facts: ModelFacts, name: str | None) -> EmbeddingCandidate:
    """The named candidate or the best one; any other computed tensor may be named too."""
    if name is not None:
        if name in {tensor.name for tensor in facts.inputs}:
            raise CheckpointError(
                f"{name!r} is an input of {facts.path}, the sound itself and no embedding of it. "
                f"Name a tensor that is computed, such as {facts.candidates[0].name!r}."
                if facts.candidates
                else f"{name!r} is an input of {facts.path}, and nothing else there is usable."
            )
        for candidate in facts.candidates:
            if candidate.name == name:
                return candidate
        return EmbeddingCandidate(
            name=name, shape=None, dim=None, is_output=False, pooling="mean", role="embedding",
            why="named by the user",
        )  # fmt: skip
    if facts.embedding is None:
        listing = ", ".join(f"{c.name} ({c.why})" for c in facts.candidates) or "nothing"
        raise CheckpointError(
            f"No tensor of {facts.path} looks like an embedding; found {listing}. "
            "Class scores are no description of a sound: name the tensor before the classifier."
        )
    return facts.embedding
