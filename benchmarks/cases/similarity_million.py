"""Top-20 over 1,000,000 × 768: the index on disk, its recall, its latency and its memory."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.case import Outcome, Ratio, Setup, Skipped
from benchmarks.mixture import Mixture, fitted, real_vectors
from benchmarks.timing import peak_rss_mb

TITLE = "Approximate top-20 over 1,000,000 × 768"
K, DIM, QUERIES = 20, 768, 200


def measure(setup: Setup) -> Outcome:
    """Write embeddings, build the index from them, ask it; the exact answers come from blocks."""
    from audio_assets.analysis import vector_index
    from audio_assets.analysis.vector_index import VectorIndex

    if not vector_index.available():
        raise Skipped("LanceDB is not installed: pip install audio-assets[lancedb]")
    rows = 30_000 if setup.quick else 1_000_000
    real = real_vectors(setup.recordings, 60 if setup.quick else 120)
    mixture = fitted(real, DIM)
    queries = _units(mixture.block(10**6, QUERIES))
    path = setup.work / "embeddings.parquet"
    truth = _write(path, mixture, rows, queries)
    before, began = peak_rss_mb(), time.perf_counter()
    index = VectorIndex.build(setup.work / "folder.lance", path, _metadata(rows))
    built = time.perf_counter() - began
    path.unlink()
    plain = [_ask(index, query, {}) for query in queries]
    plain = [_ask(index, query, {}) for query in queries]  # the first round warmed the cache
    recall = np.mean([len(set(ids) & t) / K for (ids, _), t in zip(plain, truth, strict=True)])
    seconds = np.array([took for _, took in plain])
    filtered = np.array([_ask(index, query, {"label": "3"})[1] for query in queries[:50]])
    p95 = 1000 * float(np.percentile(seconds, 95))
    return Outcome(
        ratios=[
            Ratio(f"recall@{K}", float(recall), 0.95, unit=""),
            Ratio("p95 of one query", p95, 20.0, at_least=False, unit="ms"),
        ],
        ours={
            "windows": rows,
            "dim": DIM,
            "build_seconds": round(built, 1),
            "peak_mb_before_building": before,
            "peak_mb_building": peak_rss_mb(),
            "p50_ms": 1000 * float(np.median(seconds)),
            "p95_ms": p95,
            "filtered_p50_ms": 1000 * float(np.median(filtered)),
            "filtered_p95_ms": 1000 * float(np.percentile(filtered, 95)),
            "index_mb": sum(f.stat().st_size for f in _files(setup.work)) / 1e6,
        },
        notes=[
            f"Vectors of a mixture of {len(mixture.centres)} low-rank Gaussians fitted to "
            f"{'real embeddings' if real is not None else 'its own seed'} (benchmarks/mixture.py).",
            "Filtered: a label that a tenth of the recordings have, in the same query.",
        ],
    )


def _ask(index: object, query: np.ndarray, where: dict[str, str]) -> tuple[list[str], float]:
    began = time.perf_counter()
    found = index.query(query, K, where=where)  # type: ignore[attr-defined]
    return found["window_id"].to_pylist(), time.perf_counter() - began


def _write(path: Path, mixture: Mixture, rows: int, queries: np.ndarray) -> list[set[str]]:
    """Write the embeddings block by block; gives the exact answers."""
    from audio_assets.encoding.embeddings_file import rows_per_group, write_embeddings

    step = rows_per_group(DIM)
    scores = np.full((len(queries), K), -np.inf, np.float32)
    best = np.zeros((len(queries), K), np.int64)

    def blocks():
        nonlocal scores, best
        for number, begin in enumerate(range(0, rows, step)):
            vectors = _units(mixture.block(number, min(step, rows - begin)))
            near = queries @ vectors.T
            own = np.argpartition(near, -K, axis=1)[:, -K:]
            here = np.concatenate([scores, np.take_along_axis(near, own, 1)], axis=1)
            where = np.concatenate([best, begin + own], axis=1)
            top = np.argsort(-here, axis=1)[:, :K]
            scores, best = np.take_along_axis(here, top, 1), np.take_along_axis(where, top, 1)
            yield vectors

    number = np.arange(rows)
    windows = pa.table(
        {
            "window_id": pa.array(_names(number)),
            "recording_id": pa.array(_recordings(number // 100)),
            "start_s": number % 100 * 5.0,
            "end_s": number % 100 * 5.0 + 5.0,
        }
    )
    write_embeddings(path, windows, "s" * 64, DIM, blocks(), {})
    return [set(_names(row)) for row in best]


def _names(number: np.ndarray) -> list[str]:
    return [f"{i // 100:016x}@{i % 100}+1" for i in number.tolist()]


def _recordings(number: np.ndarray) -> list[str]:
    return [f"{i:064x}" for i in number.tolist()]


def _metadata(rows: int) -> pa.Table:
    number = np.arange(-(-rows // 100))
    labels = [str(i % 10) for i in number.tolist()]
    return pa.table({"recording_id": _recordings(number), "label": labels})


def _units(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]
