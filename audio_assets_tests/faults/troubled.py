"""A run with trouble under way, then one without: it must end as one that never had any."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from audio_assets_tests.faults.comparing import differences
from audio_assets_tests.faults.fork_server import SAID
from audio_assets_tests.faults.harness import Harness, Verdict
from audio_assets_tests.faults.troubles import UNDO, Scene


def troubled(harness: Harness, name: str, at: int) -> Verdict:
    """One folder: a run that meets a trouble, then one that does not, then a fresh copy's.

    The first may succeed or end with a sentence for people, never with a traceback. What the second
    leaves is compared with what a folder gives that holds the same recordings now and was never
    looked at before.

    Args:
        harness: trials in one home.
        name: one of `TROUBLES`.
        at: before which moment it happens.
    """
    harness.trials += 1
    key = harness.prepare(f"trial{harness.trials:04d}")
    scene = Scene(harness.home, harness.scratch / "recordings" / key, key, harness.checkpoint)
    moment = harness.moments[at]
    verdict = Verdict(f"{name} at {at}: {moment['kind']} {moment['name']}")
    weights = harness.home.checkpoints / harness.checkpoint / "weights.safetensors"
    before = weights.read_bytes()
    try:
        report = harness.scratch / "troubled.json"
        report.unlink(missing_ok=True)
        try:
            status = harness.order(
                key, report, trouble={"name": name, "at": at}, root=str(scene.root)
            )
        finally:
            UNDO.get(name, lambda _: None)(scene)
        verdict.said = _said(status, report, verdict)
        try:
            verdict.encoded = harness.run(key)["encoded"]
            if harness.run(key)["encoded"]:
                verdict.faults.append("a further run encodes again")
            copy = harness.prepare(f"{key}-fresh", scene.root)
            harness.run(copy)
        except AssertionError as error:
            verdict.faults.append(str(error))
            return verdict
        verdict.faults += differences(harness.home, copy, key, harness.checkpoint)
        verdict.faults += harness.left_behind(key)
        harness.forget(copy)
        harness.forget(key)
    finally:
        if weights.read_bytes() != before:
            weights.write_bytes(before)
        shutil.rmtree(harness.home.work / "embeddings" / harness.checkpoint, ignore_errors=True)
    return verdict


def _said(status: int, report: Path, verdict: Verdict) -> str:
    """The sentence with which the run ended, if it did; a traceback is a fault."""
    if status == 0:
        return ""
    if status != SAID << 8:
        verdict.faults.append(f"the run in trouble ended with {status}")
        return ""
    said = json.loads(report.read_text())
    if len(said) < 20 or "Traceback" in said:
        verdict.faults.append(f"it ended with no sentence: {said!r}")
    return said
