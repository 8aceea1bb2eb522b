"""One recording, hashed and decoded to its end: what is really in it, and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from audio_assets.errors import RecordingError
from audio_assets.recordings.headers import Claim, read_claim
from audio_assets.recordings.kept_sound import KeptSound
from audio_assets.recordings.sample_values import LOUDEST, not_sound
from audio_assets.recordings.sources import Source, open_descriptor, open_source
from audio_assets.recordings.verdict import Verdict

DECODE_SAMPLES = 1 << 18
"""Samples decoded at once; small enough for a processor's cache, 1 MiB."""

FORMATS = {
    "wav": "WAV WAVEX RF64", "wave": "WAV WAVEX RF64", "rf64": "RF64 WAV WAVEX", "w64": "W64",
    "flac": "FLAC", "ogg": "OGG", "oga": "OGG FLAC", "opus": "OGG", "mp3": "MP3",
    "aif": "AIFF", "aiff": "AIFF", "aifc": "AIFF", "au": "AU", "caf": "CAF",
    "m4a": "MOV", "mp4": "MOV", "aac": "AAC MOV",
}  # fmt: skip
"""Formats that an extension promises."""

FULL_SCALE = {"PCM_S8": 126.5 / 128, "PCM_U8": 126.5 / 128}
CLIPPED_SHARE = 1e-3
OFFSET = 0.1
UNUSUAL_RATE = 100
"""A rate below this in Hz is infrasound, or a header that lies."""
MP3_SLACK = 2 * 1152
MOST_SAMPLES_PER_S = 384_000
"""Under a limit of length: two channels at 192 kHz; 1,024 channels are no recording."""


@dataclass
class Levels:
    """Running statistics over the samples of a recording, all channels together."""

    full_scale: float
    frames: int = 0
    low: float = np.inf
    high: float = -np.inf
    clipped: int = 0
    total: float = 0.0
    samples: int = field(default=0)

    def add(self, block: np.ndarray) -> bool:
        """Take in float32 [n, channels]; False when it holds what is no sound: see `LOUDEST`."""
        low, high = float(block.min()), float(block.max())
        self.frames += len(block)
        self.samples += block.size
        if not (low >= -LOUDEST and high <= LOUDEST):  # NaN is neither
            return False
        self.low, self.high = min(self.low, low), max(self.high, high)
        if high >= self.full_scale or low <= -self.full_scale:
            self.clipped += int(np.count_nonzero(np.abs(block) >= self.full_scale))
        self.total += float(block.sum(dtype=np.float64))
        return True


def verify(
    path: Path, name: str, known: str | None = None, *, longest_s: float | None = None,
    keep: KeptSound | None = None,
) -> Verdict | None:  # fmt: skip
    """Hash a file and decode all of it.

    Args:
        path: the file.
        name: its name, for the format that the extension promises.
        known: a hash; when the file has it still, nothing is decoded.
        longest_s: decoding stops here, and the file fails: a small file can hold days of silence.
        keep: is given the sound of a whole recording.

    Returns:
        The verdict, status `ok` or `failed`; None when the hash is `known`.
    """
    verdict = Verdict()
    try:
        descriptor = open_descriptor(path)
    except RecordingError as error:
        verdict.reason = str(error)
        return verdict
    try:
        before = os.fstat(descriptor)
        with open(descriptor, "rb", closefd=False, buffering=0) as stream:
            verdict.recording_id = hashlib.file_digest(stream, "sha256").hexdigest()
        if known is not None and verdict.recording_id == known:
            return None
        _decode(descriptor, path, name, verdict, longest_s, keep)
        after = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            return Verdict(reason="the file changed while it was read; run again when it is still")
    except RecordingError as error:
        verdict.status, verdict.reason = "failed", str(error)
    except OSError as error:
        return Verdict(reason=f"cannot be read: {(error.strerror or str(error)).lower()}")
    finally:
        os.close(descriptor)
    return verdict


