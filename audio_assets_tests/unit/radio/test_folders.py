"""A folder of radio from files to pictures, vectors, facts and annotations, without a database."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import sigmf
from sigmf.validate import validate

from audio_assets.encoding.encode import encode_folder
from audio_assets.encoding.spectrograms import compute_spectrograms
from audio_assets.encoding.window_arrays import WindowArrays
from audio_assets.errors import EncodingError, UsageError
from audio_assets.exports.sigmf import export_sigmf
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.loaders.metadata_table import build_metadata_table, default_grid
from audio_assets.loaders.registry import detect_loader
from audio_assets.models.card import ModelCard, TransformCard
from audio_assets.radio.encoder import encoder_for, iq_transform_card, transform_for
from audio_assets.radio.events import sigmf_events
from audio_assets.radio.folder import RadioOptions, is_radio, register_radio
from audio_assets.radio.marked import radio_of, with_radio
from audio_assets.radio.query import refuse_clips
from audio_assets.radio.statement import RadioSettings
from audio_assets.radio.synthesis.folder import synthesize_folder, write_recording
from audio_assets.radio.window_facts import compute_window_facts, read_window_facts
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.transforms.registry import make_transform

CARD = ModelCard(
    name="picture", kind="audiomaepp", weights="w", sample_rate=22050, input_seconds=5, dim=4,
    transform=TransformCard(name="logmel_image", params={"size": 64}), licence="none",
)  # fmt: skip
GRID = WindowGrid.model_validate({"window_samples": 2048})


class Pictures:
    """An encoder of pictures: the mean of each quarter."""

    card, dim, device = CARD, 4, "cpu"
    transform = make_transform("logmel_image", {"size": 64})

    def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
        assert inputs.dtype == np.uint8
        quarters = inputs.astype(np.float32).reshape(len(inputs), 2, 32, 2, 32).mean(axis=(2, 4))
        return quarters.reshape(len(inputs), 4) + 1


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "air"
    synthesize_folder(folder, each=1, samples=5000, datatype="ci16_le")
    return folder


def scan(root: Path, previous: pa.Table | None = None) -> pa.Table:
    recordings = scan_folder(root, radio=RadioSettings(), previous=previous)
    return with_radio(with_grid(recordings, GRID), RadioSettings())


def test_folders_of_radio_are_found_by_themselves(root: Path, tmp_path: Path) -> None:
    assert detect_loader(root) == "rf"
    assert default_grid(root).window_samples == 32_768
    sound = tmp_path / "sound"
    sound.mkdir()
    (sound / "a.wav").write_bytes(b"RIFF")
    assert detect_loader(sound) == "custom"
    write_recording(sound / "a", np.ones(10))
    (sound / "a.sigmf-data").unlink()
    assert detect_loader(sound) == "custom"
    assert not is_radio(sound, None, None)
    assert is_radio(sound, None, RadioOptions({"wav_iq": True}))


def test_windows_become_pictures_and_vectors(root: Path, tmp_path: Path) -> None:
    recordings = scan(root)
    windows = make_windows(recordings, GRID)
    transform = transform_for(CARD, recordings)
    report = compute_spectrograms(
        root, recordings, transform, out_dir=tmp_path / "s", work_dir=tmp_path / "w"
    )
    assert report.rows == windows.num_rows == 27
    assert not report.failed
    arrays = WindowArrays.open(tmp_path / "s")
    assert arrays.array.shape == (27, 64, 64)
    encoded = {}
    for name, stored in (("stored", tmp_path / "s"), ("streamed", None)):
        done = encode_folder(
            root, recordings, encoder_for(Pictures(), recordings), signature="a" * 64,
            previous=None, out=tmp_path / f"{name}.parquet", work_dir=tmp_path / name,
            spectrograms=stored,
        )  # fmt: skip
        assert done.windows == 27
        assert done.from_arrays == (27 if stored else 0)
        encoded[name] = (tmp_path / f"{name}.parquet").read_bytes()
    assert encoded["stored"] == encoded["streamed"]


def test_a_checkpoint_that_takes_no_pictures_is_refused_by_name() -> None:
    card = CARD.model_copy(update={"transform": TransformCard(name="waveform", params={})})
    with pytest.raises(EncodingError, match="picture"):
        iq_transform_card(card, RadioSettings(), GRID)


def test_facts_of_windows_are_measured_once(root: Path, tmp_path: Path) -> None:
    recordings = scan(root)
    assert compute_window_facts(root, recordings, tmp_path) == 27
    assert compute_window_facts(root, recordings, tmp_path) == 0
    facts = read_window_facts(tmp_path)
    assert facts is not None
    rows = {row["window_id"]: row for row in facts.to_pylist()}
    assert {row["center_frequency"] for row in rows.values()} == {433.92e6}
    assert sum(row["label"] == "qpsk" for row in rows.values()) == 3
    assert all(0 <= row["occupancy"] <= 1 for row in rows.values())
    assert len(list((tmp_path / "constellation").glob("*.png"))) == 27
    (root / "qpsk-000.sigmf-data").unlink()
    (root / "qpsk-000.sigmf-meta").unlink()
    assert compute_window_facts(root, scan(root), tmp_path) == 0
    assert len(list((tmp_path / "constellation").glob("*.png"))) == 24


def test_metadata_that_change_alone_are_seen(root: Path) -> None:
    before = scan(root)
    meta = root / "am-000.sigmf-meta"
    tree = json.loads(meta.read_text())
    tree["global"]["core:sample_rate"] = 2e6
    meta.write_text(json.dumps(tree))
    rows = {row["path"]: row for row in scan(root, before).to_pylist()}
    assert rows["am-000.sigmf-data"]["sample_rate"] == 2_000_000
    tree["global"]["core:datatype"] = "nonsense"
    meta.write_text(json.dumps(tree))
    rows = {row["path"]: row for row in scan(root, before).to_pylist()}
    assert "core:datatype" in rows["am-000.sigmf-data"]["reason"]


def test_iq_in_a_folder_of_sound_is_refused_but_real_signals_are_sound(tmp_path: Path) -> None:
    write_recording(tmp_path / "iq", np.exp(0.1j * np.arange(500)), "cf32_le", 1000.0)
    write_recording(tmp_path / "sound", np.cos(0.1 * np.arange(500)), "rf32_le", 1000.0)
    rows = {row["path"]: row for row in scan_folder(tmp_path).to_pylist()}
    assert "folder of sound" in rows["iq.sigmf-data"]["reason"]
    assert rows["sound.sigmf-data"]["status"] == "ok"


def test_metadata_become_columns_and_annotations_events(root: Path, tmp_path: Path) -> None:
    meta = root / "fm-000.sigmf-meta"
    tree = json.loads(meta.read_text())
    tree["global"] |= {"core:hw": "a dish", "antenna:gain": 12.5}
    tree["captures"][0]["core:geolocation"] = {"type": "Point", "coordinates": [13.4, 52.5]}
    tree["annotations"] = [
        {"core:sample_start": 1000, "core:sample_count": 500, "core:label": "beep",
         "core:freq_lower_edge": 433.9e6, "core:freq_upper_edge": 434e6},
        {"core:sample_start": 2000, "core:sample_count": 500, "core:label": "offset",
         "core:freq_lower_edge": -1e5, "core:freq_upper_edge": 1e5},
    ]  # fmt: skip
    meta.write_text(json.dumps(tree))
    home = Home(tmp_path / "home").ensure()
    folder = FolderRegistry(home).register(root)
    recordings = scan(root)
    table, report = build_metadata_table(root, folder, recordings)
    rows = {row["path"]: row for row in table.to_pylist()}
    row = rows["fm-000.sigmf-data"]
    assert report["loader"] == "rf"
    assert (row["hw"], row["antenna_gain"], row["lat"], row["lon"]) == ("a dish", 12.5, 52.5, 13.4)
    assert rows["am-000.sigmf-data"]["label"] == "am"
    assert row["center_frequency"] == 433.92e6
    events = sigmf_events(root, ["fm-000.sigmf-data"], None)
    assert [(e.begin_s, e.low_hz) for e in events] == [(0.001, 433.9e6), (0.002, 433.82e6)]


def test_annotations_go_out_valid_and_come_back_at_their_samples(
    root: Path, tmp_path: Path
) -> None:
    meta = root / "bpsk-000.sigmf-meta"
    tree = json.loads(meta.read_text())
    tree["global"]["core:offset"] = 700
    tree["captures"][0]["core:sample_start"] = 700
    tree["annotations"][0]["core:sample_start"] = 700
    meta.write_text(json.dumps(tree))
    windows = make_windows(scan(root), GRID).to_pandas()
    windows["label"] = None
    windows["cluster"] = 7
    windows.loc[windows["start_frame"] == 2048, "label"] = "here"
    out = tmp_path / "out"
    for _ in range(2):  # a second export replaces, it does not add
        written, files, left_out = export_sigmf(root, RadioSettings(), windows, out)
        assert (written, files, left_out) == (27, 9, 0)
        for path in out.glob("*.sigmf-meta"):
            validate(json.loads(path.read_text()))
            (root / path.name).write_bytes(path.read_bytes())
    signal = sigmf.fromfile(root / "bpsk-000.sigmf-meta")
    signal.validate()
    made = [a for a in signal.get_annotations() if "audio_assets:window_id" in a]
    assert [a["core:sample_start"] for a in made] == [700, 2748, 3652]
    assert [a["core:label"] for a in made] == ["cluster 7", "here", "cluster 7"]
    samples = signal.read_samples()
    events = sigmf_events(root, ["bpsk-000.sigmf-data"], None)
    assert [round(e.begin_s * 1e6) for e in events] == [0, 0, 2048, 2952]
    assert len(samples) == 5000


def test_an_export_without_radio_is_refused(tmp_path: Path) -> None:
    import pandas as pd

    windows = pd.DataFrame({"window_id": ["a@0+1"], "path": ["x.wav"]})
    with pytest.raises(UsageError, match="None of these"):
        export_sigmf(tmp_path, None, windows, tmp_path / "out")


def test_a_folder_keeps_what_is_said_of_it(root: Path, tmp_path: Path) -> None:
    registry = FolderRegistry(Home(tmp_path / "home").ensure())
    options = RadioOptions({"frequency_hz": 5e6}, window_samples=1024)
    asked = (None, None, None, None)
    folder = register_radio(
        registry, root, CARD, None, options, name="a", asked=asked, synthetic_geo=False
    )
    assert folder.grid.window_samples == folder.grid.hop_samples == 1024
    assert folder.transform is not None
    assert folder.transform.params["window_samples"] == 1024
    again = register_radio(
        registry, root, CARD, registry.get("a"), RadioOptions(), name="a", asked=asked,
        synthetic_geo=False,
    )  # fmt: skip
    assert again == folder
    with pytest.raises(UsageError, match="'a' is one of radio"):
        refuse_clips(registry.home, ["other", "a"])
    with pytest.raises(UsageError, match="--name"):
        register_radio(
            registry, root, CARD, folder, RadioOptions(window_samples=99), name="a", asked=asked,
            synthetic_geo=False,
        )  # fmt: skip
    with pytest.raises(UsageError, match="datatype"):
        register_radio(
            registry, root, CARD, None, RadioOptions({"datatype": "x"}), name="b", asked=asked,
            synthetic_geo=False,
        )  # fmt: skip
    assert radio_of(with_radio(scan(root), folder.radio)) == folder.radio
