"""SigMF metadata that name a raw file stand for it; nothing else is left out."""

import json
from pathlib import Path

import pytest

from audio_assets.recordings.listing import audio_keys


def write(root: Path, name: str, dataset: object = None) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    tree = {"global": {} if dataset is None else {"core:dataset": dataset}}
    (root / name).write_text(json.dumps(tree) if name.endswith("meta") else "samples")


@pytest.mark.parametrize(
    ("meta", "dataset", "raw", "listed"),
    [
        ("a.sigmf-meta", "a.iq", "a.iq", ["a.sigmf-meta"]),
        ("a.iq.sigmf-meta", "a.iq", "a.iq", ["a.iq.sigmf-meta"]),
        ("sub/b.sigmf-meta", "a.cu8", "sub/a.cu8", ["sub/b.sigmf-meta"]),
        ("b.sigmf-meta", "a.sigmf", "a.sigmf", ["b.sigmf-meta"]),
        ("a.sigmf-meta", None, "a.iq", ["a.iq"]),
        ("a.sigmf-meta", "a.wav", "a.wav", ["a.wav"]),
        ("sub/b.sigmf-meta", "../a.iq", "a.iq", ["a.iq", "sub/b.sigmf-meta"]),
        ("b.sigmf-meta", "c.iq", "a.iq", ["a.iq", "b.sigmf-meta"]),
        ("b.sigmf-meta", 5, "a.iq", ["a.iq", "b.sigmf-meta"]),
    ],
)
def test_a_file_that_metadata_name(tmp_path, meta, dataset, raw, listed):
    write(tmp_path, meta, dataset)
    write(tmp_path, raw)
    assert audio_keys(tmp_path) == listed


def test_metadata_of_a_pair_name_no_other_file(tmp_path):
    for name in ("a.sigmf-data", "a.iq"):
        write(tmp_path, name)
    write(tmp_path, "a.sigmf-meta", "a.iq")
    assert audio_keys(tmp_path) == ["a.iq", "a.sigmf-data"]


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"global": 1}', "\udcff"])
def test_metadata_that_cannot_be_read_name_nothing(tmp_path, text):
    write(tmp_path, "a.iq")
    (tmp_path / "b.sigmf-meta").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert audio_keys(tmp_path) == ["a.iq", "b.sigmf-meta"]
