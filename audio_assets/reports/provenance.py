"""Gathers what a report's numbers came from: model, data, parameters, versions, licences."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import audio_assets
from audio_assets.audio_folder import AudioFolder
from audio_assets.errors import AudioAssetsError, StorageError
from audio_assets.home import Home
from audio_assets.storage import read_json, read_parquet

LIBRARIES = (
    "torch", "numpy", "scipy", "soxr", "soundfile", "scikit-learn", "umap-learn", "dagster",
    "matplotlib",
)  # fmt: skip
LICENCE_FILES = ("licen", "copying", "attribution", "notice", "credits")
FIRST_WORDS = 160
Pairs = tuple[tuple[str, str], ...]


def gather_provenance(
    home: Home, folder: AudioFolder, checkpoint: str, signatures: Sequence[str], dim: int
) -> dict[str, Pairs]:
    """Facts by title: Model, Data, Software.

    Args:
        home: holds the outputs.
        folder: the registered folder.
        checkpoint: name.
        signatures: encoding signatures of the vectors.
        dim: length of a vector.
    """
    recorded = _read(home.asset("model_checkpoint", checkpoint=checkpoint)) or {}
    vectors = (
        ("encoding signature", ", ".join(signatures) or "there are no vectors"),
        ("vectors", f"float32, {dim} dimensions"),
    )
    return {
        "Model": (*_model(home, checkpoint, recorded), *vectors),
        "Data": _data(home, folder),
        "Software": _software(),
    }


def gather_outputs(home: Home, folder: str, checkpoint: str) -> tuple[tuple[str, str, str], ...]:
    """What the records of Dagster say about every output: (asset, data version, when made, UTC).

    Empty where the home has no such records.
    """
    if not ((home.root / "dagster.yaml").is_file() and (home.root / "storage").is_dir()):
        return ()
    from audio_assets.orchestration.records import latest_materializations

    return tuple(
        (m.asset, m.data_version, f"{datetime.fromtimestamp(m.timestamp, UTC):%Y-%m-%d %H:%M:%S}")
        for m in latest_materializations(home, folder, checkpoint)
    )


def _model(home: Home, checkpoint: str, recorded: dict[str, Any]) -> list[tuple[str, str]]:
    """The card as it is now, and the hash of the weights that made the vectors."""
    from audio_assets.models.registry import resolve_checkpoint

    facts = [("checkpoint", checkpoint)]
    try:
        card = resolve_checkpoint(checkpoint, home).card
    except AudioAssetsError:
        facts.append(("card", "the checkpoint is not in this home any more"))
        card = None
    fields = recorded.get("encoding_fields") or (card.encoding_fields() if card else {})
    transform = fields.get("transform")
    if isinstance(transform, dict) and transform.get("name"):
        facts.append(("input", _call(transform["name"], transform.get("params") or {})))
    facts += [
        (name, str(fields[key]) + unit)
        for name, key, unit in (
            ("kind", "kind", ""), ("sample rate", "sample_rate", " Hz"),
            ("input length", "input_seconds", " s"), ("pooling", "pooling", ""),
        )
        if key in fields
    ]  # fmt: skip
    facts.append(("weights SHA-256", recorded.get("weights_sha256") or "not recorded"))
    licence = card.licence if card else recorded.get("licence")
    facts.append(("licence of the model", licence or "not recorded"))
    if card:
        prose = ("description", card.description), ("source", card.source)
        facts += [(name, text) for name, text in (*prose, ("cite", card.citation)) if text]
    return facts


def _data(home: Home, folder: AudioFolder) -> Pairs:
    facts = [
        ("folder", folder.key),
        ("directory", folder.root.name),
        ("read by", "the loader that fits" if folder.loader == "auto" else folder.loader),
        ("recorder's clock", folder.timezone),
    ]
    if folder.synthetic_geo:
        facts.append(("coordinates", "invented where there were none"))
    facts += _edits(home, folder)
    facts += _licences(home, folder)
    return tuple(facts)


def _edits(home: Home, folder: AudioFolder) -> list[tuple[str, str]]:
    """How much of the labels and metadata people wrote, who, and until when."""
    from audio_assets.orchestration.edits import read_edits

    edits = read_edits(home, folder.key)
    if not edits:
        return []
    people = sorted({str(edit["by"]) for edit in edits if edit.get("by")})
    last = max((str(edit["edited"]) for edit in edits if edit.get("edited")), default="")
    told = f"{len(edits):,}" + (f", by {', '.join(people[:10])}" if people else "")
    return [("edits by people", told + (f", the last at {last}" if last else ""))]


def _licences(home: Home, folder: AudioFolder) -> list[tuple[str, str]]:
    """Licence files beside the recordings, and licences in the metadata."""
    found: list[tuple[str, str]] = []
    try:
        paths = sorted(p for p in folder.root.iterdir() if p.is_file())
    except OSError:
        found.append(("licence of the data", "the directory is not there at the moment"))
        paths = []
    for path in paths:
        if path.name.lower().startswith(LICENCE_FILES):
            found.append((f"licence of the data ({path.name})", _first_words(path)))
    table = home.asset("metadata_table", folder=folder.key)
    if table.is_file():
        known = read_parquet(table)
        for name in known.column_names:
            if name.lower() in ("licence", "license", "rights"):
                values = sorted({str(v) for v in known[name].to_pylist() if v is not None})
                found.append((f"licence of the data (column {name})", ", ".join(values[:5])))
    if not found:
        found.append(
            ("licence of the data", "not stated: no LICENSE or ATTRIBUTION file in the folder")
        )
    return found


def _first_words(path: Path) -> str:
    """The first line that says something, headings and markup taken off."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            lines = (line.strip("#*=- \t\r\n") for line in stream.readlines(4000))
            first = next((line for line in lines if line), "")
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return first if len(first) <= FIRST_WORDS else first[: FIRST_WORDS - 1] + "…"


def _software() -> Pairs:
    versions = [("audio_assets", audio_assets.__version__), ("Python", platform.python_version())]
    for name in LIBRARIES:
        try:
            versions.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(versions)


def _call(name: str, params: dict[str, Any]) -> str:
    inside = ", ".join(f"{key}={value}" for key, value in sorted(params.items()))
    return f"{name}({inside})" if inside else name


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return read_json(path)
    except StorageError:
        return None
