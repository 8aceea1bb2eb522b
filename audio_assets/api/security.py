"""Who may call: loopback needs no token, any other address does; foreign web pages never may."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from audio_assets.api.problems import problem_response
from audio_assets.errors import SettingsError
from audio_assets.settings import Settings


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine only."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_binding(settings: Settings) -> None:
    """Refuse to serve the network without a token.

    Raises:
        SettingsError: the address is not loopback and no token is set.
    """
    if settings.api_token is None and not is_loopback(settings.api_host):
        raise SettingsError(
            f"The API would listen on {settings.api_host}, which other machines can reach. "
            "Set AUDIO_ASSETS_API_TOKEN to a long random text, or use 127.0.0.1."
        )


class Guard:
    """ASGI middleware that lets in only who may call.

    With a token: `Authorization: Bearer …`, compared in constant time. On loopback also: the Host
    header must name this machine, and an Origin header too. Else a web page whose name is made to
    point here (DNS rebinding), or that posts a form here, could use the API through a browser.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._loopback = is_loopback(settings.api_host)
        token = settings.api_token
        self._token = token.get_secret_value().encode() if token is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with a problem."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope))
        if refusal is None:
            await self.app(scope, receive, send)
            return
        status, detail = refusal
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        await problem_response(status, detail, headers=headers)(scope, receive, send)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        if self._loopback and not _names_loopback(f"//{headers.get('host', '')}"):
            return 403, (
                "The Host header does not name this machine. Call it as localhost or 127.0.0.1."
            )
        origin = headers.get("origin")
        if self._loopback and origin is not None and not _names_loopback(origin):
            return 403, "Web pages of other origins may not call this API."
        if self._token is not None and not self._authorized(headers.getlist("authorization")):
            return 401, "This needs the header `Authorization: Bearer TOKEN` with the right token."
        return None

    def _authorized(self, given: list[str]) -> bool:
        scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        right = hmac.compare_digest(token.strip().encode("latin-1", "replace"), self._token or b"")
        return right and scheme.lower() == "bearer"


def _names_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return host is not None and is_loopback(host)
