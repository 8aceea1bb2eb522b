"""`PUT /audio_assets/recordings` on FiftyOne's server: one recording per request, as it is."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from audio_assets.errors import AudioAssetsError
from audio_assets.explore.adding.arriving import arrive, upload_folder
from audio_assets.explore.local_only import is_local, is_own_page
from audio_assets.home import Home
from audio_assets.settings import load_settings

PATH = "/audio_assets/recordings"

log = logging.getLogger(__name__)


def adding_routes(home: Home, allow_remote: bool = False) -> list[Route]:
    """The route; without `allow_remote` it answers this machine alone.

    Query parameters: `name`, what the file is called; `dataset`, the one that is open; `folder`,
    the upload folder wanted instead.
    """

    async def add(request: Request) -> Response:
        if not is_own_page(request) or not (allow_remote or is_local(request)):
            return _problem(403, "Recordings are taken from the App on this machine alone.")
        query = request.query_params
        try:
            key = upload_folder(home, query.get("dataset"), query.get("folder"))
            settings = load_settings(home=home.root)
            entry, new = await arrive(
                home, settings, query.get("name") or "unnamed", key, request.stream()
            )
        except ClientDisconnect:
            return _problem(400, "The upload broke off.")
        except AudioAssetsError as error:
            return _problem(422, str(error))
        return JSONResponse(
            {"folder": entry.folder, "path": entry.path, "new": new},
            status_code=201 if new else 200,
        )

    return [Route(PATH, add, methods=["PUT"], name="audio_assets_add")]


def _problem(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status)
