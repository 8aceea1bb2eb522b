"""Asset checks: what must hold of every partition, whoever computed it.

Severity ERROR is a wrong result, WARN something a person should look at. Dagster's own exit
status stays 0 when a check fails; `ci_checks` and the runner report it.
"""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow.parquet as pq

from audio_assets.encoding.embeddings_file import EmbeddingsFile
from audio_assets.home import Home
from audio_assets.orchestration.check_result import ERROR, WARN, result
from audio_assets.orchestration.model_checks import model_probed
from audio_assets.orchestration.outputs import neighbour_index, stored_samples
from audio_assets.orchestration.partitions import Partition
from audio_assets.orchestration.resources import HomeResource
from audio_assets.recordings.windows import grid_of, make_windows
from audio_assets.settings import Settings
from audio_assets.storage import read_json, read_parquet

LABELLED = 0.9
"""Share of labelled recordings below which a labelled folder is worth a look."""


def _partition(context: dg.AssetCheckExecutionContext) -> Partition:
    """The partition of the run that a check belongs to, by the shape of its key."""
    checkpoint, bar, folder = str(context.partition_key).partition("|")
    return Partition(folder=folder, checkpoint=checkpoint) if bar else Partition(folder=checkpoint)


@dg.asset_check(asset="raw_audio")
def recordings_usable(
    context: dg.AssetCheckExecutionContext, home: HomeResource
) -> dg.AssetCheckResult:
    """No file of the folder had to be left out (WARN)."""
    path = home.paths.asset("raw_audio", folder=_partition(context).folder)
    status = _column(path, "status")
    failed = status.count("failed")
    text = f"{failed} of {len(status)} files cannot be used; the table says why."
    return result(failed == 0, text, WARN, failed=failed, files=len(status))


@dg.asset_check(asset="metadata_table")
def one_row_per_recording(
    context: dg.AssetCheckExecutionContext, home: HomeResource
) -> dg.AssetCheckResult:
    """metadata_table has exactly the usable and duplicate recordings of raw_audio."""
    folder = _partition(context).folder
    recordings = read_parquet(home.paths.asset("raw_audio", folder=folder)).to_pylist()
    wanted = sorted(r["path"] for r in recordings if r["status"] != "failed")
    found = sorted(
        read_parquet(home.paths.asset("metadata_table", folder=folder))["path"].to_pylist()
    )
    return result(wanted == found, f"{len(found)} rows for {len(wanted)} recordings.")


@dg.asset_check(asset="metadata_table")
def label_coverage(
    context: dg.AssetCheckExecutionContext, home: HomeResource
) -> dg.AssetCheckResult:
    """Most recordings of a labelled folder have a label (WARN); without any labels it passes."""
    path = home.paths.asset("metadata_table", folder=_partition(context).folder)
    labels = read_parquet(path).column("label").to_pylist()
    labelled = len(labels) - labels.count(None)
    share = labelled / len(labels) if labels else 1.0
    text = f"{labelled} of {len(labels)} recordings have a label."
    return result(share >= LABELLED or labelled == 0, text, WARN, share=share)


@dg.asset_check(asset="spectrograms")
def pngs_exist(context: dg.AssetCheckExecutionContext, home: HomeResource) -> dg.AssetCheckResult:
    """Every window of the spectrogram index has its picture, and it is not empty."""
    directory = home.paths.asset("spectrograms", folder=_partition(context).folder)
    ids = _column(directory / "index.parquet", "window_id")
    missing = [i for i in ids if not _has_bytes(directory / "png" / f"{i}.png")]
    return result(
        not missing, f"{len(missing)} of {len(ids)} pictures are missing.", missing=missing[:20]
    )


@dg.asset_check(asset="embeddings")
def vectors_finite_and_not_constant(
    context: dg.AssetCheckExecutionContext, home: HomeResource
) -> dg.AssetCheckResult:
    """No vector is NaN or infinite, and different windows have different vectors."""
    path = _pair_path(home.paths, "embeddings", _partition(context))
    finite, constant, rows, first = True, True, 0, None
    with closing(EmbeddingsFile(path)) as file:
        for vectors in file.blocks():
            first = vectors[0] if first is None else first
            finite &= bool(np.isfinite(vectors).all())
            constant &= bool((vectors == first).all())
            rows += len(vectors)
    constant = constant and rows > 1
    text = f"{rows} vectors, {'finite' if finite else 'NOT finite'}"
    return result(finite and not constant, text + (", CONSTANT" if constant else ""))


