"""Extensions of SigMF that a recording may require."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audio_assets.radio.misfit import refuse

KNOWN = (
    "adsb", "antenna", "audio_assets", "capture_details", "modulation", "ntia-core",
    "ntia-emitter", "ntia-environment", "ntia-scos", "ntia-sensor", "signal", "spatial",
    "traceability", "volatile", "wifi",
)  # fmt: skip
"""They describe samples and do not change what samples are; their plain values become columns."""


def check_extensions(extensions: Sequence[dict[str, Any]]) -> None:
    """Refuse what says that it must be understood, and is not.

    Args:
        extensions: `core:extensions`, checked by the schema.

    Raises:
        RecordingError: at the first unknown one that is not optional.
    """
    for i, extension in enumerate(extensions):
        if not extension["optional"] and extension["name"] not in KNOWN:
            refuse(
                f"global core:extensions[{i}] name",
                extension["name"],
                f"optional: true with it, or one of {', '.join(KNOWN)}",
            )
