"""What the routes share: the home, the settings, and what is dear to open."""

from __future__ import annotations

import concurrent.futures
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from audio_assets.api.problems import ProblemError
from audio_assets.catalogue.catalogue import Catalogue
from audio_assets.encoding.query_encoders import QueryEncoders
from audio_assets.home import Home
from audio_assets.searching import Spaces
from audio_assets.settings import Settings, with_default_checkpoint

if TYPE_CHECKING:
    import dagster as dg

    from audio_assets.jobs.store import JobStore


class Context:
    """One per application.

    Args:
        settings: as they were when the process started.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.home = Home.of(settings).ensure()
        if settings.fake_model:
            from audio_assets.models.fake_checkpoint import ensure_fake_checkpoint

            ensure_fake_checkpoint(self.home)
        self.catalogue = Catalogue(self.home)
        self.spaces = Spaces(self.home)
        self.encoders = QueryEncoders(self.home, settings)
        self._lock = threading.RLock()
        self._instance: dg.DagsterInstance | None = None
        self._opener = ThreadPoolExecutor(1, thread_name_prefix="dagster-instance")

    @property
    def settings(self) -> Settings:
        """The settings, with the default checkpoint as it is chosen now."""
        return with_default_checkpoint(self._settings)

    @property
    def checkpoint_is_pinned(self) -> bool:
        """Whether the environment names the default checkpoint, so that nothing else can."""
        return "checkpoint" in self._settings.model_fields_set

    @property
    def upload_bytes(self) -> int:
        """Largest upload."""
        return self._settings.upload_max_mb * 1_000_000

    @property
    def models_dir(self) -> Path:
        """Where model files may lie that requests name."""
        chosen = self._settings.models_dir
        return (chosen.expanduser() if chosen else self.home.root / "models").resolve()

    @property
    def audio_root(self) -> Path:
        """Where recordings may lie that requests name."""
        chosen = self._settings.audio_root
        return (chosen.expanduser() if chosen else self.home.audio).resolve()

    @cached_property
    def jobs(self) -> JobStore:
        """The table of jobs."""
        from audio_assets.jobs.store import JobStore

        return JobStore(self._settings)

    @property
    def instance(self) -> dg.DagsterInstance:
        """Dagster's instance of the home, open until the application ends."""
        from audio_assets.orchestration.instance import configured_instance, write_config

        with self._lock:
            if self._instance is None:
                write_config(self.home)
                self._instance = configured_instance(self.home)
            return self._instance

    def instance_within(self, patience_s: float) -> dg.DagsterInstance | None:
        """The instance, or None while it is still being opened; that goes on meanwhile."""
        if self._instance is not None:
            return self._instance
        try:
            return self._opener.submit(lambda: self.instance).result(patience_s)
        except concurrent.futures.TimeoutError:
            return None

    def readable(self, path: Path) -> Path:
        """A path of a recording, links followed, if the API may read it.

        Raises:
            ProblemError: 403, it lies neither below data/audio nor below the audio root.
        """
        try:
            real = path.resolve()
        except RuntimeError:  # Python 3.11 and 3.12 say so of a loop
            raise ProblemError(422, "This path is a link that leads to itself.") from None
        roots = (self.home.audio.resolve(), self.audio_root)
        if not any(real.is_relative_to(root) for root in roots):
            raise ProblemError(
                403,
                "This recording lies outside the directories that the API may read. Set "
                "AUDIO_ASSETS_AUDIO_ROOT to a directory that holds its folder.",
            )
        return real

    def close(self) -> None:
        """Let go of what was opened."""
        self._opener.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            if self._instance is not None:
                self._instance.dispose()
                self._instance = None


def get_context(request: Request) -> Context:
    """FastAPI dependency."""
    return request.app.state.context


def get_home(request: Request) -> Home:
    """FastAPI dependency."""
    return request.app.state.context.home


def get_settings(request: Request) -> Settings:
    """FastAPI dependency."""
    return request.app.state.context.settings


Shared = Annotated[Context, Depends(get_context)]
HomeOf = Annotated[Home, Depends(get_home)]
SettingsOf = Annotated[Settings, Depends(get_settings)]
