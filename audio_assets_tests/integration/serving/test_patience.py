"""Connections that dawdle, flood or hang up, over real sockets against the API as it is served."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import uvicorn

from audio_assets.api import body_limit
from audio_assets.api.app import create_app
from audio_assets.serving.patience import PatientProtocol
from audio_assets.settings import Settings
from audio_assets_tests.integration.serving.conftest import free_ports

HEAD = b"POST /audio/upload HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000\r\n\r\n"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF'


class Hasty(PatientProtocol):
    head_s = 0.5


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where an API listens that waits half a second for headers and for the first of a body."""
    settings = Settings(home=tmp_path_factory.mktemp("served"), device="cpu", upload_max_mb=1)
    (number,) = free_ports(1)
    config = uvicorn.Config(
        create_app(settings), port=number, http=Hasty, ws="none", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body_limit, "FIRST_S", 0.5)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield number
        server.should_exit = True
        thread.join()


def opened(port: int, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(10)
    connection.sendall(data)
    return connection


def answer(connection: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def counted(port: int, route: str) -> dict[str, float]:
    """Answers of a route by status, from the metrics."""
    lines = httpx.get(f"http://127.0.0.1:{port}/metrics").text.splitlines()
    wanted = [n for n in lines if n.startswith("audio_assets_http_requests_total") and route in n]
    return {n.partition('status="')[2][:3]: float(n.split()[-1]) for n in wanted}


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHost: 127"], ids=["none", "half"])
def test_headers_that_do_not_come_are_not_waited_for(port: int, sent: bytes) -> None:
    with opened(port, sent) as connection:
        assert answer(connection) == b""


def test_nor_those_of_the_second_request_of_a_connection(port: int) -> None:
    whole = b"GET /audio/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with opened(port, whole) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(whole[:20])
        begun = time.monotonic()
        assert answer(connection) == b""
        assert time.monotonic() - begun < 3


def test_endless_headers_are_refused(port: int) -> None:
    taken = 0
    head = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    with opened(port, head) as connection, suppress(OSError):  # reset, or a broken pipe
        while taken < 300:
            connection.sendall(b"X: " + b"a" * 100_000 + b"\r\n")
            taken += 1
            time.sleep(0.001)
    assert taken < 200, "20 MB are what two sockets hold at most"


@pytest.mark.parametrize("part", [b"", PART], ids=["nothing", "some of it"])
def test_a_body_that_dawdles_is_timed_out(port: int, part: bytes) -> None:
    with opened(port, HEAD + FORM + part) as connection:
        begun = time.monotonic()
        assert answer(connection).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - begun < 3


def test_a_byte_now_and_then_is_not_enough(port: int) -> None:
    with opened(port, HEAD + FORM + PART) as connection:
        begun = time.monotonic()
        connection.settimeout(0.1)
        found = b""
        while not found and time.monotonic() - begun < 10:
            try:
                connection.sendall(b"x")
                found = connection.recv(65536)
            except TimeoutError:
                continue
        assert found.startswith(b"HTTP/1.1 408")


def test_a_hundred_that_dawdle_keep_nobody_waiting(port: int) -> None:
    idle = [opened(port, HEAD + FORM) for _ in range(100)]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        client.get("/audio/")
        begun = time.monotonic()
        assert client.get("/audio/").status_code == 200
        assert time.monotonic() - begun < 1
    assert {answer(one)[9:12] for one in idle} == {b"408"}
    for one in idle:
        one.close()


def test_a_request_that_breaks_off_is_no_failure_of_ours(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    before: dict[str, Any] = counted(port, 'route="/search"')
    kind = b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with caplog.at_level(logging.ERROR):
        opened(port, b"POST /search HTTP/1.1\r\nHost: 127.0.0.1\r\n" + kind).close()
        deadline = time.monotonic() + 5
        while counted(port, 'route="/search"') == before and time.monotonic() < deadline:
            time.sleep(0.05)
    assert counted(port, 'route="/search"') == {"400": before.get("400", 0) + 1}
    assert caplog.records == []


def test_there_are_no_websockets(port: int) -> None:
    asked = (
        b"GET /audio/ HTTP/1.1\r\nHost: evil.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with opened(port, asked) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 403")
