"""One radio recording looked through: what is really in it, and what is wrong with it.

Its identity is that of its file's bytes and of how they are read (`radio/identity.py`). Of a file
above 2 GiB only parts are read: 1 MiB at each of 257 places, evenly spread from its first byte to
its last. Then the identity is of the file's length and those parts, and the levels are theirs; the
warning says so. Reading a 40 GB file whole would take minutes on a fast disk and tell nothing more
about windows that are checked again, sample by sample, when they are encoded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from audio_assets.errors import RecordingError
from audio_assets.radio.archive import open_archive
from audio_assets.radio.identity import identity_of, reading_of
from audio_assets.radio.layout import IqLayout, layout_of
from audio_assets.radio.names import ARCHIVE, extension
from audio_assets.radio.oddities import oddities
from audio_assets.radio.source import IqSource
from audio_assets.radio.statement import RadioSettings
from audio_assets.recordings.verdict import Verdict
from audio_assets.recordings.verify import CLIPPED_SHARE

READ_WHOLE = 2 << 30
PARTS, PART_BYTES = 257, 1 << 20
BLOCK_BYTES = 8 << 20
NOT_IN_SOUND = (
    "is radio IQ in a folder of sound; put radio recordings into a folder of their own, or say "
    "something of IQ when it is run, such as --window-samples"
)


def verify_iq(
    path: Path, stated: RadioSettings | None = None, *, in_sound: bool = False
) -> Verdict:
    """Hash a radio recording and look at its samples, in bounded memory.

    Args:
        path: the recording.
        stated: what its folder says.
        in_sound: its folder is one of sound, in which complex samples are refused; real ones are
            sound themselves.

    Returns:
        The verdict, status `ok` or `failed`.
    """
    verdict = Verdict()
    try:
        layout = layout_of(path, stated)
        before = layout.file.stat()
        whole = before.st_size <= READ_WHOLE
        digest = _digest(path, layout, before.st_size, whole)
        verdict.recording_id = identity_of(digest, layout, stated)
        if in_sound and layout.datatype.is_complex:
            raise RecordingError(NOT_IN_SOUND)
        _describe(verdict, layout, stated)
        if layout.frames == 0:
            raise RecordingError("holds no samples")
        warnings = [*layout.warnings, *oddities(layout), *_levels(layout, whole)]
        after = layout.file.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            return Verdict(reason="the file changed while it was read; run again when it is still")
        verdict.status, verdict.warning = "ok", "; ".join(warnings) or None
    except RecordingError as error:
        verdict.status, verdict.reason = "failed", str(error)
    except OSError as error:
        return Verdict(reason=f"cannot be read: {(error.strerror or str(error)).lower()}")
    return verdict


def _describe(verdict: Verdict, layout: IqLayout, stated: RadioSettings | None) -> None:
    rate = round(layout.sample_rate)
    verdict.sample_rate, verdict.channels = rate, layout.channels
    verdict.frames, verdict.duration_s = layout.frames, layout.frames / rate
    verdict.format, verdict.subtype = layout.container, reading_of(layout, stated)
    if stated is not None and stated.channel is not None and stated.channel >= layout.channels:
        raise RecordingError(
            f"has {layout.channels} channels, but --iq-channel {stated.channel} is asked for"
        )


def _digest(path: Path, layout: IqLayout, size: int, whole: bool) -> str:
    """SHA-256 of the file, or of its length and parts; the stated SHA-512 is checked meanwhile.

    That is of the data file with its header, which in an archive is one of the files.
    """
    sha256 = hashlib.sha256()
    stated = layout.metadata.sha512 if layout.metadata is not None else None
    check = hashlib.sha512() if whole and stated else None
    begin, stop = 0, size
    if check is not None and extension(path) == ARCHIVE:
        member = open_archive(path)
        begin, stop = member.first_byte, member.first_byte + member.bytes
    if not whole:
        sha256.update(f"parts of {size}\n".encode())
    with layout.file.open("rb", buffering=0) as stream:
        for first, end in _byte_spans(size, whole):
            stream.seek(first)
            while first < end and (block := stream.read(min(BLOCK_BYTES, end - first))):
                sha256.update(block)
                if check is not None:
                    check.update(block[max(0, begin - first) : max(0, stop - first)])
                first += len(block)
    if check is not None and check.hexdigest() != stated:
        raise RecordingError(
            "SigMF metadata: global core:sha512 is not that of the data; they are damaged or were "
            "changed. Copy them again, or correct the field"
        )
    return sha256.hexdigest()


def _byte_spans(size: int, whole: bool) -> Iterator[tuple[int, int]]:
    if whole:
        yield 0, size
        return
    for number in range(PARTS):
        first = (size - PART_BYTES) * number // (PARTS - 1)
        yield first, first + PART_BYTES


def _levels(layout: IqLayout, whole: bool) -> list[str]:
    """Warnings on silence, constant samples and clipping; bounded memory.

    Raises:
        RecordingError: at the first sample that is not finite.
    """
    step = max(1, BLOCK_BYTES // layout.frame_bytes)
    part = max(1, PART_BYTES // layout.frame_bytes)
    starts = (
        [(at, step) for at in range(0, layout.frames, step)]
        if whole
        else [((layout.frames - part) * n // (PARTS - 1), part) for n in range(PARTS)]
    )
    low, high, clipped, seen = np.inf, -np.inf, 0, 0
    top = _top(layout)
    source = IqSource(layout)
    try:
        for first, count in starts:
            span = source.complex_span(first, count)
            values = span.view(np.float32) if layout.datatype.is_complex else span.real
            if not np.isfinite(values).all():
                bad = int(np.argmin(np.isfinite(span).all(axis=0)))
                at = (first + bad) / layout.sample_rate
                raise RecordingError(
                    f"contains NaN or infinite samples (first at sample {first + bad}, {at:.3f} s)"
                )
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            if top is not None:
                clipped += int(np.count_nonzero(np.abs(values) >= top))
            seen += values.size
    finally:
        source.close()
    found = [] if whole else [_partly(layout)]
    if low == high:
        found.append("silent: every sample is zero" if low == 0 else "constant: no signal")
    elif clipped / seen >= CLIPPED_SHARE:
        found.append(f"clipped: {clipped / seen:.1%} of the samples are at full scale")
    return found


def _top(layout: IqLayout) -> float | None:
    """From where on an integer sample is at full scale; None for floating point."""
    datatype = layout.datatype
    return (
        None if datatype.component.kind == "f" else (datatype.full_scale - 1) / datatype.full_scale
    )


def _partly(layout: IqLayout) -> str:
    size = layout.file.stat().st_size
    return f"{size / 2**30:.1f} GiB: identity and levels are of {PARTS} parts of 1 MiB, not of all"
