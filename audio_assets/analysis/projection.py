"""Maps of the embedding space in two or three dimensions: UMAP and t-SNE, seeded, for any size."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from audio_assets.analysis.map_quality import map_quality
from audio_assets.analysis.neighbours import unit_rows
from audio_assets.analysis.out_of_sample import lay_out
from audio_assets.analysis.umap_layout import SMALLEST, pca_layout, umap_layout
from audio_assets.encoding.pipeline import thread_count
from audio_assets.schemas import COORDINATES, COORDINATES_3D
from audio_assets.settings import Settings

PARAMETERS_KEY = b"parameters"


class UmapParameters(BaseModel):
    """Parameters of the UMAP map; the metric is cosine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_neighbors: Annotated[int, Field(ge=2)] = 15
    min_dist: Annotated[float, Field(ge=0, le=1)] = 0.1
    seed: int = 51
    sample: Annotated[int, Field(ge=4)] = 100_000
    """Windows that are fitted; more are placed among them."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The fields that are settings."""
        return cls(
            n_neighbors=settings.umap_n_neighbors,
            min_dist=settings.umap_min_dist,
            seed=settings.seed,
            sample=settings.umap_sample,
        )


class TsneParameters(BaseModel):
    """Parameters of the t-SNE map; Euclidean on unit vectors, which orders as cosine does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    perplexity: Annotated[float, Field(gt=0)] = 30.0
    learning_rate: Annotated[float, Field(gt=0)] = 200.0
    seed: int = 51
    sample: Annotated[int, Field(ge=4)] = 50_000
    """Windows that are fitted; more are placed among them."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The fields that are settings."""
        return cls(
            perplexity=settings.tsne_perplexity,
            learning_rate=settings.tsne_learning_rate,
            seed=settings.seed,
            sample=settings.tsne_sample,
        )


def umap_coordinates(
    table: pa.Table, params: UmapParameters | None = None, dimensions: Literal[2, 3] = 2
) -> pa.Table:
    """Map every window by UMAP (arXiv:1802.03426) in cosine distance.

    Args:
        table: embeddings, `schemas.embeddings_schema`.
        params: the defaults when None.
        dimensions: of the map.

    Returns:
        Table of the COORDINATES (or COORDINATES_3D) schema in the order of `table`; the schema
        metadata `parameters` are JSON: `asked` and `used` (fewer neighbours for few windows;
        `pca` below four).
    """
    params = params or UmapParameters()
    used: dict[str, Any] = {}

    def fit(vectors: np.ndarray) -> np.ndarray:
        layout, found = umap_layout(
            vectors,
            dimensions=dimensions,
            n_neighbors=params.n_neighbors,
            min_dist=params.min_dist,
            seed=params.seed,
        )
        used.update(found, metric="cosine", min_dist=params.min_dist)
        return layout

    layout, fitted = lay_out(table, params.sample, params.seed, fit)
    return _table(table, layout, params, {**used, **_quality(table, layout, params.seed, fitted)})


def tsne_coordinates(
    table: pa.Table,
    params: TsneParameters | None = None,
    dimensions: Literal[2, 3] = 2,
    *,
    threads: int = 0,
) -> pa.Table:
    """Map every window by t-SNE (van der Maaten and Hinton 2008), started from a PCA.

    Args:
        table: embeddings, `schemas.embeddings_schema`.
        params: the defaults when None.
        dimensions: of the map.
        threads: the map is the same with any number; 0 takes one per processor.

    Returns:
        As `umap_coordinates`; the perplexity used is at most a third of the other windows, and
        with fewer than four windows, or when all vectors are equal, the map is a PCA.
    """
    params = params or TsneParameters()
    used: dict[str, Any] = {}

    def fit(vectors: np.ndarray) -> np.ndarray:
        layout, found = _tsne_layout(unit_rows(vectors), params, dimensions, threads)
        used.update(found)
        return layout

    layout, fitted = lay_out(table, params.sample, params.seed, fit)
    return _table(table, layout, params, {**used, **_quality(table, layout, params.seed, fitted)})


def _tsne_layout(
    units: np.ndarray, params: TsneParameters, dimensions: Literal[2, 3], threads: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """The layout of unit vectors [n, dim], float32 [n, dimensions], and the values used."""
    if len(units) < SMALLEST or bool((units == units[:1]).all()):
        return pca_layout(units, dimensions), {"method": "pca"}
    from audio_assets.analysis.tsne_layout import tsne_layout

    perplexity = min(params.perplexity, (len(units) - 1) / 3)
    rate = params.learning_rate
    if dimensions == 3:
        # points have more room to fly apart; N / exaggeration: Belkina et al. 2019
        rate = min(rate, max(10.0, len(units) / 12))
    layout = tsne_layout(
        units,
        dimensions=dimensions,
        perplexity=perplexity,
        learning_rate=rate,
        seed=params.seed,
        threads=thread_count(threads),
    )
    used = {
        "method": "tsne",
        "perplexity": perplexity,
        "learning_rate": rate,
        "metric": "euclidean on unit vectors",
    }
    return layout, used


def _quality(table: pa.Table, layout: np.ndarray, seed: int, fitted: int) -> dict[str, Any]:
    """What the map is worth, and of how many windows it was made."""
    quality = map_quality(table, layout, seed=seed)
    return {"fitted": fitted, **({"quality": quality} if quality else {})}


def parameters_of(table: pa.Table) -> dict[str, Any]:
    """What a table of coordinates or clusters was made with: {asked, used, …}; {} when unknown."""
    text = (table.schema.metadata or {}).get(PARAMETERS_KEY)
    return json.loads(text) if text else {}


def parameters_metadata(asked: BaseModel, used: dict[str, Any]) -> dict[bytes, bytes]:
    """Schema metadata that `parameters_of` reads."""
    text = json.dumps({"asked": asked.model_dump(mode="json"), "used": used}, sort_keys=True)
    return {PARAMETERS_KEY: text.encode()}


def _table(
    table: pa.Table, layout: np.ndarray, params: BaseModel, used: dict[str, Any]
) -> pa.Table:
    plain = COORDINATES if layout.shape[1] == 2 else COORDINATES_3D
    schema = plain.with_metadata(parameters_metadata(params, used))
    columns = [pa.array(np.ascontiguousarray(column)) for column in layout.T]
    return pa.Table.from_arrays([table["window_id"].combine_chunks(), *columns], schema=schema)
