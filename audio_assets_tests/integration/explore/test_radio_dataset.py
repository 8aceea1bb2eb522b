"""A folder of radio in FiftyOne: waterfalls, constellations, frequencies, boxes, places, times."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_assets.encoding.embeddings_file import write_embeddings
from audio_assets.encoding.spectrograms import compute_spectrograms
from audio_assets.explore.sync import sync_dataset
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.loaders.metadata_table import build_metadata_table
from audio_assets.models.card import ModelCard, TransformCard
from audio_assets.radio.folder import RadioOptions, register_radio
from audio_assets.radio.marked import with_radio
from audio_assets.radio.synthesis.folder import write_recording
from audio_assets.radio.window_facts import compute_window_facts
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import make_windows, with_grid
from audio_assets.settings import Settings
from audio_assets.transforms.registry import make_transform
from audio_assets.transforms.waterfall_png import plot_box

KEY = "radio-in-fiftyone"
CARD = ModelCard(
    name="picture", kind="audiomaepp", weights="w", sample_rate=22050, input_seconds=5, dim=4,
    transform=TransformCard(name="logmel_image", params={}), licence="none",
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One recording with two captures, an annotation in each, and one without any metadata."""
    tone = 0.3 * np.exp(2j * np.pi * 0.1 * np.arange(4000))
    (tmp_path / "air").mkdir()
    meta = write_recording(tmp_path / "air" / "hop", tone, "ci16_le", 1e6)
    tree = json.loads(meta.read_text())
    tree["captures"] = [
        {"core:sample_start": 0, "core:frequency": 100e6, "core:datetime": "2026-03-01T10:00:00Z",
         "core:geolocation": {"type": "Point", "coordinates": [13.4, 52.5]}},
        {"core:sample_start": 2000, "core:frequency": 200e6,
         "core:datetime": "2026-03-01T11:00:00Z", "antenna:gain": 3},
    ]  # fmt: skip
    tree["annotations"] = [
        {"core:sample_start": 0, "core:sample_count": 500, "core:label": "beep",
         "core:freq_lower_edge": 100.0e6, "core:freq_upper_edge": 100.25e6},
    ]  # fmt: skip
    meta.write_text(json.dumps(tree))
    write_recording(tmp_path / "air" / "plain", tone[:131], "cu8", None)
    return tmp_path / "air"


@pytest.fixture
def dataset(root: Path, fiftyone_home: Home, tmp_path: Path) -> Iterator[Any]:
    import fiftyone as fo

    folder = register_radio(
        FolderRegistry(Home(tmp_path / "home").ensure()), root, CARD, None,
        RadioOptions(window_samples=1000), name=KEY, asked=(None, None, None, None),
        synthetic_geo=False,
    )  # fmt: skip
    recordings = scan_folder(root, radio=folder.radio)
    recordings = with_radio(with_grid(recordings, folder.grid), folder.radio)
    windows = make_windows(recordings, folder.grid)
    assert folder.transform is not None
    transform: Any = make_transform(folder.transform.name, folder.transform.params)
    out = tmp_path / "spectrograms"
    compute_spectrograms(root, recordings, transform, out_dir=out, work_dir=tmp_path / "work")
    compute_window_facts(root, recordings, out)
    vectors = np.random.default_rng(0).standard_normal((windows.num_rows, 4)).astype(np.float32)
    signature = "b" * 64
    write_embeddings(
        tmp_path / "e.parquet", windows, signature, 4, iter([vectors]),
        {"encoding_signature": signature, "dim": "4"},
    )  # fmt: skip
    for _ in range(2):  # the second time nothing is written
        report = sync_dataset(
            fiftyone_home, folder, "picture", windows=windows,
            metadata=build_metadata_table(root, folder, recordings)[0], recordings=recordings,
            png_dir=out / "png", embeddings=tmp_path / "e.parquet", umap=None, tsne=None,
            clusters=None, signature=signature, settings=Settings(),
        )  # fmt: skip
    assert not report.changed
    yield fo.load_dataset(KEY)
    fo.delete_dataset(KEY)


def test_samples_say_what_the_metadata_say(dataset: Any) -> None:
    assert dataset.app_config.grid_media_field == "filepath"
    assert "constellation_filepath" in dataset.app_config.media_fields
    hop = dataset.match({"path": "hop.sigmf-data"}).sort_by("start_s")
    first, *_, last = list(hop)
    assert len(hop) == 4
    assert (first["center_frequency"], last["center_frequency"]) == (100e6, 200e6)
    assert (first.label.label, last.label) == ("beep", None)
    assert first["start_time"] == datetime(2026, 3, 1, 10)
    assert last["start_time"] == datetime(2026, 3, 1, 11, 0, 0, 1000)
    assert first.location.point == [13.4, 52.5]
    for sample in dataset:
        assert Path(sample.filepath).is_file()
        assert Path(sample["constellation_filepath"]).is_file()
        assert 0 <= sample["occupancy"] <= 1


def test_an_annotation_is_a_box_on_the_plot(dataset: Any) -> None:
    first = dataset.match({"path": "hop.sigmf-data"}).sort_by("start_s").first()
    (event,) = first["events"].detections
    left, top, wide, high = plot_box(224, 224)
    # the first half of the window, from the centre to a quarter of the rate above it
    wanted = [left, top + 0.25 * high, 0.5 * wide, 0.25 * high]
    assert event.label == "beep"
    assert event.bounding_box == pytest.approx(wanted, abs=1e-3)
