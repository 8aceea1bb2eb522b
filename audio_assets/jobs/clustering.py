"""What a request for a clustering means in this home; refused before anything runs."""

from __future__ import annotations

from typing import Any

from audio_assets.analysis.clustering.methods import refuse_too_many
from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.analysis.clustering.selection import selected_sets
from audio_assets.home import Home, check_slug
from audio_assets.settings import Settings


def resolve_clustering(
    home: Home, settings: Settings, request: ClusteringRequest
) -> dict[str, Any]:
    """Turn a request into what is stored: ids sorted, each once, and the checkpoint named.

    Returns:
        The fields of a `ClusteringRequest` as JSON values.

    Raises:
        EmbeddingSetNotFoundError: an id is unknown.
        IncompatibleSetsError: dimensions or signatures differ.
        NotMaterializedError: the folder has no vectors under that checkpoint.
        UsageError: the folder is unknown, a name cannot be one, or there are too many windows.
    """
    if request.folder is not None:
        checkpoint = check_slug(request.checkpoint or settings.checkpoint, "The checkpoint")
        check_slug(request.folder, "The folder")
        request = request.model_copy(update={"checkpoint": checkpoint})
    else:
        ids = tuple(sorted(set(request.embedding_sets)))
        request = request.model_copy(update={"embedding_sets": ids})
    if request.agree_with is not None:
        check_slug(request.agree_with, "The checkpoint to agree with")
    sets = selected_sets(home, request)
    refuse_too_many(sum(one.windows for one in sets), request)
    return request.model_dump(mode="json")