def _decode(
    descriptor: int, path: Path, name: str, verdict: Verdict, longest_s: float | None,
    keep: KeptSound | None,
) -> None:  # fmt: skip
    """Fill in the verdict of an open file.

    Raises:
        RecordingError: when there is nothing to embed, with the reason.
    """
    source = open_source(descriptor, path)
    try:
        verdict.sample_rate, verdict.channels = source.sample_rate, source.channels
        verdict.format, verdict.subtype = source.format, source.subtype
        levels, stopped = _levels(source, longest_s, keep)
        claim = read_claim(descriptor, source.format, source.header_frames)
    finally:
        source.close()
    rate = source.sample_rate
    verdict.frames, verdict.duration_s = levels.frames, levels.frames / rate
    if levels.frames == 0:
        if stopped:
            raise RecordingError(stopped)
        raise RecordingError("the header is there but no samples")
    warnings = [
        *_format_warning(name, source.format),
        *_rate_warning(rate, verdict.duration_s),
        *_length_warning(claim, levels.frames, rate, source.format, stopped),
        *_level_warnings(levels),
    ]
    verdict.status, verdict.warning = "ok", "; ".join(warnings) or None


def _levels(
    source: Source, longest_s: float | None, keep: KeptSound | None
) -> tuple[Levels, str | None]:
    """Decode to the end; the second value says why decoding stopped early, if it did.

    Raises:
        RecordingError: at the first sample that is no sound, or beyond the limit.
    """
    levels = Levels(FULL_SCALE.get(source.subtype, 32766.5 / 32768))
    wanted = max(1, DECODE_SAMPLES // source.channels)
    while True:
        try:
            block = source.read(wanted)
        except RecordingError as error:
            return levels, str(error)
        if len(block) == 0:
            return levels, None
        first = levels.frames
        if not levels.add(block):
            raise RecordingError(not_sound(block, first, source.sample_rate) or "is no sound")
        if longest_s is not None:
            _refuse_longer(source, levels, longest_s)
        if keep is not None:
            keep.add(block)
        if len(block) < wanted:
            return levels, None


def _refuse_longer(source: Source, levels: Levels, longest_s: float) -> None:
    """Refuse what decodes to more time, or to more work, than the limit allows."""
    if levels.frames > longest_s * source.sample_rate:
        raise RecordingError(f"is longer than {longest_s:g} s, the limit here")
    if levels.samples > longest_s * MOST_SAMPLES_PER_S:
        raise RecordingError(
            f"decodes to more samples than {longest_s:g} s at {MOST_SAMPLES_PER_S:,} a second, "
            "the limit here"
        )


def _format_warning(name: str, found: str) -> list[str]:
    extension = name.rpartition(".")[2].lower()
    promised = FORMATS.get(extension, found).split()
    return [] if found in promised else [f"format differs from name: .{extension} holds {found}"]


def _rate_warning(rate: int, seconds: float) -> list[str]:
    if rate >= UNUSUAL_RATE:
        return []
    return [f"unusual rate: {rate} Hz, and so {seconds:,.0f} s; is the header right?"]


def _length_warning(
    claim: Claim, frames: int, rate: int, format_name: str, stopped: str | None
) -> list[str]:
    """Compare the header's length with what decoded."""
    decoded = f"{frames / rate:.3f} s decoded"
    said = claim.frames
    slack = MP3_SLACK if format_name == "MP3" else 0
    if said is not None and abs(said - frames) > slack:
        text = f"header says {said / rate:.3f} s, {decoded}"
        lies = said < frames or claim.placeholder
        return [f"header length is wrong: {text}" if lies else f"truncated: {text}"]
    if stopped:
        return [f"truncated: {stopped}, {decoded}"]
    return [f"truncated: the stream has no end mark, {decoded}"] if claim.ends is False else []


def _level_warnings(levels: Levels) -> list[str]:
    """Silence, constant sound, clipping and a shifted zero line."""
    if levels.low == levels.high:
        if levels.low == 0:
            return ["silent: every sample is zero"]
        return [f"constant: every sample is {levels.low:.4g}"]
    found: list[str] = []
    share = levels.clipped / levels.samples
    if share >= CLIPPED_SHARE:
        found.append(f"clipped: {share:.1%} of the samples are at full scale")
    mean = levels.total / levels.samples
    if abs(mean) >= OFFSET:
        found.append(f"shifted zero line: the mean is {mean:+.2f}")
    return found
