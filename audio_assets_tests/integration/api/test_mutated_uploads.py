"""Damaged files of every format: each is taken or refused with a reason, and nothing is left."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from audio_assets_tests.integration.api.conftest import left_over, send, sound

FORMATS = [("WAV", "PCM_16", "wav"), ("FLAC", "PCM_16", "flac"), ("OGG", "VORBIS", "ogg"),
           ("MP3", "MPEG_LAYER_III", "mp3")]  # fmt: skip
LARGEST = 200_000


def originals(test_data: Path | None) -> list[tuple[bytes, str]]:
    """Whole sound files: real ones where there are some, and one of each format."""
    made = [(sound(i, kind=k, subtype=s), f"a.{end}") for i, (k, s, end) in enumerate(FORMATS)]
    real = sorted(test_data.rglob("*")) if test_data else []
    kept: dict[str, tuple[bytes, str]] = {}
    for path in real:
        small = path.suffix in {".ogg", ".wav", ".mp3", ".flac"} and path.is_file()
        if small and "bad_files" not in path.parts and path.stat().st_size < LARGEST:
            kept.setdefault(path.suffix, (path.read_bytes(), path.name))
    return made + list(kept.values())


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip bytes (often in the header), cut, repeat, insert or fill with zeros."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(data))) if rng.random() < 0.4 else int(rng.integers(80))
        at = min(at, max(0, len(data) - 1))
        match int(rng.integers(6)):
            case 0:
                data[at : at + 1] = rng.bytes(1)
            case 1:
                data[at : at + 4] = b"\xff\xff\xff\xff"
            case 2:
                del data[at:]
            case 3:
                data[at:at] = rng.bytes(int(rng.integers(1, 200)))
            case 4:
                data[at : at + 64] = bytes(64)
            case _:
                data += data[at : at + 5000]
        if not data:
            break
    return bytes(data)


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_damaged_file_is_taken_or_refused_with_a_reason(client, settings, test_data, count):
    rng = np.random.default_rng(7)
    sources = originals(test_data)
    statuses: Counter[int] = Counter()
    for i in range(count):
        content, name = sources[i % len(sources)]
        damaged = mutated(content, rng)
        reply = send(client, damaged, name)
        statuses[reply.status_code] += 1
        assert reply.status_code in (200, 201, 413, 422), (i, reply.text)
        if reply.status_code >= 400:
            assert reply.headers["content-type"] == "application/problem+json"
            assert len(reply.json()["detail"]) > 10, i
        else:
            assert reply.json()["audio"]["id"] == hashlib.sha256(damaged).hexdigest()
    assert left_over(settings.home) == []
    stored = list((settings.home / "data" / "audio" / "uploads").iterdir())
    assert len(stored) == statuses[201]
    assert statuses[201] > 0
    assert statuses[422] > 0
