"""spectrograms: one model-ready array and one picture per window."""

from pathlib import Path

import dagster as dg
import pyarrow as pa

from audio_assets.encoding.came_back import some_passed
from audio_assets.encoding.spectrograms import compute_spectrograms
from audio_assets.encoding.window_arrays import WindowArrays
from audio_assets.folders import FolderTransform
from audio_assets.home import Home
from audio_assets.orchestration import previews
from audio_assets.orchestration.automation import ON_CHANGE_OR_MISSING
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs
from audio_assets.orchestration.partitions import FOLDERS
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.versions import data_version, digest
from audio_assets.settings import Settings
from audio_assets.transforms.registry import make_transform
from audio_assets.transforms.transform import Transform

SHEET = 24  # windows on the contact sheet


@dg.asset(
    partitions_def=FOLDERS,
    io_manager_key="window_arrays_io",
    group_name="ingest",
    kinds={"numpy", "png"},
    automation_condition=ON_CHANGE_OR_MISSING,
)
def spectrograms(
    context: dg.AssetExecutionContext,
    raw_audio: pa.Table,
    home: HomeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    """The transform of every window as a memory-mapped array, and a preview PNG of each.

    Rows of unchanged recordings are reused. The array is written by the encoding library itself,
    whole and atomically, since it can be larger than memory.
    """
    costs = Costs()
    with claim(context, home.paths) as partition:
        folder = home.folder(str(partition.folder))
        transform = folder_transform(folder.transform)
        out = home.paths.asset("spectrograms", folder=folder.key)
        report = compute_spectrograms(
            folder.root,
            raw_audio,
            transform,
            out_dir=out,
            work_dir=work_directory(home.paths, folder.key),
            png_dir=out / "png",
            workers=settings.num_workers,
        )
        if folder.radio is not None:
            from audio_assets.radio.window_facts import compute_window_facts

            compute_window_facts(folder.root, raw_audio, out, workers=settings.num_workers)
        if some_passed(report.failed):
            home.registry.mark_interrupted(folder.key)
        arrays = WindowArrays.open(out)
        version = data_version(
            context,
            signature=arrays.attributes["signature"],
            windows=digest(arrays.window_ids.to_pylist()),
        )
        sheet = _contact_sheet(arrays, transform)
    return dg.MaterializeResult(
        data_version=version,
        metadata={
            "dagster/row_count": report.rows,
            "computed": report.computed,
            "reused": report.reused,
            "resumed": report.resumed,
            "transform": f"{transform.name} {transform.version}",
            "bytes": report.bytes,
            "sheet": sheet,
            **costs.metadata(
                report.computed + report.resumed,
                report.audio_seconds,
                threads=report.stage_seconds,
            ),
        },
    )


def folder_transform(named: FolderTransform | None) -> Transform:
    """The transform of the folder: that of the checkpoint first run on it, else the default."""
    if named is None:
        return make_transform("logmel_image", {})
    return make_transform(named.name, named.params)


def work_directory(home: Home, folder: str) -> Path:
    """Where a folder's arrays lie until they are published."""
    return home.work / "spectrograms" / folder


def _contact_sheet(arrays: WindowArrays, transform: Transform) -> dg.MetadataValue:
    from audio_assets.transforms.spectrogram_png import preview_sheet

    count = len(arrays.window_ids)
    if count == 0:
        return dg.MetadataValue.md("No windows.")
    chosen = [count * i // min(SHEET, count) for i in range(min(SHEET, count))]
    sheet = preview_sheet([transform.to_image(arrays.array[i]) for i in chosen])
    return previews.image(sheet, "spectrograms", "jpeg")
