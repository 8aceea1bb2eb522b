"""What Prometheus is told: requests as they come, and what the home holds when it asks."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_assets.api.context import Context
from audio_assets.errors import AudioAssetsError

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})


class Metrics:
    """The registry of one application."""

    def __init__(self, context: Context) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter(
            "audio_assets_http_requests", "Requests answered", labels, registry=self.registry
        )
        self.seconds = Histogram(
            "audio_assets_http_request_seconds",
            "Time to answer",
            labels[:2],
            registry=self.registry,
        )
        self.registry.register(_HomeCollector(context))


class Measure:
    """ASGI middleware that counts and times; routes by their template, so labels stay few."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path_format", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - started)


class _HomeCollector(Collector):
    """Counts what is on the disk and in the table of jobs, each time that it is asked."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: registering must not read the home."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Gauges; a part that cannot be read is left out and logged."""
        for gauges in (self._recordings, self._windows, self._uploads, self._jobs):
            try:
                yield from gauges()
            except AudioAssetsError as error:
                log.warning("Some metrics are missing: %s", error)

    def _recordings(self) -> Iterable[Metric]:
        from audio_assets.folders import FolderRegistry

        folders = FolderRegistry(self._context.home).load()
        yield GaugeMetricFamily("audio_assets_folders", "Registered folders", len(folders))
        family = GaugeMetricFamily("audio_assets_recordings", "Recordings", labels=["status"])
        statuses = [entry.status for entry in self._context.catalogue.entries()]
        for status in ("ok", "failed", "duplicate"):
            family.add_metric([status], statuses.count(status))
        yield family

    def _windows(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "audio_assets_windows", "Windows with a vector", labels=["checkpoint", "folder"]
        )
        for path in sorted((self._context.home.assets / "embeddings").glob("*/*.parquet")):
            family.add_metric([path.parent.name, path.stem], _rows(path))
        yield family

    def _uploads(self) -> Iterable[Metric]:
        from audio_assets.catalogue.ledger import counts

        files, size = counts(self._context.home)
        yield GaugeMetricFamily("audio_assets_uploads", "Files uploaded", files)
        yield GaugeMetricFamily("audio_assets_upload_bytes", "Their size", size)

    def _jobs(self) -> Iterable[Metric]:
        family = GaugeMetricFamily("audio_assets_jobs", "Jobs", labels=["kind", "state"])
        for (kind, state), number in sorted(self._context.jobs.counts().items()):
            family.add_metric([kind, state], number)
        yield family


def _rows(path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException):
        return 0
