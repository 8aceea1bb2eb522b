"""What one run did: the object that `audio-assets run --json` prints."""

from __future__ import annotations

import resource
import sys
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class RunReport:
    """What one run did; `to_dict` is the object that `--json` prints.

    Attributes:
        folder: the folder's key.
        checkpoint: the checkpoint's name.
        dataset: name of the FiftyOne data set.
        recordings: usable recordings of the folder, duplicates included.
        failed: [{path, reason}] of files that could not be used.
        windows: rows of embeddings.
        encoded: windows encoded by this run.
        reused: windows taken over from earlier runs, killed ones included.
        dim: length of a vector.
        encoding_signature: of the vectors.
        seconds: wall seconds per asset; 0 where nothing had to be done.
        peak_rss_mb: peak memory of this process in MiB.
        failed_checks: checks of this run that did not pass, in words.
    """

    folder: str
    checkpoint: str
    dataset: str
    recordings: int
    failed: list[dict[str, str]]
    windows: int
    encoded: int
    reused: int
    dim: int
    encoding_signature: str
    seconds: dict[str, float]
    peak_rss_mb: float
    failed_checks: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self)


def peak_rss_mb() -> float:
    """Peak resident memory of this process in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
