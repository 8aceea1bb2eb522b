"""Schedules; off until someone turns them on."""

from __future__ import annotations

import dagster as dg

from audio_assets.orchestration.partitions import FOLDERS


@dg.schedule(
    job_name="ingest_folder",
    cron_schedule="0 3 * * *",
    name="nightly_verify",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description=(
        "Hashes every file of every folder again, so that a change which kept size and times "
        "is found too."
    ),
)
def nightly_verify(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    """One run per folder; a folder whose bytes did not change leaves everything fresh."""
    day = context.scheduled_execution_time.strftime("%Y-%m-%d")
    return [
        dg.RunRequest(
            run_key=f"verify:{folder}:{day}",
            partition_key=folder,
            asset_selection=[dg.AssetKey("raw_audio")],
            run_config={"ops": {"raw_audio": {"config": {"verify": True}}}},
            tags={"folder": folder},
        )
        for folder in sorted(context.instance.get_dynamic_partitions(str(FOLDERS.name)))
    ]
