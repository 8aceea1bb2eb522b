"""Whole sound files to begin with: seconds of real recordings in every format that is read."""

from __future__ import annotations

import io
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from audio_assets_tests.hostile.lies import ogg

WRITTEN: dict[str, tuple[tuple[str, str], ...]] = {
    "wav": (("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "PCM_U8"), ("WAV", "DOUBLE"),
            ("WAVEX", "PCM_24"), ("WAV", "ULAW"), ("WAV", "MS_ADPCM"), ("WAV", "IMA_ADPCM"),
            ("WAV", "GSM610"), ("WAV", "G721_32"), ("WAV", "NMS_ADPCM_16"),
            ("WAV", "MPEG_LAYER_III")),
    "rf64": (("RF64", "PCM_16"), ("RF64", "FLOAT")),
    "w64": (("W64", "PCM_16"), ("W64", "FLOAT"), ("W64", "MS_ADPCM")),
    "aiff": (("AIFF", "PCM_16"), ("AIFF", "FLOAT"), ("AIFF", "IMA_ADPCM"), ("AIFF", "DWVW_16"),
             ("AIFF", "PCM_24"), ("AIFF", "GSM610")),
    "au": (("AU", "PCM_16"), ("AU", "DOUBLE"), ("AU", "G721_32"), ("AU", "ULAW")),
    "caf": (("CAF", "PCM_16"), ("CAF", "FLOAT"), ("CAF", "ALAC_16"), ("CAF", "ALAC_24")),
    "flac": (("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("FLAC", "PCM_S8")),
    "ogg": (("OGG", "VORBIS"),),
    "opus": (("OGG", "OPUS"),),
    "mp3": (("MP3", "MPEG_LAYER_III"),),
}  # fmt: skip
"""Extension → what libsndfile can write under it."""

FORMATS = (*WRITTEN, "m4a", "aac")
SECONDS = 1.5
HEAD = 4096
ONE_CHANNEL = frozenset({"GSM610", "G721_32", "NMS_ADPCM_16"})
OPUS_RATE = 24000


def sounds(folder: Path | None, count: int = 4) -> list[tuple[np.ndarray, int]]:
    """The first seconds of recordings of a folder; synthesized ones where there is none.

    Returns:
        [(float32 [n, channels], rate), …]; the second has two channels.
    """
    found: list[tuple[np.ndarray, int]] = []
    paths = sorted(folder.rglob("*")) if folder else []
    usable = [
        p for p in paths if p.suffix in (".wav", ".ogg", ".flac") and "bad" not in p.parent.name
    ]
    for path in usable[:: max(1, len(usable) // count)][:count]:
        with sf.SoundFile(path) as file:
            block = file.read(round(SECONDS * file.samplerate), dtype="float32", always_2d=True)
            if np.ptp(block) > 0.01:
                found.append((block[:, :2], file.samplerate))
    if not found:
        time = np.arange(round(SECONDS * 22050)) / 22050
        for i in range(count):
            chirp = 0.5 * np.sin(2 * np.pi * (200 + 300 * i + 400 * time) * time)
            found.append((chirp.astype(np.float32)[:, None], 22050))
    first = found[1 % len(found)]
    found[1 % len(found)] = (np.repeat(first[0][:, :1], 2, axis=1), first[1])
    return found


def originals(format_name: str, folder: Path | None) -> list[bytes]:
    """Whole files of one format, one per kind of samples and per sound."""
    if format_name in ("m4a", "aac"):
        return [with_av(format_name, sound, rate) for sound, rate in sounds(folder)]
    found = []
    for kind, subtype in WRITTEN[format_name]:
        for sound, rate in sounds(folder)[:2]:
            content = io.BytesIO()
            block = sound[:, :1] if subtype in ONE_CHANNEL else sound
            rate = OPUS_RATE if subtype == "OPUS" else rate
            try:
                sf.write(content, block, rate, format=kind, subtype=subtype)
            except sf.LibsndfileError:  # this pair of rate and kind does not exist
                continue
            found.append(_timeless(content.getvalue()))
    return found


def _timeless(content: bytes) -> bytes:
    """Without the time of writing, and with a serial number that is not drawn by chance."""
    data = bytearray(content)
    for name in (b"PEAK", b"peak"):
        if (at := content.find(name, 0, HEAD)) >= 0:
            data[at + 12 : at + 16] = bytes(4)
    at = content.find(b"OggS") if content.startswith(b"OggS") else -1
    while at >= 0:
        data[at + 14 : at + 18] = b"ours"
        at = content.find(b"OggS", at + 4)
    return ogg.with_checksums(bytes(data)) if content.startswith(b"OggS") else bytes(data)


def wave_files(count: int, folder: Path | None) -> list[bytes]:
    """WAV files that all differ, cut from the same sounds at other levels."""
    found = []
    for number, (sound, rate) in zip(range(count), cycle(sounds(folder)), strict=False):
        content = io.BytesIO()
        sf.write(content, sound * (0.3 + 0.6 * number / count), rate, format="WAV")
        found.append(content.getvalue())
    return found


def with_av(format_name: str, sound: np.ndarray, rate: int) -> bytes:
    """AAC as FFmpeg writes it, in MP4 or bare."""
    import av

    library: Any = av
    content = io.BytesIO()
    container = {"m4a": "mp4", "aac": "adts"}[format_name]
    with library.open(content, "w", format=container) as output:
        layout = "stereo" if sound.shape[1] == 2 else "mono"
        stream = output.add_stream("aac", rate=rate, layout=layout)
        planes = np.ascontiguousarray(sound.T)
        frame = library.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
        frame.rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            output.mux(packet)
    return content.getvalue()


@cache
def has_av() -> bool:
    """Whether FFmpeg is there to make and read AAC."""
    try:
        import av  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        return False
    return True
