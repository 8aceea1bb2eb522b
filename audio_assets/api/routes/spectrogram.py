"""GET /audio/{id}/spectrogram: the stored preview of a window, else a picture drawn now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from audio_assets.api.audio_item import AtPath, AudioId, InFolder
from audio_assets.api.context import Shared
from audio_assets.api.problems import ProblemError, documented
from audio_assets.api.routes.audio import file_of
from audio_assets.encoding.previews import png_name
from audio_assets.recordings.decode import Reader

router = APIRouter(prefix="/audio", tags=["audio"])

WINDOW = r"^[0-9a-f]{16}@[0-9]{1,15}\+[0-9]{1,15}$"
BEGINNING_S = 10.0
LONGEST_S = 120.0
MOST_SAMPLES = 48_000_000
PNG = {"image/png": {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/{id}/spectrogram",
    summary="A spectrogram",
    response_class=Response,
    responses={200: {"description": "A picture", "content": PNG}, **documented(422)},
)
def get_spectrogram(
    id: AudioId,
    context: Shared,
    folder: InFolder = None,
    path: AtPath = None,
    window_id: Annotated[
        str | None,
        Query(pattern=WINDOW, description="A window of it", examples=["0f2c5b8a91d0e377@0+80000"]),
    ] = None,
    start_s: Annotated[float, Query(ge=0, le=1e7, description="Where the span begins")] = 0.0,
    seconds: Annotated[
        float | None, Query(gt=0, le=LONGEST_S, description="Its length; 10 s, or what is there")
    ] = None,
    width: Annotated[int, Query(ge=16, le=2048, description="Pixels of a picture drawn now")] = 640,
    height: Annotated[int, Query(ge=16, le=1024, description="Pixels")] = 256,
) -> Response:
    """Frequency over time, the loudest 80 dB.

    Of a window (the stored preview, as the model sees it, where there is one), of a span, or of
    the beginning of the recording.
    """
    entry, _ = context.catalogue.find(id, folder, path)
    if window_id is not None:
        if not str(entry.recording_id).startswith(window_id.partition("@")[0]):
            raise ProblemError(404, f"The window {window_id!r} is not one of this recording.")
        stored = context.home.asset("spectrograms", folder=entry.folder) / "png"
        preview = stored / png_name(window_id)
        if preview.is_file():
            return _png(preview.read_bytes(), "stored")
    from audio_assets.transforms.span_picture import span_picture

    with Reader(file_of(context, entry)) as reader:
        first, frames = _span(reader.sample_rate, window_id, start_s, seconds)
        waveform = reader.read(first, min(frames, MOST_SAMPLES))
    if not len(waveform):
        raise ProblemError(404, "The span lies behind the end of the recording.")
    return _png(span_picture(waveform, width, height), "drawn")


def _span(
    rate: int, window_id: str | None, start_s: float, seconds: float | None
) -> tuple[int, int]:
    """First frame and number of frames wanted."""
    if window_id is not None:
        first, frames = map(int, window_id.partition("@")[2].split("+"))
        return first, min(frames, round(LONGEST_S * rate))
    return round(start_s * rate), max(1, round((seconds or BEGINNING_S) * rate))


def _png(content: bytes, origin: str) -> Response:
    headers = {"X-Content-Type-Options": "nosniff", "X-Spectrogram": origin}
    return Response(content, media_type="image/png", headers=headers)
