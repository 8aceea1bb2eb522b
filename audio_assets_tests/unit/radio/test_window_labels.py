"""A window has the label of its own annotations, wherever labels are read."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from audio_assets.errors import UsageError
from audio_assets.explore.columns import build_sample_table
from audio_assets.explore.radio_fields import add_radio_columns
from audio_assets.exports.export import export
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.loaders.metadata_table import build_metadata_table
from audio_assets.radio.marked import with_radio
from audio_assets.radio.statement import RadioSettings
from audio_assets.radio.synthesis.folder import write_recording
from audio_assets.radio.window_facts import compute_window_facts
from audio_assets.radio.window_labels import window_labels
from audio_assets.reading import _search_index, load_embeddings, search
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.schemas import CLUSTERS, embeddings_schema
from audio_assets.settings import Settings, load_settings
from audio_assets.storage import read_parquet, write_parquet

GRID = WindowGrid.model_validate({"window_samples": 1000})
DIM = 2


@pytest.fixture
def air(tmp_path: Path) -> Settings:
    """burst: a label in its second window alone; plain: no annotation, labelled by a table."""
    root = tmp_path / "air"
    root.mkdir()
    noise = np.random.default_rng(0).normal(size=(2, 2000, 2)) @ [0.1, 0.1j]
    meta = write_recording(root / "burst", noise[0], "cf32_le", 1000.0)
    tree = json.loads(meta.read_text())
    tree["annotations"] = [
        {"core:sample_start": 1200, "core:sample_count": 300, "core:label": "burst"}
    ]
    meta.write_text(json.dumps(tree))
    write_recording(root / "plain", noise[1], "cf32_le", 1000.0)
    (root / "metadata.csv").write_text("filename,label\nplain.sigmf-data,quiet\n")

    home = Home(tmp_path / "home").ensure()
    radio = RadioSettings()
    folder = FolderRegistry(home).register(root, "air", grid=GRID, radio=radio)
    recordings = with_radio(with_grid(scan_folder(root, radio=radio), GRID), radio)
    windows = make_windows(recordings, GRID)
    metadata, _ = build_metadata_table(root, folder, recordings)
    write_parquet(home.asset("raw_audio", folder="air"), recordings)
    write_parquet(home.asset("metadata_table", folder="air"), metadata)
    compute_window_facts(root, recordings, home.asset("spectrograms", folder="air"))
    vectors = pa.FixedSizeListArray.from_arrays(
        pa.array(np.arange(8, dtype=np.float32) ** 2 + 1), DIM
    )
    columns = [windows[n].combine_chunks() for n in embeddings_schema(DIM).names[:4]]
    arrays = [*columns, pa.array(["5" * 64] * 4), vectors]
    table = pa.Table.from_arrays(arrays, schema=embeddings_schema(DIM))
    write_parquet(home.asset("embeddings", folder="air", checkpoint="c"), table)
    rows = zip(windows["path"].to_pylist(), windows["start_s"].to_pylist(), strict=True)
    clusters = {
        "window_id": windows["window_id"].to_pylist(),
        "cluster": [3 if path.startswith("plain") and start else -1 for path, start in rows],
        "probability": [0.0] * 4, "outlier_score": [0.0] * 4, "exemplar": [None] * 4,
    }  # fmt: skip
    asset = home.asset("clusters", folder="air", checkpoint="c")
    write_parquet(asset, pa.table(clusters, schema=CLUSTERS))
    return load_settings(home=home.root)


def said(frame: pd.DataFrame) -> dict[tuple[str, float], tuple[str | None, str | None]]:
    """Label and category by recording and start."""
    found = frame.astype(object).where(frame.notna(), None)
    return {
        (Path(row["path"]).stem, row["start_s"]): (row["label"], row["category"])
        for row in found.to_dict("records")
    }


WANTED = {
    ("burst", 0.0): (None, None), ("burst", 1.0): ("burst", "burst"),
    ("plain", 0.0): ("quiet", "quiet"), ("plain", 1.0): ("quiet", "quiet"),
}  # fmt: skip


def test_windows_that_are_read_have_their_own_labels(air: Settings) -> None:
    windows, vectors = load_embeddings("air", "c", settings=air)
    assert said(windows) == WANTED
    first = windows.to_dict("records")[0]
    hits = search("air", window_id=first["window_id"], checkpoint="c", k=3, settings=air)
    assert said(pd.DataFrame(hits)) == {
        k: v for k, v in WANTED.items() if k != (Path(first["path"]).stem, first["start_s"])
    }
    large = _search_index(_Index(windows, vectors), Home.of(air), "air", None, vectors[0], 4)  # pyright: ignore[reportArgumentType]
    assert said(pd.DataFrame(large)) == WANTED


def test_fiftyone_shows_the_same(air: Settings) -> None:
    home = Home.of(air)
    windows, _ = load_embeddings("air", "c", settings=air)
    recordings = read_parquet(home.asset("raw_audio", folder="air"))
    metadata = read_parquet(home.asset("metadata_table", folder="air"))
    png_dir = home.asset("spectrograms", folder="air") / "png"
    table = build_sample_table(
        make_windows(recordings, GRID), metadata, recordings, audio_root=Path("/"),
        png_dir=png_dir, reserved=set(),
    )  # fmt: skip
    add_radio_columns(table, png_dir, set())
    columns = {name: table.columns[name].values for name in ("path", "start_s", "label")}
    shown = pd.DataFrame({**columns, "category": table.columns["category"].values})
    assert said(shown) == said(windows) == WANTED
    kept = build_sample_table(
        make_windows(recordings, GRID), metadata, recordings, audio_root=Path("/"),
        png_dir=png_dir, reserved=set(),
    )  # fmt: skip
    before = kept.columns["category"].values
    add_radio_columns(kept, png_dir, {"category"})
    assert kept.columns["category"].values == before


def test_exports_and_selections_go_by_the_labels_of_windows(air: Settings, tmp_path: Path) -> None:
    export("air", "c", "sigmf", tmp_path / "out", settings=air)
    tree = json.loads((tmp_path / "out" / "burst.sigmf-meta").read_text())
    made = [a for a in tree["annotations"] if "audio_assets:window_id" in a]
    assert [a.get("core:label") for a in made] == [None, "burst"]
    assert [a["audio_assets:cluster"] for a in made] == [-1, -1]
    rows = export("air", "c", "metadata", tmp_path / "m.csv", select=["label=burst"], settings=air)
    assert rows.rows == 1
    with pytest.raises(UsageError, match="fits none"):
        export(
            "air", "c", "metadata", tmp_path / "n.csv", settings=air,
            select=["label=burst", "time=2000-01-01/2000-01-02"],
        )  # fmt: skip
    export("air", "c", "audacity", tmp_path / "a.txt", settings=air)
    assert "cluster -1" not in (tmp_path / "a.txt").read_text()


def test_clusters_name_windows_without_a_label(air: Settings, tmp_path: Path) -> None:
    asset = Home.of(air).asset("metadata_table", folder="air")
    table = read_parquet(asset)
    empty = pa.array([None] * table.num_rows, pa.string())
    for name in ("label", "category"):
        table = table.set_column(table.column_names.index(name), name, empty)
    write_parquet(asset, table)
    export("air", "c", "sigmf", tmp_path / "out", settings=air)
    tree = json.loads((tmp_path / "out" / "plain.sigmf-meta").read_text())
    assert [a.get("core:label") for a in tree["annotations"]] == [None, "cluster 3"]


def test_a_category_of_its_own_stays() -> None:
    facts = pa.table({"window_id": ["a", "b"], "label": [None, "x"], "annotated": [True, True]})
    ids, labels = ["a", "b", "c"], ["y", "y", "y"]
    assert window_labels(ids, labels, ["y", "kind", "y"], facts) == (
        [None, "x", "y"], [None, "kind", "y"],
    )  # fmt: skip
    assert window_labels(ids, labels, labels, None) == (labels, labels)


class _Index:
    """Stands for the index on the disk: finds everything."""

    def __init__(self, windows: pd.DataFrame, vectors: np.ndarray) -> None:
        own = ["window_id", "recording_id", "start_s", "end_s"]
        self.found, self.dim = windows[own].assign(score=1.0), vectors.shape[1]

    def query(self, *_args: object, **_options: object) -> "_Index":
        return self

    def to_pandas(self) -> pd.DataFrame:
        return self.found


def test_frequency_and_time_are_of_the_capture_that_a_window_lies_in(air):
    root = Path(FolderRegistry(Home.of(air)).get("air").root)
    meta = root / "burst.sigmf-meta"
    tree = json.loads(meta.read_text())
    tree["captures"] = [
        {"core:sample_start": 0, "core:frequency": 1e8, "core:datetime": "2024-05-01T10:00:00Z"},
        {"core:sample_start": 1000, "core:frequency": 2e8,
         "core:datetime": "2024-05-01T11:00:00Z"},
    ]  # fmt: skip
    meta.write_text(json.dumps(tree))
    home = Home.of(air)
    recordings = read_parquet(home.asset("raw_audio", folder="air"))
    compute_window_facts(root, recordings, home.asset("spectrograms", folder="air"))
    windows, _ = load_embeddings("air", "c", settings=air)
    ours = windows[windows["path"] == "burst.sigmf-data"].sort_values("start_s")
    assert ours["center_frequency"].tolist() == [1e8, 2e8]
    assert [str(t) for t in ours["window_start_time"]] == [
        "2024-05-01 10:00:00+00:00", "2024-05-01 11:00:00+00:00",
    ]  # fmt: skip
