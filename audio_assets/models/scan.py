"""Looking at model files: what each states of itself, or why it cannot be used; nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_assets.errors import AudioAssetsError, UsageError
from audio_assets.models.card import ModelCard

TORCH_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
RUNTIME_SUFFIXES = (".tflite", ".onnx")


@dataclass(frozen=True)
class Scanned:
    """One model file that a scan found: a proposed card, or why it cannot be used."""

    path: Path
    kind: str
    card: ModelCard | None
    facts: dict[str, Any]
    problem: str = ""


def scan(directory: Path) -> list[Scanned]:
    """Look at every model file and SavedModel below a directory; nothing is run or changed.

    Args:
        directory: where to look, sub-directories too.

    Returns:
        One entry per model, sorted by path, with what the file itself states: kind, input, rate,
        dimension; or the reason why it cannot be used.

    Raises:
        UsageError: it is no directory.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory to scan for models.")
    return [_look(path) for path in sorted(_model_files(directory))]


def _model_files(directory: Path) -> Iterator[Path]:
    for path in directory.rglob("*"):
        if any(part.startswith(".") for part in path.relative_to(directory).parts):
            continue
        if path.name == "saved_model.pb":
            yield path.parent
        elif path.is_file() and path.suffix.lower() in (*TORCH_SUFFIXES, *RUNTIME_SUFFIXES):
            yield path


def _look(path: Path) -> Scanned:
    """Facts of one file; a problem is a finding, not the end of the scan."""
    runtime = path.is_dir() or path.suffix.lower() in RUNTIME_SUFFIXES
    try:
        return _look_runtime(path) if runtime else _look_torch(path)
    except AudioAssetsError as error:
        kind = "savedmodel" if path.is_dir() else path.suffix.lower().lstrip(".")
        return Scanned(path, kind, None, {}, str(error))


def _look_runtime(path: Path) -> Scanned:
    from audio_assets.models.adapters.inspection import inspect_model

    facts = inspect_model(path)
    best = facts.embedding
    summary = {
        "input": facts.layout.value,
        "sample_rate": facts.sample_rate.value,
        "sample_rate_why": facts.sample_rate.why,
        "input_samples": facts.input_samples.value,
        "embedding": best.name if best else None,
        "dim": best.dim if best else None,
        "embedding_why": best.why if best else "no tensor looks like an embedding",
        "known_as": facts.known_as.value,
        "notes": list(facts.notes),
    }
    return Scanned(path, facts.kind, None, summary, facts.refusal() or "")


def _look_torch(path: Path) -> Scanned:
    from audio_assets.models.proposal import propose_card

    card = propose_card(path)
    facts = {
        "input": "waveform",
        "sample_rate": card.sample_rate,
        "input_samples": card.input_samples,
        "dim": card.dim,
        "transform": card.transform.name,
    }
    return Scanned(path, card.kind, card, facts)
