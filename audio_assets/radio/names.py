"""Which file names are radio recordings."""

from __future__ import annotations

from pathlib import PurePath

OF_EXTENSION = {
    "cfile": "cf32_le", "complex": "cf32_le", "cf32": "cf32_le", "fc32": "cf32_le",
    "cs16": "ci16_le", "sc16": "ci16_le", "ci16": "ci16_le", "cs8": "ci8", "sc8": "ci8",
    "ci8": "ci8", "cu8": "cu8",
}  # fmt: skip
"""Extensions of raw files that name their datatype: GNU Radio, rtl_433, UHD, inspectrum."""

LOOSE = frozenset({"cfile", "complex"})
"""Of these, those that a statement of the user overrides: they only hint."""

DATA, META, ARCHIVE = "sigmf-data", "sigmf-meta", "sigmf"
PACKED = (".sigmf.gz", ".sigmf.xz", ".sigmf.bz2", ".sigmf.zip", ".sigmf.tar")
RAW = frozenset({*OF_EXTENSION, "iq"})
EXTENSIONS = RAW | {DATA, META, ARCHIVE}
NUMPY = "npy"


def extension(name: str | PurePath) -> str:
    """The last extension of a name, lower case, without the dot."""
    return str(name).rpartition(".")[2].lower()


def is_radio_name(name: str) -> bool:
    """Whether a file of that name is a radio recording wherever it lies.

    Arrays (`.npy`) and sound files are such only where their folder says so.
    """
    return extension(name) in EXTENSIONS or name.lower().endswith(PACKED)


def is_sigmf_name(name: str) -> bool:
    """Whether a file of that name brings SigMF metadata along."""
    return extension(name) in (DATA, META, ARCHIVE) or name.lower().endswith(PACKED)
