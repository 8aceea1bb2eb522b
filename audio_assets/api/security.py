"""Who may call: loopback needs no token, any other address does; foreign web pages never may."""

from __future__ import annotations

import hmac
import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from audio_assets.api.problems import problem_response
from audio_assets.errors import SettingsError
from audio_assets.settings import Settings

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?")
"""Host and port alone: no user, path or fragment, whatever a parser of addresses makes of them."""


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
    header must name this machine, and an Origin header this very server. Else a web page whose name
    is made to point here (DNS rebinding), or that posts a form here, could use the API through a
    browser.
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
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        if _has_body(Headers(scope=scope)):
            headers["Connection"] = "close"  # or its body would be read to the end
        await problem_response(status, detail, headers=headers)(scope, receive, send)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        if self._loopback:
            host = _only(headers, "host")
            if not _HOST.fullmatch(host) or not _names_loopback(f"//{host}"):
                return 403, (
                    "The Host header does not name this machine. Call it as localhost or 127.0.0.1."
                )
            if _is_foreign(headers, host):
                return 403, "Web pages of other origins may not call this API."
        if self._token is not None and not self._authorized(headers.getlist("authorization")):
            return 401, "This needs the header `Authorization: Bearer TOKEN` with the right token."
        return None

    def _authorized(self, given: list[str]) -> bool:
        scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        right = hmac.compare_digest(token.strip().encode("latin-1", "replace"), self._token or b"")
        return right and scheme.lower() == "bearer"


def _is_foreign(headers: Headers, host: str) -> bool:
    """Whether a browser says that a page of another origin asks; another port is one too.

    A page without an Origin header can still embed what it may not read; browsers say so in
    Sec-Fetch-Site. A link that somebody followed is fine.
    """
    if "origin" in headers:
        origin = _only(headers, "origin")
        return not _names_loopback(origin) or _port(origin) != _port(f"http://{host}")
    elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return elsewhere and headers.get("sec-fetch-mode") != "navigate"


def _only(headers: Headers, name: str) -> str:
    """The value of a header that is there once; else nothing."""
    values = headers.getlist(name)
    return values[0] if len(values) == 1 else ""


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None


def _names_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return host is not None and is_loopback(host)
