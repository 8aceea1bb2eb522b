"""What differs between two folders of one home that hold the same recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from audio_assets.home import Home
from audio_assets.storage import read_npy, read_parquet

BY_FOLDER = ("raw_audio", "metadata_table")
BY_PAIR = ("embeddings", "umap_coords", "tsne_coords", "similarity_index", "clusters")


def differences(home: Home, reference: str, key: str, checkpoint: str) -> list[str]:
    """In words; empty when all outputs are equal.

    Vectors, coordinates and neighbours to the bit; tables but for what every copy of a file has of
    its own; pictures and arrays to the byte; the samples of the data set by what people see.
    """
    faults = []
    for asset in (*BY_FOLDER, *BY_PAIR):
        named = {} if asset in BY_FOLDER else {"checkpoint": checkpoint}
        ours, theirs = (home.asset(asset, folder=k, **named) for k in (key, reference))
        if not ours.exists():
            faults.append(f"{asset} is missing")
        elif said := _difference(_rows(ours), _rows(theirs)):
            faults.append(f"{asset} differs: {said}")
    pair = [home.asset("spectrograms", folder=k) for k in (key, reference)]
    names = [sorted(str(p.relative_to(root)) for p in root.rglob("*.png")) for root in pair]
    if names[0] != names[1]:
        faults.append("pictures are missing or left over")
    elif any((pair[0] / n).read_bytes() != (pair[1] / n).read_bytes() for n in names[0]):
        faults.append("pictures differ")
    arrays = [[read_npy(p) for p in sorted(root.rglob("*.npy"))] for root in pair]
    if len(arrays[0]) != len(arrays[1]) or not all(map(np.array_equal, *arrays)):
        faults.append("model-ready arrays differ")
    faults += _samples_differ(reference, key)
    return faults


def _difference(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    """How much of two tables differs, in words; empty where nothing does."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows instead of {len(theirs)}"
    if ours and set(ours[0]) != set(theirs[0]):
        return f"columns {sorted(set(ours[0]) ^ set(theirs[0]))} are in one alone"
    said = []
    for name in ours[0] if ours else ():
        pairs = [(a[name], b[name]) for a, b in zip(ours, theirs, strict=True)]
        if changed := [pair for pair in pairs if pair[0] != pair[1]]:
            said.append(f"{name} in {len(changed)} of {len(pairs)} rows{_by_how_much(changed)}")
    return ", ".join(said)


def _by_how_much(pairs: list[tuple[Any, Any]]) -> str:
    """The greatest difference of numbers; empty for what is none."""
    try:
        most = max(float(np.max(np.abs(np.subtract(*pair)))) for pair in pairs)
    except (TypeError, ValueError):
        return ""
    return f" (by {most:.3g} at most)"


def _rows(path: Path) -> list[dict[str, Any]]:
    table = read_parquet(path)
    of_copies = [n for n in table.column_names if n in ("mtime_ns", "ctime_ns", "inode")]
    return table.drop_columns(of_copies).to_pylist()


def _samples_differ(reference: str, key: str) -> list[str]:
    ours, theirs = (_samples(k) for k in (key, reference))
    if len(ours) != len(theirs):
        return [f"{len(ours)} samples instead of {len(theirs)}"]
    return [] if ours == theirs else ["samples differ"]


def _samples(key: str) -> list[tuple[Any, ...]]:
    import fiftyone as fo

    dataset: Any = fo.load_dataset(key)
    dataset.reload()
    names = ["window_id", "path", "start_s", "label.label", "filepath"]
    vectors = [n for n, f in dataset.get_field_schema().items() if "Vector" in type(f).__name__]
    columns = dataset.values([*names, *vectors])
    files = [Path(p).name for p in columns[4]]
    shown = [tuple(np.asarray(v).tobytes() for v in column) for column in columns[5:]]
    return sorted(zip(*columns[:4], files, *shown, strict=True))
