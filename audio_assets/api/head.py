"""HEAD wherever GET is: the same answer without its body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

WITHOUT_BODY = "audio_assets.without_body"
"""Key of the scope by which a route knows that nobody reads its bytes."""
ONLY_OF_GET = frozenset({b"range", b"if-range"})


class Head:
    """ASGI middleware that lets the routes of GET answer HEAD, and keeps the body back.

    Ranges are of GET alone: a HEAD with one is answered as if it had none. Where there is no GET,
    there is no HEAD either.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name not in ONLY_OF_GET]

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked: Scope = {**scope, "method": "GET", "headers": headers, WITHOUT_BODY: True}
        try:
            await self.app(asked, receive, without_body)
        finally:
            if "route" in asked:  # for those around this one, who count by route
                scope["route"] = asked["route"]
