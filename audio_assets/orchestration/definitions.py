"""Everything of the code location, put together for one set of settings."""

from __future__ import annotations

import dagster as dg

from audio_assets.home import Home
from audio_assets.orchestration.assets import ASSETS
from audio_assets.orchestration.automation import automation_sensor
from audio_assets.orchestration.checks import CHECKS
from audio_assets.orchestration.clustering_job import clustering_job
from audio_assets.orchestration.io_managers import JsonStore, NpyStore, ParquetStore
from audio_assets.orchestration.job_requests import job_requests_sensor
from audio_assets.orchestration.jobs import build_jobs
from audio_assets.orchestration.old_runs import old_runs_sensor
from audio_assets.orchestration.resources import ComputeResource, HomeResource
from audio_assets.orchestration.schedules import nightly_verify
from audio_assets.orchestration.sensors import checkpoint_sensor, folder_sensor
from audio_assets.orchestration.versions import code_versions
from audio_assets.settings import Settings, load_settings


def build_definitions(settings: Settings | None = None) -> dg.Definitions:
    """All assets, checks, jobs, sensors, schedules and resources.

    Args:
        settings: analysis parameters among them enter the assets' code versions; read from the
            environment when None.
    """
    settings = settings or load_settings()
    home = Home.of(settings)
    base = str(home.assets)
    versions = code_versions(settings)
    jobs = [*build_jobs(), clustering_job]

    def versioned(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(code_version=versions[spec.key.path[-1]])

    return dg.Definitions(
        assets=[asset.map_asset_specs(versioned) for asset in ASSETS],
        asset_checks=CHECKS,
        jobs=jobs,
        sensors=[
            folder_sensor(settings),
            checkpoint_sensor(settings),
            automation_sensor(settings.sensor_interval_s),
            job_requests_sensor(settings, jobs),
            old_runs_sensor(settings),
        ],
        schedules=[nightly_verify],
        resources={
            "home": HomeResource(root=str(home.root)),
            "compute": ComputeResource.of(settings),
            "settings": settings,
            "parquet_io": ParquetStore(base_path=base),
            "json_io": JsonStore(base_path=base),
            "npy_io": NpyStore(base_path=base),
            "window_arrays_io": NpyStore(base_path=base, directories=True),
        },
    )
