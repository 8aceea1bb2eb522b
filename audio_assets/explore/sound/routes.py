"""`/audio_assets/…` on FiftyOne's server: a sample's sound, pictures, events and neighbours."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from audio_assets.api.byte_ranges import UnsatisfiableRangeError, parse_range
from audio_assets.errors import (
    AudioAssetsError,
    ConflictError,
    NotFoundError,
    NotMaterializedError,
    RecordingError,
    UsageError,
)
from audio_assets.explore.sound.events import events_of
from audio_assets.explore.sound.peaks import peaks_of
from audio_assets.explore.sound.playable import HIGHEST_RATE, LOWEST_RATE, PlayableWav
from audio_assets.explore.sound.sample_sound import SampleSound, SampleSounds
from audio_assets.explore.sound.similar import MOST, similar_to
from audio_assets.explore.sound.span import Span, number, slow_of, span_of
from audio_assets.explore.sound.spectrogram import spectrogram_of
from audio_assets.searching import Spaces

PREFIX = "/audio_assets"
STATUS = {
    NotFoundError: 404, NotMaterializedError: 404, ConflictError: 409, RecordingError: 422,
    UsageError: 400,
}  # fmt: skip
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=60",
}
FRESH = {**SAFE, "Cache-Control": "no-store"}
Answer = Callable[[SampleSounds, SampleSound, Span, Request], Response]

log = logging.getLogger(__name__)


def sound_routes(sounds: SampleSounds, allow_remote: bool = False) -> list[Route]:
    """The routes; without `allow_remote` they answer this machine alone.

    Args:
        sounds: finds the recordings.
        allow_remote: the user opened the App to other machines in so many words.
    """
    answers: dict[str, Answer] = {
        "sound": _sound, "peaks": _peaks, "spectrogram": _spectrogram, "events": _events,
        "similar": partial(_similar, Spaces(sounds.home)),
    }  # fmt: skip
    return [
        Route(
            f"{PREFIX}/{name}/{{dataset}}/{{sample_id}}",
            _endpoint(sounds, answer, allow_remote),
            methods=["GET"],
            name=f"audio_assets_{name}",
        )
        for name, answer in answers.items()
    ]


def _endpoint(sounds: SampleSounds, answer: Answer, allow_remote: bool) -> Any:
    def work(request: Request) -> Response:
        sound = sounds.find(request.path_params["dataset"], request.path_params["sample_id"])
        return answer(sounds, sound, span_of(sound, request.query_params), request)

    async def endpoint(request: Request) -> Response:
        if not allow_remote and not _is_local(request):
            return _problem(403, "Sounds are given to this machine alone.")
        try:
            return await run_in_threadpool(work, request)
        except AudioAssetsError as error:
            status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), 500)
            return _problem(status, str(error))

    return endpoint


def _sound(sounds: SampleSounds, sound: SampleSound, span: Span, request: Request) -> Response:
    rate = number(request.query_params, "rate", LOWEST_RATE, HIGHEST_RATE)
    played = None if rate is None else round(rate)
    wav = PlayableWav(sound, span, slow_of(request.query_params), played)
    headers = {**SAFE, "Accept-Ranges": "bytes", "X-Duration-S": f"{wav.seconds:.6f}"}
    try:
        part = parse_range(request.headers.get("range"), wav.size)
    except UnsatisfiableRangeError:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{wav.size}"})
    first, end = part or (0, wav.size)
    headers["Content-Length"] = str(end - first)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{wav.size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type="audio/wav")
    body = wav.read(first, end)
    # what cannot be decoded at all is said in words, before a status is sent
    beginning = next(body, b"") + next(body, b"")
    return StreamingResponse(_after(beginning, body), status, headers, media_type="audio/wav")


def _after(beginning: bytes, rest: Any) -> Any:
    yield beginning
    yield from rest


def _peaks(sounds: SampleSounds, sound: SampleSound, span: Span, request: Request) -> Response:
    columns = number(request.query_params, "columns", 1, 8192)
    return JSONResponse(peaks_of(sound, span, round(columns or 1000)), headers=SAFE)


def _spectrogram(
    sounds: SampleSounds, sound: SampleSound, span: Span, request: Request
) -> Response:
    query = request.query_params
    width, height = number(query, "width", 16, 4096), number(query, "height", 16, 2048)
    top = number(query, "top", 10, 1e6)
    picture = spectrogram_of(sound, span, round(width or 1000), round(height or 300), top)
    headers = {
        **SAFE, "X-Start-S": f"{span.start_s:.6f}", "X-End-S": f"{span.end_s:.6f}",
        "X-Top-Hz": f"{min(top or 1e9, sound.sample_rate / 2):.3f}",
    }  # fmt: skip
    return Response(picture, media_type="image/png", headers=headers)


def _events(sounds: SampleSounds, sound: SampleSound, span: Span, request: Request) -> Response:
    found = events_of(sound, span, sounds.collection(sound.folder))
    about = {
        "sample_rate": sound.sample_rate,
        "window_s": sound.frames / sound.sample_rate,
        "begins_s": sound.start_frame / sound.sample_rate,
        "recording_s": sound.total_frames / sound.sample_rate,
        "path": sound.document.get("path"),
        "preview": sounds.preview(sound),
    }
    return JSONResponse({**about, **found}, headers=FRESH)


def _similar(
    spaces: Spaces, sounds: SampleSounds, sound: SampleSound, _: Span, request: Request
) -> Response:
    k = number(request.query_params, "k", 1, MOST)
    checkpoint = request.query_params.get("checkpoint") or None
    return JSONResponse(
        similar_to(sounds, spaces, sound, checkpoint, round(k or 20)), headers=FRESH
    )


def _is_local(request: Request) -> bool:
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _problem(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status, headers=SAFE)
