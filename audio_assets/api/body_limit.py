"""No request body beyond its limits: of size, of members of its JSON, and of patience."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_assets.api.problems import problem_response

JSON_BYTES = 8 << 20
"""Largest body of an ordinary request; a vector of 100,000 numbers fits."""

MOST_MEMBERS = 20_000
"""Colons of a JSON body, each of which can be a member that does not fit and becomes an error: 8 MB
of unknown members kept the server busy for 40 s. Lists of ids and numbers have none."""

FIRST_S = 30.0
SLOWEST = 1000.0
LONGEST_PAUSE_S = 60.0
"""How long a body is waited for: half a minute, and a second more for each 1,000 bytes that have
come; never longer than a minute for the next piece."""

FORM_OVERHEAD = 1 << 20
STREAMED_PATHS = ("/audio/upload", "/search")


def body_limit(path: str, kind: str, upload_bytes: int) -> int:
    """The limit of one request, in bytes.

    Args:
        path: of the request.
        kind: its Content-Type.
        upload_bytes: largest file.
    """
    multipart = kind.lower().startswith("multipart/")
    return upload_bytes + FORM_OVERHEAD if multipart and path in STREAMED_PATHS else JSON_BYTES


class BodyLimit:
    """ASGI middleware: answers 413 or 408 instead of reading on."""

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self.app, self._upload_bytes = app, upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that cannot be larger than its limit."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "")
        limit = body_limit(scope["path"], kind, self._upload_bytes)
        detail = f"The body is larger than {limit:,} bytes, the limit here."
        claimed = headers.get("content-length", "")
        if claimed.isdecimal() and int(claimed[:20]) > limit:
            await problem_response(413, detail, headers={"Connection": "close"})(
                scope, receive, send
            )
            return
        is_form = kind.lower().startswith("multipart/")
        seen, members, waited, whole = 0, 0, 0.0, False

        async def counted() -> Message:
            nonlocal seen, members, waited, whole
            if whole:  # what is waited for now is the client's hanging up
                return await receive()
            patience = min(LONGEST_PAUSE_S, FIRST_S + seen / SLOWEST - waited)
            begun = time.monotonic()
            try:
                async with asyncio.timeout(max(0.0, patience)):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(
                    408, "The body comes in too slowly.", headers={"Connection": "close"}
                ) from None
            waited += time.monotonic() - begun
            piece = message.get("body", b"")
            whole = not message.get("more_body", False)
            seen += len(piece)
            members += 0 if is_form else piece.count(b":")
            if seen > limit or members > MOST_MEMBERS:
                many = f"The body has more than {MOST_MEMBERS:,} members."
                reason = detail if seen > limit else many
                raise HTTPException(413, reason, headers={"Connection": "close"})
            return message

        await self.app(scope, counted, send)
