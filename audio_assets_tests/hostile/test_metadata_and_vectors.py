"""Blind damage to SigMF metadata, query vectors, weights and tables: data, or our own words."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from audio_assets.errors import AudioAssetsError
from audio_assets.loaders.table_reader import read_table
from audio_assets.models.card import read_card
from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.query_vectors import read_vector
from audio_assets.radio.metadata import parse_metadata
from audio_assets_tests.hostile.blind import damaged
from audio_assets_tests.tiny_checkpoint import write_tiny_checkpoint

SIGMF = json.dumps(
    {
        "global": {
            "core:datatype": "cf32_le", "core:version": "1.2.0", "core:sample_rate": 1e6,
            "core:geolocation": {"type": "Point", "coordinates": [-107.6, 34.1]},
        },
        "captures": [{"core:sample_start": 0, "core:frequency": 9e8,
                      "core:datetime": "2019-05-22T03:04:05Z"}],
        "annotations": [{"core:sample_start": 5, "core:sample_count": 20, "core:label": "x"}],
    }
).encode()  # fmt: skip
TABLE = b'filename,label,target,lat\na.wav,robin,1,52.5\nb.wav,"wr,en",2,-13\n' * 3
PARTS = (b"1e999", b"-1", b"NaN", b"null", b"[]", b"{}", b'"', b"\\ud800", b"9" * 400, b"true")


def lies(content: bytes, rng: np.random.Generator) -> bytes:
    """Text in which one word has become another, or blind damage."""
    if rng.random() < 0.5:
        return damaged(content, rng)[1]
    at = int(rng.integers(len(content)))
    part = PARTS[int(rng.integers(len(PARTS)))]
    return content[:at] + part + content[at + int(rng.integers(len(part) + 6)) :]


def tried(read: Callable[..., Any], *arguments: Any) -> Any:
    """What a reader gives, or the error that is meant for people."""
    try:
        return read(*arguments)
    except AudioAssetsError as error:
        assert len(str(error)) > 10  # noqa: PT017
        return error


def test_sigmf_metadata():
    rates: list[float | None] = []
    for seed in range(1000):
        found = tried(parse_metadata, lies(SIGMF, np.random.default_rng(seed)))
        if not isinstance(found, AudioAssetsError):
            rates.append(found.sample_rate)
    assert 0 < len(rates) < 1000
    assert all(rate is None or 1 <= rate < 2**31 for rate in rates)


def test_query_vectors():
    stream = io.BytesIO()
    np.save(stream, np.arange(64, dtype=np.float32))
    texts = {"v.npy": stream.getvalue(), "v.json": b"[0.5, 1e3, -2]", "v.csv": b"0.5,1e3,-2\n"}
    for seed in range(1500):
        name = list(texts)[seed % 3]
        found = tried(read_vector, name, lies(texts[name], np.random.default_rng(seed)))
        if not isinstance(found, AudioAssetsError):
            assert found.dtype == np.float32
            assert np.isfinite(found).all()


def test_tables(tmp_path):
    path = tmp_path / "t.csv"
    for seed in range(300):
        content = lies(TABLE, np.random.default_rng(seed))
        path.write_bytes(content)
        found = tried(read_table, path)
        if isinstance(found, AudioAssetsError):
            assert str(path) in str(found)
        else:
            assert len(found) <= content.count(b"\n") + content.count(b"\r")


def test_weights_and_cards(tmp_path):
    tiny = write_tiny_checkpoint(tmp_path / "tiny")
    card, weights = (tiny / n for n in ("model.yaml", "weights.safetensors"))
    texts = card.read_bytes(), weights.read_bytes()
    for seed in range(120):
        rng = np.random.default_rng(seed)
        card.write_bytes(lies(texts[0], rng))
        weights.write_bytes(damaged(texts[1], rng)[1])
        tried(read_card, card)
        tried(read_encoder, weights)