def _row_check(asset: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset,
        name="one_row_per_window",
        description=f"{asset} has the windows of embeddings, each once, with finite values.",
    )
    def one_row_per_window(
        context: dg.AssetCheckExecutionContext,
        home: HomeResource,
        settings: dg.ResourceParam[Settings],
    ) -> dg.AssetCheckResult:
        partition = _partition(context)
        wanted = _column(_pair_path(home.paths, "embeddings", partition), "window_id")
        table = read_parquet(_pair_path(home.paths, asset, partition))
        index = neighbour_index(home.paths, partition) if asset == "similarity_index" else None
        found = index.window_ids() if index else table.column("window_id").to_pylist()
        off = {"umap_coords": settings.compute_umap, "tsne_coords": settings.compute_tsne}
        if not off.get(asset, True):
            return result(not found, "Turned off by the settings.")
        values = [table[c].to_numpy() for c in ("x", "y", "probability") if c in table.schema.names]
        finite = all(np.isfinite(v).all() for v in values)
        text = f"{len(found)} rows for {len(wanted)} windows" + ("" if finite else ", NOT finite")
        return result(sorted(found) == sorted(wanted) and finite, text)

    return one_row_per_window


@dg.asset_check(asset="fiftyone_dataset")
def row_counts_agree(
    context: dg.AssetCheckExecutionContext,
    home: HomeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.AssetCheckResult:
    """From raw_audio to FiftyOne, every stage speaks of the same number of windows."""
    counts = window_counts(home.paths, _partition(context), settings)
    most = settings.app_samples
    text = str(counts) + (f"; FiftyOne shows {most} at most" if counts["raw_audio"] > most else "")
    return result(counts_agree(counts, most), text, ERROR, check=None, **counts)


def window_counts(home: Home, partition: Partition, settings: Settings) -> dict[str, int]:
    """Windows at every stage of a pair, counted in what is stored.

    Samples are counted in the database where it runs, else taken from the asset's own report; what
    was never computed, or was deleted, has none.
    """
    recordings = read_parquet(home.asset("raw_audio", folder=partition.folder))
    spectrograms = home.asset("spectrograms", folder=partition.folder)
    report = read_json(_pair_path(home, "fiftyone_dataset", partition))
    counts = {
        "raw_audio": make_windows(recordings, grid_of(recordings)).num_rows,
        "spectrograms": _rows(spectrograms / "index.parquet"),
    }
    for asset in ("embeddings", "similarity_index", "umap_coords", "tsne_coords", "clusters"):
        counts[asset] = _rows(_pair_path(home, asset, partition))
    if index := neighbour_index(home, partition):
        counts["similarity_index"] = len(index)
    for asset, on in (
        ("umap_coords", settings.compute_umap),
        ("tsne_coords", settings.compute_tsne),
    ):
        if not on:
            counts.pop(asset)
    samples = stored_samples(home, str(partition.folder))
    return counts | {"fiftyone_dataset": report["samples"] if samples is None else samples}


def counts_agree(counts: Mapping[str, int], app_samples: int) -> bool:
    """Whether all stages have the same windows; FiftyOne at most `app_samples` of them."""
    windows = counts["raw_audio"]
    return counts["fiftyone_dataset"] == min(windows, app_samples) and all(
        count == windows for stage, count in counts.items() if stage != "fiftyone_dataset"
    )


def _pair_path(home: Home, asset: str, partition: Partition) -> Path:
    return home.asset(asset, checkpoint=partition.checkpoint, folder=partition.folder)


def _column(path: Path, column: str) -> list[Any]:
    return read_parquet(path, [column]).column(0).to_pylist()


def _rows(path: Path) -> int:
    return pq.read_metadata(path).num_rows if path.is_file() else 0


def _has_bytes(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


CHECKS: list[dg.AssetChecksDefinition] = [
    recordings_usable,
    one_row_per_recording,
    label_coverage,
    pngs_exist,
    model_probed,
    vectors_finite_and_not_constant,
    *map(_row_check, ("similarity_index", "umap_coords", "tsne_coords", "clusters")),
    row_counts_agree,
]
