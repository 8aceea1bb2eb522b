"""No request body beyond its limit: refused by its header, or cut off while it streams in."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_assets.api.problems import problem_response

JSON_BYTES = 8 << 20
"""Largest body of an ordinary request; a vector of 100,000 numbers fits."""

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
    """ASGI middleware: answers 413 instead of reading on."""

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self.app, self._upload_bytes = app, upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that cannot be larger than its limit."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = body_limit(scope["path"], headers.get("content-type", ""), self._upload_bytes)
        detail = f"The body is larger than {limit:,} bytes, the limit here."
        claimed = headers.get("content-length", "")
        if claimed.isdecimal() and int(claimed[:20]) > limit:
            await problem_response(413, detail, headers={"Connection": "close"})(
                scope, receive, send
            )
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, detail, headers={"Connection": "close"})
            return message

        await self.app(scope, counted, send)
