"""Starts the services of a home, starts one again that dies, and stops them together."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from types import FrameType

from filelock import FileLock, Timeout

from audio_assets.errors import AudioAssetsError, UsageError
from audio_assets.home import Home
from audio_assets.serving.leftovers import end_leftovers, forget, note
from audio_assets.serving.process import ServiceProcess
from audio_assets.serving.services import Service, services_of
from audio_assets.settings import Settings

PATIENCE_S = 15.0
MOST_DEATHS = 5
PERIOD_S = 120.0
POLL_S = 0.3
FIRST_WAIT_S = 1.0


class ServiceDiedError(AudioAssetsError):
    """A service dies again and again; the rest was stopped."""


def serve(settings: Settings) -> None:
    """Serve a home until SIGINT or SIGTERM; one supervisor per home.

    A service that dies is started again, since runs and jobs go on without it. One that dies five
    times within two minutes stops everything: something is wrong that starting again cannot mend.

    Raises:
        UsageError: the home is served already, or a port is taken.
        ServiceDiedError: a service dies again and again.
    """
    from audio_assets.api.security import check_binding
    from audio_assets.orchestration.instance import create_storage

    check_binding(settings)
    home = Home.of(settings).ensure()
    lock = home.data / "serve" / "serve.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            for name in end_leftovers(home):
                _say(f"{name} was left by a supervisor that was killed; stopped")
            create_storage(home)
            services = services_of(home, settings)
            _require_free(services)
            Supervisor(home, services).run()
    except Timeout as error:
        raise UsageError(
            f"The home {home.root} is being served already, by another process."
        ) from (error)


class Supervisor:
    """The services of one home while they run.

    Args:
        home: where processes are noted.
        services: in the order of their start.
    """

    def __init__(self, home: Home, services: list[Service]) -> None:
        self._home = home
        self._processes = [ServiceProcess(service) for service in services]
        self._stop = threading.Event()
        self._due: dict[str, float] = {}
        self._silent = {s.name: s for s in services if s.address is not None}

    def run(self) -> None:
        """Start all, watch, and stop all, whatever happens.

        Raises:
            ServiceDiedError: a service dies again and again.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked)
        try:
            for process in self._processes:
                self._start(process)
            while not self._stop.wait(POLL_S):
                for process in self._processes:
                    self._look(process)
                self._announce()
        finally:
            _say("stopping")
            for process in reversed(self._processes):
                process.stop(PATIENCE_S)
            forget(self._home)
            _say("stopped; jobs that were running go on at the next start")

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _start(self, process: ServiceProcess) -> None:
        process.start()
        self._due.pop(process.service.name, None)
        note(self._home, {p.service.name: p.pid for p in self._processes if p.pid is not None})

    def _look(self, process: ServiceProcess) -> None:
        """Start a dead service again, a little later with every death."""
        name, now = process.service.name, time.monotonic()
        status = process.ended()
        if status is None:
            return
        if name not in self._due:
            process.deaths = [t for t in process.deaths if now - t < PERIOD_S] + [now]
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            if len(process.deaths) >= MOST_DEATHS:
                raise ServiceDiedError(
                    f"The {name} died {MOST_DEATHS} times within {PERIOD_S:.0f} s (last with {how})"
                    f"; everything was stopped. {process.service.log} says why."
                )
            wait = FIRST_WAIT_S * 2 ** (len(process.deaths) - 1)
            self._due[name] = now + wait
            _say(
                f"the {name} died ({how}); started again in {wait:.0f} s, see {process.service.log}"
            )
        if now >= self._due[name]:
            self._start(process)

    def _announce(self) -> None:
        """Say once when a service answers."""
        for name, service in list(self._silent.items()):
            host, port = service.address or ("", 0)
            if _answers(host, port):
                del self._silent[name]
                path = {"api": "/docs", "webserver": "/"}.get(name)
                _say(f"{name}: http://{host}:{port}{path}" if path else f"{name}: ready")


def _require_free(services: list[Service]) -> None:
    for service in services:
        host, port = service.address or ("", 0)
        if port and _answers(host, port):
            setting = {
                "api": "AUDIO_ASSETS_API_PORT",
                "webserver": "AUDIO_ASSETS_DAGSTER_PORT",
                "code server": "AUDIO_ASSETS_CODE_SERVER_PORT",
            }[service.name]
            raise UsageError(
                f"Port {port}, meant for the {service.name}, is taken by another program. Set "
                f"{setting} to a free one, or stop that program."
            )


def _answers(host: str, port: int) -> bool:
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (asked, not bound)
    address = everywhere.get(host, host)
    try:
        with socket.create_connection((address, port), timeout=0.2):
            return True
    except OSError:
        return False


def _say(text: str) -> None:
    print(f"serve: {text}", file=sys.stderr, flush=True)
