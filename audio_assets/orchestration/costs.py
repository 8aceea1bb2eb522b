"""What an asset body cost: rows and sound per second, shares of its stages, peak memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pyarrow as pa

from audio_assets.orchestration.run_report import peak_rss_mb


class Costs:
    """A clock that an asset body starts first and reads last."""

    def __init__(self) -> None:
        """Start."""
        self._started = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count a block as a stage; the same name again adds to it."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._add(name, time.perf_counter() - began)

    def metadata(
        self, rows: int, audio_seconds: float, *, threads: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """Metadata of the materialization.

        Args:
            rows: rows that this run computed.
            audio_seconds: length of the sound that they stand for.
            threads: seconds of stages that ran side by side, summed over threads, in place of the
                body's own stages; shares are of their sum.

        Returns:
            `seconds`, `rows_per_second`, `audio_seconds_per_second`, `stage_shares` (adding up to
            1) and `peak_rss_mb` of the process so far.
        """
        seconds = time.perf_counter() - self._started
        stages = dict(threads) if threads else {**self._stages}
        if not threads:
            stages["other"] = max(0.0, seconds - sum(stages.values()))
        whole = sum(stages.values()) or 1.0
        per_second = 1 / seconds if seconds > 0 else 0.0
        return {
            "seconds": round(seconds, 3),
            "rows_per_second": round(rows * per_second, 1),
            "audio_seconds_per_second": round(audio_seconds * per_second, 1),
            "stage_shares": dg.MetadataValue.json(
                {name: round(spent / whole, 4) for name, spent in stages.items()}
            ),
            "peak_rss_mb": peak_rss_mb(),
        }

    def _add(self, name: str, seconds: float) -> None:
        self._stages[name] = self._stages.get(name, 0.0) + seconds


def window_seconds(table: pa.Table) -> float:
    """Length of the windows of a table with `start_s` and `end_s`, in seconds."""
    return float((table["end_s"].to_numpy() - table["start_s"].to_numpy()).sum())


def recording_seconds(table: pa.Table) -> float:
    """Length of the recordings of a table with `duration_s`, in seconds."""
    return float(sum(seconds or 0.0 for seconds in table["duration_s"].to_pylist()))
