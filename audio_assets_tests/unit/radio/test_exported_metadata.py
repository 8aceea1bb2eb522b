"""Exported metadata open in the sigmf package and here, beside the files that they are for."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sigmf
from sigmf.validate import validate

from audio_assets.exports.sigmf import export_sigmf
from audio_assets.radio.captures import known_layout
from audio_assets.radio.labels import labels_of
from audio_assets.radio.source import IqSource
from audio_assets.radio.statement import RadioSettings
from audio_assets.radio.synthesis.folder import write_recording
from audio_assets.recordings.listing import audio_keys
from audio_assets.recordings.scan import scan_folder

RADIO = RadioSettings(sample_rate=1000, datatype="cf32_le")
WAVE = (0.5 * np.exp(0.1j * np.arange(500))).astype(np.complex64)


def windows(*paths: str) -> pd.DataFrame:
    rows = [{"window_id": f"{n}@100+200", "path": p, "label": "beep"} for n, p in enumerate(paths)]
    return pd.DataFrame(rows)


def opened(meta: Path) -> sigmf.SigMFFile:
    signal = sigmf.fromfile(meta)
    assert isinstance(signal, sigmf.SigMFFile)
    return signal


def pack(stem: Path, members: list[Path]) -> Path:
    archive = stem.with_name(f"{stem.name}.sigmf")
    with tarfile.open(archive, "w") as tar:
        for member in members:
            tar.add(member, arcname=f"{stem.name}/{member.name}")
            member.unlink()
    return archive


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (folder := tmp_path / "air").mkdir()
    return folder


def test_metadata_of_an_archive_read_its_samples_in_place(root: Path, tmp_path: Path) -> None:
    stem = root / "old"
    meta = write_recording(stem, WAVE, "cf32_le", 1000.0, 5e6, label="all")
    tree = json.loads(meta.read_text())
    tree["captures"] = []
    meta.write_text(json.dumps(tree))
    archive = pack(stem, [meta, meta.with_suffix(".sigmf-data")])
    export_sigmf(root, None, windows("old.sigmf"), tmp_path / "out")
    exported = tmp_path / "out" / "old.sigmf.sigmf-meta"
    validate(json.loads(exported.read_text()))
    exported.rename(put := root / exported.name)
    signal = opened(put)
    assert np.allclose(signal.read_samples(), WAVE)
    assert np.allclose(signal.read_samples(100, 200), WAVE[100:300])
    assert audio_keys(root) == [put.name]
    layout, before = known_layout(put), known_layout(archive)
    assert layout is not None
    assert before is not None
    assert layout.frames == before.frames == 500
    assert np.allclose(IqSource(layout).complex_span(0, 500)[0], WAVE)
    assert sorted(labels_of(layout, 100, 200)) == ["all", "beep"]


@pytest.mark.parametrize("name", ["a.iq", "a.npy"])
def test_metadata_put_beside_a_raw_file_stand_for_it(root: Path, tmp_path: Path, name: str) -> None:
    if name.endswith("npy"):
        np.save(root / name, WAVE)
    else:
        WAVE.tofile(root / name)
    put = root / f"{name}.sigmf-meta"
    for _ in range(2):
        export_sigmf(root, RADIO, windows(name), tmp_path / "out")
        put.write_bytes((tmp_path / "out" / put.name).read_bytes())
    assert "core:sha512" not in json.loads(put.read_text())["global"]
    assert np.allclose(opened(put).read_samples(), WAVE)
    rows = scan_folder(root, radio=RadioSettings()).to_pylist()
    assert [(row["path"], row["status"]) for row in rows] == [(put.name, "ok")]
    assert rows[0]["frames"] == 500
    assert labels_of(known_layout(put), 100, 200) == ["beep"]


def test_recordings_of_one_stem_get_metadata_each(root: Path, tmp_path: Path) -> None:
    meta = write_recording(root / "x", WAVE)
    pack(root / "x", [meta, meta.with_suffix(".sigmf-data")])
    write_recording(root / "x", -WAVE)
    write_recording(root / "x.iq", 1j * WAVE)
    WAVE.tofile(root / "x.iq")
    names = ("x.sigmf", "x.sigmf-data", "x.iq", "x.iq.sigmf-data")
    assert sorted(audio_keys(root)) == sorted(names)
    written = export_sigmf(root, RADIO, windows(*names), tmp_path / "out")
    assert written == (4, 4, 0)
    found = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert found == [
        "x.iq-2.sigmf-meta", "x.iq.sigmf-meta", "x.sigmf-meta", "x.sigmf.sigmf-meta",
    ]  # fmt: skip
    for path in (tmp_path / "out").iterdir():
        (root / path.name).write_bytes(path.read_bytes())
    samples = {name: opened(root / name).read_samples() for name in found}
    wanted = (WAVE, 1j * WAVE, -WAVE, WAVE)
    assert all(np.allclose(samples[n], w) for n, w in zip(found, wanted, strict=True))
    assert len(audio_keys(root)) == 4
