"""Code versions of the assets, with the parameters that enter them; imports no Dagster."""

from __future__ import annotations

from audio_assets.settings import Settings


def code_versions(settings: Settings) -> dict[str, str]:
    """Code version of every asset: a number raised by hand, then the parameters that it uses.

    A changed parameter thus makes exactly the assets that use it stale.
    """
    from audio_assets.analysis.vector_index import available
    from audio_assets.encoding.signature import CODE_VERSION

    s = settings
    umap = (
        f"n_neighbors={s.umap_n_neighbors} min_dist={s.umap_min_dist} seed={s.seed} "
        f"sample={s.umap_sample}"
    )
    tsne = (
        f"perplexity={s.tsne_perplexity} learning_rate={s.tsne_learning_rate} seed={s.seed} "
        f"sample={s.tsne_sample}"
    )
    third = " dimensions=3" if s.map_dimensions == 3 else ""
    clusters = (
        f"method={s.cluster_method} dimensions={s.cluster_dimensions} "
        f"min_size={s.cluster_min_size} count={s.cluster_count} "
        f"n_neighbors={s.umap_n_neighbors} seed={s.seed} sample={s.cluster_sample}"
    )
    return {
        "raw_audio": "1",
        "metadata_table": "2",
        "spectrograms": f"1 encoding={CODE_VERSION}",
        "model_checkpoint": "1",
        "embeddings": f"1 encoding={CODE_VERSION} precision={s.precision}",
        "similarity_index": (
            f"2 k={s.similarity_k} lancedb_above={s.lancedb_above if available() else 'never'}"
        ),
        "umap_coords": f"2 {umap}{third}" if s.compute_umap else "1 off",
        "tsne_coords": f"3 {tsne}{third}" if s.compute_tsne else "1 off",
        "clusters": f"2 {clusters}",
        "fiftyone_dataset": (
            f"2 field={s.embedding_field} samples={s.app_samples} persistent={s.persistent} "
            f"similarity={s.similarity_backend}"
        ),
    }
