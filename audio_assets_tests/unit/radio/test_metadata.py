"""SigMF metadata: what is malformed is refused by the field's name, what is missing is not."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_assets.errors import RecordingError
from audio_assets.radio.captures import frequency_at, known_layout, start_time_of_samples
from audio_assets.radio.metadata import parse_metadata
from audio_assets.radio.synthesis.folder import write_recording
from audio_assets.radio.verify import verify_iq

VALID: dict[str, Any] = {
    "global": {"core:datatype": "ci16_le", "core:version": "1.2.0", "core:sample_rate": 1e6},
    "captures": [
        {"core:sample_start": 0, "core:frequency": 1e8, "core:datetime": "2026-01-02T03:04:05Z"},
        {"core:sample_start": 500, "core:frequency": 2e8},
    ],
    "annotations": [{"core:sample_start": 10, "core:sample_count": 5, "core:label": "a"}],
}

WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("global", "core:datatype"), "cf31", "core:datatype"),
    (("global", "core:datatype"), "cf32_lex", "core:datatype"),
    (("global", "core:datatype"), 7, "core:datatype"),
    (("global", "core:version"), 1.2, "core:version"),
    (("global", "core:sample_rate"), "1e6", "core:sample_rate"),
    (("global", "core:sample_rate"), 0, "core:sample_rate"),
    (("global", "core:sample_rate"), -5, "core:sample_rate"),
    (("global", "core:sample_rate"), 0.25, "core:sample_rate"),
    (("global", "core:sample_rate"), 9e9, "core:sample_rate"),
    (("global", "core:num_channels"), 0, "core:num_channels"),
    (("global", "core:num_channels"), 2.5, "core:num_channels"),
    (("global", "core:num_channels"), 10**9, "core:num_channels"),
    (("global", "core:offset"), -1, "core:offset"),
    (("global", "core:offset"), 100, "core:sample_start"),
    (("global", "core:sha512"), "abc", "core:sha512"),
    (("global", "core:trailing_bytes"), -1, "core:trailing_bytes"),
    (("global", "core:geolocation"), {"type": "Point"}, "core:geolocation"),
    (("captures",), {}, "captures"),
    (("captures", 0, "core:sample_start"), -1, "core:sample_start"),
    (("captures", 0, "core:sample_start"), "0", "core:sample_start"),
    (("captures", 0, "core:frequency"), "100 MHz", "core:frequency"),
    (("captures", 0, "core:datetime"), "yesterday", "core:datetime"),
    (("captures", 0, "core:datetime"), "2026-13-02T03:04:05Z", "core:datetime"),
    (("captures", 1, "core:header_bytes"), 8, "core:header_bytes"),
    (("captures", 0, "core:sample_start"), 600, "core:sample_start"),
    (("annotations", 0, "core:sample_start"), None, "core:sample_start"),
    (("annotations", 0, "core:sample_count"), -3, "core:sample_count"),
    (("annotations", 0), {"core:sample_start": 0, "core:freq_lower_edge": 5,
                          "core:freq_upper_edge": 1}, "core:freq_lower_edge"),
    (("annotations", 0), [], "annotations"),
]  # fmt: skip


def changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    tree = copy.deepcopy(VALID)
    inner: Any = tree
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    return tree


def test_valid_metadata_are_read() -> None:
    found = parse_metadata(json.dumps(VALID).encode())
    assert found.datatype.name == "ci16_le"
    assert [c.frequency_hz for c in found.captures] == [1e8, 2e8]
    assert found.captures[0].time is not None
    assert found.captures[0].time.isoformat() == "2026-01-02T03:04:05+00:00"
    assert found.annotations[0].label == "a"


@pytest.mark.parametrize(("place", "value", "name"), WRONG)
def test_a_misfit_is_refused_by_name(place: tuple[Any, ...], value: Any, name: str) -> None:
    with pytest.raises(RecordingError, match=name):
        parse_metadata(json.dumps(changed(place, value)).encode())


@pytest.mark.parametrize("path", ["global", "captures", "annotations", "core:datatype",
                                  "core:version"])  # fmt: skip
def test_a_missing_field_is_named(path: str) -> None:
    tree = copy.deepcopy(VALID)
    (tree if path in tree else tree["global"]).pop(path)
    with pytest.raises(RecordingError, match=f"{path} is missing"):
        parse_metadata(json.dumps(tree).encode())


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 100_000, b'{"global": NaN}', b"\x00" * 64],
)
def test_what_is_no_object_of_json_is_refused(content: bytes) -> None:
    with pytest.raises(RecordingError, match="SigMF metadata"):
        parse_metadata(content)


def test_frequency_and_time_follow_the_captures(tmp_path: Path) -> None:
    meta = write_recording(tmp_path / "a", np.ones(1000), "ci16_le")
    tree = json.loads(meta.read_text())
    tree["captures"] = VALID["captures"]
    meta.write_text(json.dumps(tree))
    layout = known_layout(tmp_path / "a.sigmf-data")
    assert [frequency_at(layout, n, None) for n in (0, 499, 500, 999)] == [1e8, 1e8, 2e8, 2e8]
    start = start_time_of_samples(tmp_path / "a.sigmf-data")
    assert start is not None
    assert start.isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"core:sha512": "0" * 128}, "core:sha512"),
        ({"core:trailing_bytes": 10**6}, "core:trailing_bytes"),
        ({"core:num_channels": 1024, "core:sha512": None}, "no samples"),
    ],
)
def test_metadata_that_contradict_the_samples_are_refused(
    tmp_path: Path, change: dict[str, Any], name: str
) -> None:
    meta = write_recording(tmp_path / "a", np.ones(131), "cu8")
    tree = json.loads(meta.read_text())
    tree["global"] = {k: v for k, v in {**tree["global"], **change}.items() if v is not None}
    meta.write_text(json.dumps(tree))
    verdict = verify_iq(tmp_path / "a.sigmf-data")
    assert verdict.status == "failed"
    assert name in str(verdict.reason)


def test_missing_rate_and_frequency_are_no_reason_to_refuse(tmp_path: Path) -> None:
    write_recording(tmp_path / "a", np.exp(0.3j * np.arange(131)), "cf32_le", None)
    verdict = verify_iq(tmp_path / "a.sigmf-data")
    assert (verdict.status, verdict.sample_rate, verdict.frames) == ("ok", 1, 131)
    assert "core:sample_rate is missing" in str(verdict.warning)
