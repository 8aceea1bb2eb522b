import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from audio_assets.recordings.esc50_download import DownloadError, download_esc50, is_complete


def archive(clips: int = 3, extra: dict[str, bytes] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for clip in range(clips):
            packed.writestr(f"ESC-50-master/audio/{clip}.wav", bytes(range(256)) * 400)
        packed.writestr("ESC-50-master/meta/esc50.csv", "filename,fold,target,category\n")
        packed.writestr("ESC-50-master/.github/x", "no")
        for name, content in (extra or {}).items():
            packed.writestr(name, content)
    return buffer.getvalue()


class Server(ThreadingHTTPServer):
    """Serves `content`; breaks the connection after `break_after` bytes, `breaks` times."""

    content = b""
    ranges: list[str | None]
    breaks = 0
    break_after = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start >= len(self.server.content):
            self.send_error(416)
            return
        body = self.server.content[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.breaks > 0:
            self.server.breaks -= 1
            body = body[: self.server.break_after]
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server(("127.0.0.1", 0), Handler)
    running.ranges, running.content = [], archive()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/master.zip"


def test_it_is_fetched_unpacked_and_not_fetched_again(server, tmp_path):
    target = download_esc50(tmp_path / "esc50", url=url(server), clips=3)
    assert is_complete(target, 3)
    assert (target / "audio" / "0.wav").read_bytes() == bytes(range(256)) * 400
    assert sorted(p.name for p in target.iterdir()) == ["audio", "meta"]
    assert not list(tmp_path.glob("*.part"))
    download_esc50(tmp_path / "esc50", url=url(server), clips=3)
    assert len(server.ranges) == 1


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    server.breaks, server.break_after = 2, 100_000
    assert is_complete(download_esc50(tmp_path / "esc50", url=url(server), clips=3), 3)
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in server.ranges if asked]
    assert len(starts) == 2
    assert 80_000 < starts[0] <= 100_000
    assert 160_000 < starts[1] <= 200_000


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(server, tmp_path):
    server.breaks, server.break_after = 5, 1 << 14
    with pytest.raises(DownloadError, match="kept"):
        download_esc50(tmp_path / "esc50", url=url(server), clips=3)
    assert is_complete(download_esc50(tmp_path / "esc50", url=url(server), clips=3), 3)
    assert server.ranges[-1] == f"bytes={5 << 14}-"


def test_offline_is_said_plainly(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(DownloadError, match=r"offline.*run again"):
        download_esc50(tmp_path / "esc50", url="http://127.0.0.1:9/x.zip")
    assert not (tmp_path / "esc50").exists()


def test_a_damaged_archive_is_deleted_and_named(server, tmp_path):
    broken = bytearray(server.content)
    broken[5000] ^= 0xFF
    server.content = bytes(broken)
    with pytest.raises(DownloadError, match=r"damaged.*CRC"):
        download_esc50(tmp_path / "esc50", url=url(server), clips=3)
    assert not list(tmp_path.glob("*.part"))
    assert not (tmp_path / "esc50").exists()


def test_something_else_is_not_taken_for_esc50(server, tmp_path):
    with pytest.raises(DownloadError, match="3 of 2000"):
        download_esc50(tmp_path / "esc50", url=url(server))
    server.content = b"<html>" * 1000
    with pytest.raises(DownloadError, match="damaged"):
        download_esc50(tmp_path / "esc50", url=url(server))


def test_hostile_members_never_leave_the_folder(server, tmp_path):
    server.content = archive(extra={"ESC-50-master/../../evil.txt": b"x"})
    with pytest.raises(DownloadError, match="hostile"):
        download_esc50(tmp_path / "deep" / "esc50", url=url(server), clips=3)
    assert not list(tmp_path.rglob("evil.txt"))


def test_what_a_person_put_there_stays(server, tmp_path):
    (tmp_path / "esc50").mkdir()
    (tmp_path / "esc50" / "mine.txt").write_text("keep")
    target = download_esc50(tmp_path / "esc50", url=url(server), clips=3)
    assert (target / "mine.txt").read_text() == "keep"
