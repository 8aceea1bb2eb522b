"""Where the samples of one radio recording lie, and what they are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audio_assets.errors import RecordingError
from audio_assets.radio.archive import open_archive
from audio_assets.radio.datatype import Datatype, parse_datatype
from audio_assets.radio.metadata import BIGGEST_BYTES, SigmfMetadata, parse_metadata
from audio_assets.radio.names import (
    ARCHIVE,
    DATA,
    LOOSE,
    META,
    NUMPY,
    OF_EXTENSION,
    PACKED,
    extension,
)
from audio_assets.radio.statement import RadioSettings

NO_RATE = 1.0
"""Rate of recordings that say none: then seconds are samples, and hertz are cycles per sample."""

NOTHING_STATED = RadioSettings()


@dataclass(frozen=True)
class IqLayout:
    """Samples of one recording in one file.

    Attributes:
        file: that holds the samples.
        container: SIGMF, RAW or NPY, as the column `format` says it.
        datatype: of the samples.
        channels: interleaved.
        sample_rate: in Hz; `NO_RATE` where nobody says it.
        first_byte: of the first sample.
        frames: samples per channel.
        warnings: what is odd, in plain words.
        metadata: of SigMF.
    """

    file: Path
    container: str
    datatype: Datatype
    channels: int
    sample_rate: float
    first_byte: int
    frames: int
    warnings: tuple[str, ...] = ()
    metadata: SigmfMetadata | None = None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.datatype.sample_bytes * self.channels


def layout_of(path: Path, stated: RadioSettings | None = None) -> IqLayout:
    """Find out how a recording lies on the disk; reads metadata only.

    Args:
        path: of a name for which `names.is_radio_name` holds, or an array of a radio folder.
        stated: what its folder says.

    Raises:
        RecordingError: it cannot be read as it stands; names the field or the option.
    """
    stated = stated or NOTHING_STATED
    kind = extension(path)
    if path.name.lower().endswith(PACKED):
        raise RecordingError("is a packed SigMF archive; unpack it, since samples are mapped")
    try:
        if kind == ARCHIVE:
            member = open_archive(path)
            metadata = parse_metadata(member.metadata)
            return _sigmf(path, metadata, member.first_byte, member.bytes, stated)
        if kind in (DATA, META):
            metadata, data = _pair(path, kind)
            return _sigmf(data, metadata, 0, data.stat().st_size, stated)
        return _array(path, stated) if kind == NUMPY else _raw(path, kind, stated)
    except OSError as error:
        raise RecordingError(f"cannot be read: {(error.strerror or str(error)).lower()}") from error


def _pair(path: Path, kind: str) -> tuple[SigmfMetadata, Path]:
    """Metadata and data file of a pair, by either."""
    meta = path if kind == META else path.with_name(path.name[: -len(DATA)] + META)
    if not meta.is_file():
        raise RecordingError(f"{meta.name} is missing: SigMF data cannot be read without it")
    _same_folder(path, meta)
    if meta.stat().st_size > BIGGEST_BYTES:
        raise RecordingError(f"{meta.name} is larger than {BIGGEST_BYTES >> 20} MiB")
    metadata = parse_metadata(meta.read_bytes())
    if kind == DATA:
        return metadata, path
    if metadata.dataset is None:
        if metadata.metadata_only:
            raise RecordingError("SigMF metadata: core:metadata_only is set, there are no samples")
        raise RecordingError(f"{meta.name[: -len(META)]}{DATA} is missing: there are no samples")
    name = metadata.dataset
    data = meta.with_name(name) if name == Path(name).name else None
    if data is None or name in ("", ".", ".."):
        raise RecordingError(f"SigMF metadata: core:dataset {name!r} is no file name")
    if not data.is_file():
        raise RecordingError(f"SigMF metadata: core:dataset {name!r} is not beside them")
    _same_folder(meta, data)
    return metadata, data


def _same_folder(path: Path, other: Path) -> None:
    """Refuse a link out of the folder: nothing outside it is read."""
    if other.is_symlink() and other.resolve().parent != path.resolve().parent:
        raise RecordingError(f"{other.name} is a link to another folder; copy the file itself here")


def _sigmf(
    file: Path, metadata: SigmfMetadata, first: int, size: int, stated: RadioSettings
) -> IqLayout:
    frame = metadata.datatype.sample_bytes * metadata.channels
    size -= metadata.header_bytes + metadata.trailing_bytes
    if size < 0:
        raise RecordingError(
            "SigMF metadata: core:header_bytes and core:trailing_bytes are more than the file has"
        )
    frames, rest = divmod(size, frame)
    warnings = _rest(rest, frame)
    rate = metadata.sample_rate or stated.sample_rate
    if rate is None:
        warnings.append("core:sample_rate is missing: seconds are samples")
    elif rate != round(rate):
        warnings.append(f"core:sample_rate {rate:.9g} Hz is taken as {round(rate)} Hz")
    beyond = [c for c in metadata.captures if c.first > frames]
    if beyond:
        raise RecordingError(
            f"SigMF metadata: captures core:sample_start {beyond[0].first} lies behind the end, "
            f"there are {frames} samples; the data are cut short or core:datatype is wrong"
        )
    outside = sum(a.first + (a.count or 0) > frames for a in metadata.annotations)
    if outside:
        warnings.append(f"{outside} annotations reach behind the end ({frames} samples)")
    return IqLayout(
        file, "SIGMF", metadata.datatype, metadata.channels, rate or NO_RATE,
        first + metadata.header_bytes, frames, tuple(warnings), metadata,
    )  # fmt: skip


def _raw(path: Path, kind: str, stated: RadioSettings) -> IqLayout:
    promised = OF_EXTENSION.get(kind)
    name = stated.datatype or promised if kind in LOOSE else promised or stated.datatype
    if name is None:
        raise RecordingError(
            f"raw IQ: .{kind} does not say its datatype; state it with --iq-type, e.g. cf32_le"
        )
    datatype = parse_datatype(name)
    rate = _stated_rate(stated)
    frames, rest = divmod(path.stat().st_size, datatype.sample_bytes * stated.channels)
    warnings = _rest(rest, datatype.sample_bytes * stated.channels)
    return IqLayout(path, "RAW", datatype, stated.channels, rate, 0, frames, tuple(warnings))


def _array(path: Path, stated: RadioSettings) -> IqLayout:
    """An array of complex samples [n] or [n, channels], or of I and Q [n, 2]."""
    with path.open("rb") as stream:
        try:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0
            read = read if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read(stream)
        except Exception as error:  # numpy parses the header as Python, and fails in many ways
            raise RecordingError(f"is no array of numpy: {error}") from error
        first = stream.tell()
    pairs = dtype.kind in "fiu" and len(shape) == 2 and shape[1] == 2
    waves = dtype.kind == "c" and len(shape) in (1, 2) and math.prod(shape[1:]) <= 1024
    if (fortran and len(shape) > 1) or not (pairs or waves):
        raise RecordingError(
            f"is an array {dtype} {shape}; expected complex [samples] or [samples, channels], or I "
            "and Q [samples, 2], rows one after the other"
        )
    bits = dtype.itemsize * (4 if dtype.kind == "c" else 8)
    order = "" if bits == 8 else "_be" if dtype.str[0] == ">" else "_le"
    channels = 1 if pairs else math.prod(shape[1:])
    try:
        datatype = parse_datatype(f"c{'f' if dtype.kind == 'c' else dtype.kind}{bits}{order}")
    except Exception as error:
        raise RecordingError(f"is an array of {dtype}, which holds no IQ samples") from error
    need = first + math.prod(shape) * dtype.itemsize
    if path.stat().st_size < need or channels < 1:
        raise RecordingError("is an array that is cut short or empty")
    rate = _stated_rate(stated)
    return IqLayout(path, "NPY", datatype, channels, rate, first, int(np.array(shape)[0]))


def _stated_rate(stated: RadioSettings) -> float:
    if stated.sample_rate is None:
        raise RecordingError(
            "raw IQ says no sample rate; state it with --iq-rate, e.g. --iq-rate 2e6"
        )
    return stated.sample_rate


def _rest(rest: int, frame: int) -> list[str]:
    if not rest:
        return []
    return [f"truncated: the last {rest} bytes are less than one sample of {frame} bytes"]


def with_rate(layout: IqLayout, rate: float) -> IqLayout:
    """The same samples at another rate."""
    return replace(layout, sample_rate=rate)
