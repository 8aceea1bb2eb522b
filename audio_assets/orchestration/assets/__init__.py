"""The assets, one file each: read inputs, call one domain function, return the result."""

from __future__ import annotations

import dagster as dg

from audio_assets.orchestration.assets.clusters import clusters
from audio_assets.orchestration.assets.embeddings import embeddings
from audio_assets.orchestration.assets.fiftyone_dataset import fiftyone_dataset
from audio_assets.orchestration.assets.metadata_table import metadata_table
from audio_assets.orchestration.assets.model_checkpoint import model_checkpoint
from audio_assets.orchestration.assets.projections import tsne_coords, umap_coords
from audio_assets.orchestration.assets.raw_audio import raw_audio
from audio_assets.orchestration.assets.similarity_index import similarity_index
from audio_assets.orchestration.assets.spectrograms import spectrograms

ASSETS: tuple[dg.AssetsDefinition, ...] = (
    raw_audio,
    metadata_table,
    spectrograms,
    model_checkpoint,
    embeddings,
    similarity_index,
    umap_coords,
    tsne_coords,
    clusters,
    fiftyone_dataset,
)
