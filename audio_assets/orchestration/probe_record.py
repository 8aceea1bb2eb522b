"""What the last probe of a checkpoint found, and for which weights, card and libraries that holds.

Probing loads the model, which takes seconds. A record that speaks of exactly what is there now is
believed; after an upgrade of a runtime, a changed card or on another device the model is run again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audio_assets.encoding.signature import CODE_VERSION
from audio_assets.errors import AudioAssetsError, StorageError
from audio_assets.home import Home
from audio_assets.models.registry import Checkpoint
from audio_assets.models.runtime_versions import runtime_versions
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.orchestration.versions import digest
from audio_assets.storage import read_json, write_json


@dataclass(frozen=True)
class ProbeRecord:
    """The outcome of one probe.

    Attributes:
        state: digest of weights, card, device, precision and library versions that it speaks of.
        versions: of the libraries.
        checked: when, UTC.
        probe: result of `audio_assets.models.probe.probe`, without the golden vector.
        golden: cosine with the golden vector; None for a bare file, which has none.
        problems: what was wrong, in a sentence, by "probe" or "golden"; empty when all is well.
    """

    state: str
    versions: dict[str, str]
    checked: str
    probe: dict[str, Any]
    golden: float | None
    problems: dict[str, str] = field(default_factory=dict)


def record_path(home: Home, name: str) -> Path:
    """Where the record of a checkpoint lies."""
    return home.assets / "model_probe" / f"{name}.json"


def probed_state(checkpoint: Checkpoint, weights: str, compute: ComputeResource) -> str:
    """Digest of everything that decides what a probe finds.

    Args:
        checkpoint: its card counts, prose aside, and its stored golden vector.
        weights: hash of its weights.
        compute: device and precision.
    """
    device, precision = compute.effective(checkpoint.card)
    return digest(
        {
            "code": CODE_VERSION,
            "card": checkpoint.card.encoding_fields(),
            "weights": weights,
            "device": device,
            "precision": precision,
            "versions": runtime_versions(checkpoint.card.runs_as),
            "golden": None if checkpoint.proposed else _golden(checkpoint),
        }
    )


def recheck(
    checkpoint: Checkpoint, weights: str, compute: ComputeResource, home: Home
) -> ProbeRecord:
    """The stored record if it speaks of what is there now, else that of a new probe.

    Only a record without problems is stored, so that trouble is looked at again every time.
    """
    state = probed_state(checkpoint, weights, compute)
    return stored_record(home, checkpoint.name, state) or _probe_again(
        checkpoint, state, compute, home
    )


def stored_record(home: Home, name: str, state: str) -> ProbeRecord | None:
    """The record of a checkpoint, if there is one and it is of this state."""
    try:
        record = ProbeRecord(**read_json(record_path(home, name)))
    except (StorageError, TypeError):
        return None
    return record if record.state == state else None


def _probe_again(
    checkpoint: Checkpoint, state: str, compute: ComputeResource, home: Home
) -> ProbeRecord:
    from audio_assets.models.probe import check_golden, probe

    result: dict[str, Any] = {}
    golden: float | None = None
    problems: dict[str, str] = {}
    try:
        encoder = compute.load_encoder(checkpoint)
        result = probe(encoder)
        result.pop("golden")
    except AudioAssetsError as error:
        problems = {"probe": str(error), "golden": "The probe failed, so it was not compared."}
    else:
        try:
            if not checkpoint.proposed:
                _, precision = compute.effective(checkpoint.card)
                golden = check_golden(encoder, checkpoint.directory, precision=precision)
        except AudioAssetsError as error:
            problems = {"golden": str(error)}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    versions = runtime_versions(checkpoint.card.runs_as)
    record = ProbeRecord(state, versions, now, result, golden, problems)
    if not problems:
        write_json(record_path(home, checkpoint.name), asdict(record))
    return record


def _golden(checkpoint: Checkpoint) -> str | None:
    from audio_assets.models.probe import PROBE_FILE

    try:
        return digest(read_json(checkpoint.directory / PROBE_FILE).get("golden"))
    except StorageError:
        return None
