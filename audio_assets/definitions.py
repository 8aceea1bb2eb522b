"""The code location that `workspace.yaml` names; nothing happens at import."""

from __future__ import annotations

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev` and the daemon show and run, for the home of the environment."""
    from audio_assets.orchestration.definitions import build_definitions

    return build_definitions()
