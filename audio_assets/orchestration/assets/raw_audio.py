"""raw_audio: what recordings a folder holds, and what is wrong with those that cannot be used."""

import dagster as dg
import pyarrow as pa

from audio_assets.encoding.arrays_ahead import ArraysAhead
from audio_assets.encoding.jobs import is_native
from audio_assets.errors import RecordingError
from audio_assets.folders import AudioFolder
from audio_assets.home import Home
from audio_assets.loaders.metadata_table import side_file_hashes
from audio_assets.orchestration import previews
from audio_assets.orchestration.assets.spectrograms import folder_transform, work_directory
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs, recording_seconds
from audio_assets.orchestration.edits import edit_files
from audio_assets.orchestration.folder_look import folder_is_away
from audio_assets.orchestration.freshness import INPUT_FRESHNESS
from audio_assets.orchestration.partitions import FOLDERS
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.versions import data_version
from audio_assets.radio.marked import with_radio
from audio_assets.recordings.scan import folder_version, scan_folder
from audio_assets.recordings.short import flag_short
from audio_assets.recordings.times import start_time_reader
from audio_assets.recordings.windows import with_grid
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet


class RawAudioConfig(dg.Config):
    """Options of one scan."""

    verify: bool = False
    """Hash every file again, even when its size and times are unchanged."""


@dg.asset(
    partitions_def=FOLDERS,
    io_manager_key="parquet_io",
    group_name="ingest",
    kinds={"parquet", "audio"},
    freshness_policy=INPUT_FRESHNESS,
)
def raw_audio(
    context: dg.AssetExecutionContext,
    config: RawAudioConfig,
    home: HomeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[pa.Table]:
    """One row per sound file of the folder: identity, format, duration, verdict with its reason.

    A file whose size and times are unchanged keeps its recorded hash and is not opened. A file
    that cannot be used becomes a row with a reason and never stops the rest.
    """
    costs = Costs()
    with claim(context, home.paths) as partition:
        folder = home.folder(str(partition.folder))
        _require_root(folder, home)
        ahead = _arrays_ahead(home.paths, folder)
        with costs.stage("scan"):
            recordings = scan_folder(
                folder.root,
                previous=_previous(home.paths, folder.key),
                verify=config.verify,
                workers=settings.num_workers,
                start_time=start_time_reader(folder.timezone, folder.time_pattern),
                clock=folder.clock,
                radio=folder.radio,
                listener=ahead,
            )
            if ahead is not None:
                ahead.flush()
        table = with_grid(flag_short(recordings, folder.grid), folder.grid)
        table = with_radio(table, folder.radio)
        sides = side_file_hashes(folder.root, folder) | edit_files(home.paths, folder.key)
        content = folder_version(table, sides, folder.settings())
    status = table.column("status").to_pylist()
    # columns as lists: a filter would import pandas, a third of a second of a short run
    facts = zip(status, table["path"].to_pylist(), table["reason"].to_pylist(), strict=True)
    failed = [{"path": path, "reason": why} for state, path, why in facts if state == "failed"]
    return dg.MaterializeResult(
        value=table,
        data_version=data_version(context, folder=content, **place_and_transform(folder)),
        metadata={
            "folder": str(folder.root),
            "hours": round(sum(d or 0.0 for d in table.column("duration_s").to_pylist()) / 3600, 3),
            "verdicts": previews.counts(status, "status"),
            "failed": previews.rows(failed, ["path", "reason"]),
            "window_grid": folder.grid.to_json(),
            "with_start_time": table.num_rows - table.column("start_time").null_count,
            "clock": folder.clock.to_json(),
            **costs.metadata(table.num_rows, recording_seconds(table)),
        },
    )


def place_and_transform(folder: AudioFolder) -> dict[str, object]:
    """What else of the registry's entry the assets below depend on: paths in FiftyOne, pictures."""
    transform = folder.transform.model_dump(mode="json") if folder.transform else None
    return {"root": str(folder.root), "transform": transform}


def _arrays_ahead(home: Home, folder: AudioFolder) -> ArraysAhead | None:
    """Where many recordings are decoded, `spectrograms` finds its arrays made; not those of IQ."""
    if folder.radio is not None:
        return None
    transform = folder_transform(folder.transform)
    if is_native(transform):
        return None
    return ArraysAhead(transform, folder.grid, work_directory(home, folder.key))


def _previous(home: Home, key: str) -> pa.Table | None:
    path = home.asset("raw_audio", folder=key)
    return read_parquet(path) if path.is_file() else None


def _require_root(folder: AudioFolder, home: HomeResource) -> None:
    if not folder_is_away(folder, home.paths):
        if folder.state == "missing":
            home.registry.mark_present(folder.key)
        return
    home.registry.mark_missing(folder.key)
    found = "is empty" if folder.root.is_dir() else "is not there"
    raise RecordingError(
        f"The folder {folder.root} of {folder.key!r} {found} (a disk that is not plugged in "
        "looks the same). Nothing was deleted; bring it back and run again, or remove it with "
        f"`audio-assets forget {folder.key}`."
    )
