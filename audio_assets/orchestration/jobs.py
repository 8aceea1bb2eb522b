"""The three jobs; a job cannot mix partition definitions, so end to end is these in order."""

from __future__ import annotations

import dagster as dg

INGEST = ("raw_audio", "metadata_table", "spectrograms")
REGISTER = ("model_checkpoint",)
ANALYSES = ("similarity_index", "umap_coords", "tsne_coords", "clusters")
ENCODE = ("embeddings", *ANALYSES, "fiftyone_dataset")
ALL_ASSETS = (*INGEST, *REGISTER, *ENCODE)


def build_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """`ingest_folder`, `register_checkpoint` and `encode_folder`, with their checks."""
    return [
        dg.define_asset_job(
            "ingest_folder",
            selection=dg.AssetSelection.assets(*INGEST),
            description="Scan a folder, read its metadata, compute its spectrograms.",
        ),
        dg.define_asset_job(
            "register_checkpoint",
            selection=dg.AssetSelection.assets(*REGISTER),
            description="Read a checkpoint's card, hash its weights, probe a new one.",
        ),
        dg.define_asset_job(
            "encode_folder",
            selection=dg.AssetSelection.assets(*ENCODE),
            description="Encode a folder with a checkpoint, analyse the vectors, fill FiftyOne.",
        ),
    ]


def job_of(asset: str) -> str:
    """Name of the job that holds an asset."""
    if asset in INGEST:
        return "ingest_folder"
    return "register_checkpoint" if asset in REGISTER else "encode_folder"
