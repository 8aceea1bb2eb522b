"""The FiftyOne App on a folder's data set."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import pymongo

from audio_assets.errors import AudioAssetsError, NotMaterializedError, UsageError
from audio_assets.explore.environment import configure_fiftyone
from audio_assets.explore.moved_home import mend_paths
from audio_assets.home import Home

WORKSPACE = "explore"
START_TIMEOUT_S = 120


@dataclass(frozen=True)
class App:
    """A running App; a context manager that stops it."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Stop the server; the database goes on."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def wait(self) -> None:
        """Block until the server ends or Ctrl-C."""
        try:
            self.process.wait()
        except KeyboardInterrupt:
            self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def launch(
    home: Home,
    dataset: str | None = None,
    port: int = 5151,
    address: str = "127.0.0.1",
    wait: bool = True,
    allow_remote: bool = False,
) -> App:
    """Start the App's server, print its address, and by default stay until Ctrl-C.

    Args:
        home: whose data sets are shown.
        dataset: to open, in its workspace `explore`; without one the App opens on its start page.
        port: to listen on.
        address: to listen on.
        wait: block until the server ends.
        allow_remote: permit an address that is not this machine's. FiftyOne hands out any file
            that its process can read, without a password.

    Raises:
        UsageError: the port is taken, or the address is not loopback.
        NotMaterializedError: the data set does not exist.
        DatabaseError: the database cannot be reached.
        AudioAssetsError: the server did not start.
    """
    _check_address(address, allow_remote)
    uri = configure_fiftyone(home)
    if dataset is not None:
        _check_dataset(uri, dataset)
    _check_port(address, port)
    mend_paths(uri, home)
    log = home.fiftyone / "app.log"
    command = [
        sys.executable, "-m", "audio_assets.explore.server", str(home.root),
        "--port", str(port), "--address", address, "--parent", str(os.getpid()),
        *(["--allow-remote"] if allow_remote else []),
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    host = f"[{address}]" if ":" in address else address
    base = f"http://{host}:{port}"
    url = f"{base}/datasets/{quote(dataset)}?workspace={WORKSPACE}" if dataset else base
    app = App(url, process, log)
    try:
        _until_it_answers(app, f"{base}/fiftyone")
    except BaseException:
        app.stop()
        raise
    print(f"FiftyOne App: {url}", flush=True)
    if wait:
        print("Ctrl-C stops it.", flush=True)
        app.wait()
    return app


def _check_address(address: str, allow_remote: bool) -> None:
    try:
        loopback = address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise UsageError(f"{address!r} is not an IP address of this machine.") from error
    if not loopback and not allow_remote:
        raise UsageError(
            f"The App would be open to everyone who reaches {address}: it has no password and "
            "hands out any file that you can read. Use 127.0.0.1 and an SSH tunnel, or allow it "
            "in so many words (allow_remote=True)."
        )


def _check_port(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise UsageError(
                f"Port {port} of {address} cannot be used: {error.strerror}. Another App may run "
                "there; take another port with --port or AUDIO_ASSETS_APP_PORT."
            ) from error


def _check_dataset(uri: str, name: str) -> None:
    # asked of MongoDB, because importing FiftyOne takes seconds and the server does it anyway
    client: pymongo.MongoClient = pymongo.MongoClient(uri)
    database = client[os.environ.get("FIFTYONE_DATABASE_NAME", "fiftyone")]
    names = sorted(d["name"] for d in database.datasets.find({}, {"name": 1}))
    client.close()
    if name not in names:
        there = f"There are: {', '.join(names[:10])}." if names else "There is none yet."
        raise NotMaterializedError(
            f"There is no data set {name!r}. {there} Make it with `audio-assets run FOLDER`."
        )


def _until_it_answers(app: App, url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if app.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 (our own address)
                return
        except OSError:
            time.sleep(0.1)
    tail = app.log.read_text(errors="replace").strip().splitlines()[-3:]
    raise AudioAssetsError(f"The App's server did not start: {' '.join(tail)} (see {app.log}).")
