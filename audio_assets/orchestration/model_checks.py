"""Asset checks of model_checkpoint: the probe and the golden vector, after every change or upgrade.

Neither loads the model when nothing changed since it last passed; see `probe_record`.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from audio_assets.errors import AudioAssetsError
from audio_assets.home import Home
from audio_assets.models.registry import resolve_checkpoint, weights_sha256
from audio_assets.orchestration.check_result import WARN, result
from audio_assets.orchestration.probe_record import ProbeRecord, recheck
from audio_assets.orchestration.resources import ComputeResource, HomeResource


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "probe",
            asset="model_checkpoint",
            description="Known sounds give finite vectors that tell them apart, singly as in a "
            "batch; run again when weights, card or a library that runs the model changed.",
        ),
        dg.AssetCheckSpec(
            "golden_vector",
            asset="model_checkpoint",
            description="The checkpoint still gives the vector that was stored when it was "
            "registered; compared again after every upgrade.",
        ),
    ],
    can_subset=True,
)
def model_probed(
    context: dg.AssetCheckExecutionContext, home: HomeResource, compute: ComputeResource
) -> Iterator[dg.AssetCheckResult]:
    """Both outcomes of one probe, in one step."""
    name = str(context.partition_key)
    wanted = {key.name for key in context.selected_asset_check_keys}
    try:
        record = _probe_record(name, home.paths, compute)
    except AudioAssetsError as error:
        yield from (result(False, str(error), check=check) for check in sorted(wanted))
        return
    if "probe" in wanted:
        yield _probe(record)
    if "golden_vector" in wanted:
        yield _golden_vector(name, record)


def _probe(record: ProbeRecord) -> dg.AssetCheckResult:
    problem = record.problems.get("probe")
    return result(not problem, problem or _sound(record), check="probe", **_facts(record))


def _golden_vector(name: str, record: ProbeRecord) -> dg.AssetCheckResult:
    problem = record.problems.get("golden")
    if problem is None and record.golden is None:
        text = (
            f"{name} is a bare weights file, so it has no golden vector; "
            "`audio-assets models add` gives it a card and one."
        )
        return result(False, text, WARN, check="golden_vector")
    text = problem or f"The golden vector came back (cosine {record.golden:.6f})."
    return result(not problem, text, check="golden_vector", **_facts(record))


def _probe_record(name: str, home: Home, compute: ComputeResource) -> ProbeRecord:
    checkpoint = resolve_checkpoint(name, home)
    return recheck(checkpoint, weights_sha256(checkpoint), compute, home)


def _sound(record: ProbeRecord) -> str:
    closest = min(record.probe["distances"], key=record.probe["distances"].__getitem__)
    return (
        f"{record.probe['dim']}-d; the closest of noise, silence and tone are {closest} at a "
        f"cosine distance of {record.probe['distances'][closest]:.3g}."
    )


def _facts(record: ProbeRecord) -> dict[str, Any]:
    return {
        "checked": record.checked,
        "versions": ", ".join(f"{name} {v}" for name, v in record.versions.items()),
    }
