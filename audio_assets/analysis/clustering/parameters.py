"""Parameters of a clustering, and the request for an ad-hoc one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from audio_assets.errors import UsageError
from audio_assets.settings import Settings

Method = Literal["hdbscan", "kmeans", "agglomerative"]
Linkage = Literal["ward", "average", "complete", "single"]
_ZERO_IS_NONE = BeforeValidator(lambda value: None if value == 0 else value)


class ClusterParameters(BaseModel):
    """How windows are clustered.

    Attributes:
        method: `hdbscan` finds the number of clusters itself and leaves noise; `kmeans` and
            `agglomerative` put every window into one of `n_clusters`.
        umap_dimensions: the UMAP (min_dist 0) in which is clustered, apart from the 2-D map; None
            (or 0) to cluster unit vectors in their own space.
        n_neighbors: of that UMAP.
        min_cluster_size: HDBSCAN: the smallest group that is no noise.
        min_samples: HDBSCAN: neighbours that make a dense place; `min_cluster_size` when None.
        n_clusters: k-means and agglomerative: how many; fewer where there are fewer windows.
        linkage: agglomerative: distance between two clusters.
        seed: of UMAP and k-means; the rest has no random step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = "hdbscan"
    umap_dimensions: Annotated[Annotated[int, Field(ge=2, le=64)] | None, _ZERO_IS_NONE] = 5
    n_neighbors: Annotated[int, Field(ge=2, le=1000)] = 15
    min_cluster_size: Annotated[int, Field(ge=2, le=1_000_000)] = 10
    min_samples: Annotated[int, Field(ge=1, le=1000)] | None = None
    n_clusters: Annotated[int, Field(ge=1, le=10_000)] = 10
    linkage: Linkage = "ward"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 51

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The fields that are settings."""
        return cls(
            method=settings.cluster_method,
            umap_dimensions=settings.cluster_dimensions,
            n_neighbors=settings.umap_n_neighbors,
            min_cluster_size=settings.cluster_min_size,
            n_clusters=settings.cluster_count,
            seed=settings.seed,
        )

    @property
    def random(self) -> bool:
        """Whether another seed can give another result."""
        return self.umap_dimensions is not None or self.method == "kmeans"


class ClusteringRequest(ClusterParameters):
    """What an ad-hoc clustering is asked to do.

    Attributes:
        embedding_sets: ids of embedding sets, all of one signature.
        folder: instead of them: every recording of this folder …
        checkpoint: … under this checkpoint; the default one when None.
        stability_seeds: further seeds with which the clustering is repeated, to see how much of
            it is chance; 0 for none.
        agree_with: another checkpoint, whose vectors of the same windows are clustered with the
            same parameters, to see how far the two agree.
    """

    embedding_sets: Annotated[tuple[str, ...], Field(max_length=100_000, fail_fast=True)] = ()
    folder: str | None = None
    checkpoint: str | None = None
    stability_seeds: Annotated[int, Field(ge=0, le=20)] = 3
    agree_with: str | None = None

    @model_validator(mode="after")
    def _names_one_source(self) -> Self:
        if bool(self.embedding_sets) == bool(self.folder):
            raise ValueError("give either embedding_sets or a folder, not both and not neither")
        if self.embedding_sets and self.checkpoint:
            raise ValueError("checkpoint goes with folder; embedding sets have their own")
        return self

    @property
    def parameters(self) -> ClusterParameters:
        """Without what is clustered."""
        return ClusterParameters(**{n: getattr(self, n) for n in ClusterParameters.model_fields})

    @classmethod
    def of(cls, fields: Mapping[str, object]) -> Self:
        """Make a request from plain values.

        Raises:
            UsageError: a field does not fit, in one sentence.
        """
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'request'}: {e['msg']}" for e in error.errors()
            )
            raise UsageError(f"This clustering cannot be asked for: {problems}.") from error
