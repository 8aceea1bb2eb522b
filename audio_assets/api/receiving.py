"""Uploads as they stream in: multipart parsed piece by piece, the file straight onto the disk."""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from audio_assets.api.body_limit import MOST_MEMBERS
from audio_assets.api.problems import ProblemError
from audio_assets.catalogue.uploads import sent_extension
from audio_assets.home import Home
from audio_assets.storage import TEMPORARY

INCOMING = ".incoming"
"""Directory below data/audio, on the same file system; hidden, so never taken for a folder."""

FIELD_BYTES = 1 << 20
MOST_PARTS = 32


@dataclass
class Form:
    """A multipart body.

    Attributes:
        fields: text fields by name.
        file: where the file lies until the end of the request; None when there was none.
        name: what the sender calls it.
        sha256: of its bytes.
        bytes: its size.
    """

    fields: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    name: str = ""
    sha256: str = ""
    bytes: int = 0


@asynccontextmanager
async def received_form(request: Request, home: Home, most_bytes: int) -> AsyncIterator[Form]:
    """Read a multipart body with at most one file; its temporary file is gone afterwards.

    Args:
        request: its Content-Type is `multipart/form-data`.
        home: the file is written below its data/audio.
        most_bytes: largest file.

    Raises:
        ProblemError: 400 for a malformed body, 413 for a file too large, 415 for another type.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise ProblemError(415, "This needs a body of type multipart/form-data.")
    sink = _Sink(home.audio / INCOMING, most_bytes)
    try:
        try:
            parser = MultipartParser(options[b"boundary"], sink.callbacks())
            async for chunk in request.stream():
                await run_in_threadpool(parser.write, chunk)
            parser.finalize()
        except FormParserError as error:
            raise ProblemError(400, f"The multipart body is malformed: {error}.") from error
        except ClientDisconnect as error:
            raise ProblemError(400, "The upload broke off.") from error
        if not sink.complete:
            raise ProblemError(400, "The multipart body breaks off before its last boundary.")
        await run_in_threadpool(sink.finish)
        yield sink.form
    finally:
        await run_in_threadpool(sink.discard)


def remove_orphans(home: Home) -> int:
    """Remove what processes that died in the middle of an upload have left; returns how many.

    A process holds a lock on each file that it is receiving, and the kernel frees it when the
    process ends, however it ends.
    """
    removed = 0
    for path in (home.audio / INCOMING).glob(f"{TEMPORARY}*"):
        with suppress(OSError), path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            removed += 1
    return removed


class _Sink:
    """Takes the parser's callbacks: small parts into memory, the file onto the disk."""

    def __init__(self, directory: Path, most_bytes: int) -> None:
        self.form, self.complete = Form(), False
        self._directory, self._most = directory, most_bytes
        self._parts = 0
        self._header, self._value = b"", b""
        self._disposition: dict[bytes, bytes] = {}
        self._stream: BinaryIO | None = None
        self._digest: Any = None
        self._name = ""
        self._text: bytearray | None = None

    def callbacks(self) -> Any:
        """What `MultipartParser` wants."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def finish(self) -> None:
        """Bring the file to the disk."""
        if self._stream is not None:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self.form.sha256 = self._digest.hexdigest()

    def discard(self) -> None:
        """Remove the temporary file, if it still has its first name, and free its lock."""
        if self._stream is not None:
            if self.form.file is not None:
                self.form.file.unlink(missing_ok=True)
            self._stream.close()
            self._stream = None

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise ProblemError(413, f"The form has more than {MOST_PARTS} parts.")
        self._disposition = {}

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = parse_options_header(self._value)[1]
        self._header = self._value = b""

    def _open(self) -> None:
        name = self._disposition.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in self._disposition:
            self._text, self._name = bytearray(), name
            return
        if name != "file":
            raise ProblemError(422, f"The file belongs into the field 'file', not {name[:40]!r}.")
        if self._stream is not None:
            raise ProblemError(422, "One file at a time: the form holds more than one.")
        self._text = None
        self.form.name = self._disposition[b"filename"].decode("utf-8", "replace")
        self._directory.mkdir(parents=True, exist_ok=True)
        end = sent_extension(self.form.name)
        path = self._directory / f"{TEMPORARY}{uuid.uuid4().hex}{end}"
        self._stream = path.open("xb")
        fcntl.flock(self._stream, fcntl.LOCK_EX)
        self.form.file, self._digest = path, hashlib.sha256()

    def _data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._text is not None:
            self._text += piece
            if len(self._text) > FIELD_BYTES:
                raise ProblemError(413, f"The field {self._name[:40]!r} is too long.")
            return
        self.form.bytes += len(piece)
        if self.form.bytes > self._most:
            raise ProblemError(
                413, f"The file is larger than {self._most:,} bytes, the limit here."
            )
        if self._stream is not None:
            self._stream.write(piece)
            self._digest.update(piece)

    def _close(self) -> None:
        if self._text is not None:
            if self._text.count(b":") > MOST_MEMBERS:
                raise ProblemError(413, f"The field {self._name[:40]!r} has too many members.")
            try:
                self.form.fields[self._name] = self._text.decode()
            except UnicodeDecodeError as error:
                raise ProblemError(422, f"The field {self._name[:40]!r} is not UTF-8.") from error

    def _end(self) -> None:
        self.complete = True
