"""Plays the automation conditions tick by tick against an instance."""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster._core.events import StepMaterializationData

from audio_assets.orchestration.jobs import ALL_ASSETS


class Story:
    """Events are put in by hand; `tick` says what would be requested."""

    def __init__(self, instance: dg.DagsterInstance, definitions: dg.Definitions) -> None:
        self.instance, self.definitions = instance, definitions
        self._cursor: Any = None

    def made(self, asset: str, key: str, version: str = "1") -> None:
        """A materialization with a data version."""
        self.instance.report_runless_asset_event(
            dg.AssetMaterialization(asset, partition=key, tags={"dagster/data_version": version})
        )

    def made_all(self, folder: str, checkpoint: str, version: str = "1") -> None:
        """Every asset of one folder and checkpoint."""
        for asset in ("raw_audio", "metadata_table", "spectrograms"):
            self.made(asset, folder, version)
        self.made("model_checkpoint", checkpoint, version)
        for asset in ("embeddings", "similarity_index", "umap_coords", "tsne_coords", "clusters",
                      "fiftyone_dataset"):  # fmt: skip
            self.made(asset, f"{checkpoint}|{folder}", version)

    def made_by(self, run: dg.DagsterRun, asset: str, key: str, version: str) -> None:
        """A materialization by a run that goes on."""
        materialization = dg.AssetMaterialization(
            asset, partition=key, tags={"dagster/data_version": version}
        )
        event = dg.DagsterEvent(
            dg.DagsterEventType.ASSET_MATERIALIZATION.value, run.job_name, step_key=asset,
            event_specific_data=StepMaterializationData(materialization),
        )  # fmt: skip
        self.instance.report_dagster_event(event, run.run_id)

    def started(self, *assets: str, key: str) -> dg.DagsterRun:
        """A run that is computing a partition of these assets."""
        keys = {dg.AssetKey(asset) for asset in assets}
        job = self.definitions.resolve_implicit_global_asset_job_def().get_subset(
            asset_selection=keys
        )
        run = self.instance.create_run_for_job(
            job, tags={"dagster/partition": key}, asset_selection=frozenset(keys)
        )
        self.instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, run.job_name), run.run_id
        )
        return run

    def ended(self, run: dg.DagsterRun, *, failed: bool = False) -> None:
        """That run's end."""
        if failed:
            self.instance.report_run_failed(run)
            return
        self.instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.PIPELINE_SUCCESS.value, run.job_name), run.run_id
        )

    def tick(self, definitions: dg.Definitions | None = None) -> dict[str, set[str]]:
        """What is requested now, by asset; nothing of it is materialized by itself."""
        result = dg.evaluate_automation_conditions(
            definitions or self.definitions, self.instance, cursor=self._cursor
        )
        self._cursor = result.cursor
        found = {a: result.get_requested_partitions(dg.AssetKey(a)) for a in ALL_ASSETS}
        return {asset: {str(k) for k in keys} for asset, keys in found.items() if keys}
