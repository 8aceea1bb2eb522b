"""Datatypes: every SigMF one is read as the sigmf package reads it."""

from pathlib import Path

import numpy as np
import pytest
import sigmf

from audio_assets.errors import UsageError
from audio_assets.radio.datatype import parse_datatype
from audio_assets.radio.synthesis.folder import write_recording
from audio_assets.recordings.decode import Reader

NAMES = [
    form + kind
    for form in "cr"
    for kind in ("f32_le", "f32_be", "f64_le", "f64_be", "i32_le", "i32_be", "u32_le", "u32_be",
                 "i16_le", "i16_be", "u16_le", "u16_be", "i8", "u8")
]  # fmt: skip


@pytest.fixture
def samples() -> np.ndarray:
    rng = np.random.default_rng(3)
    return 0.2 * (rng.standard_normal((2, 131)) + 1j * rng.standard_normal((2, 131)))


@pytest.mark.parametrize("name", NAMES)
def test_two_channels_of_every_datatype_come_back(
    tmp_path: Path, samples: np.ndarray, name: str
) -> None:
    meta = write_recording(tmp_path / "a", samples, name, 1000.0)
    with Reader(tmp_path / "a.sigmf-data") as reader:
        read = reader.read_iq(0, 131)
    wanted = samples if name[0] == "c" else samples.real
    step = 2 / 2 ** parse_datatype(name).component.itemsize / 2**7 if name[1] != "f" else 1e-6
    assert read.shape == (2, 131)
    assert read.dtype == np.complex64
    np.testing.assert_allclose(
        read, wanted, atol=max(step, 1e-6) * 1.1 + (2**-7 if "8" in name else 0)
    )
    theirs = sigmf.fromfile(meta).read_samples()
    np.testing.assert_allclose(read.T, theirs, atol=1e-6)


def test_a_span_in_the_middle_is_the_same_as_the_whole(tmp_path: Path, samples: np.ndarray) -> None:
    write_recording(tmp_path / "a", samples, "ci16_be")
    with Reader(tmp_path / "a.sigmf-data") as reader:
        whole = reader.read_iq(0, 1000)
        assert np.array_equal(reader.read_iq(50, 20), whole[:, 50:70])
        assert reader.read_iq(130, 20).shape == (2, 1)
        assert reader.read_iq(131, 20).shape == (2, 0)
        assert np.array_equal(reader.read(50, 20), whole[:, 50:70].real.mean(axis=0))


@pytest.mark.parametrize("name", ["cf16_le", "ci64", "xf32_le", "cu8_lee", "", "c"])
def test_what_is_no_datatype_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="SigMF datatype"):
        parse_datatype(name)
