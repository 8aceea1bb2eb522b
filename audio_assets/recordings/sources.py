"""Where samples come from: libsndfile for nearly everything, FFmpeg (PyAV) for AAC.

Both only ever go forwards from a place that is certain. Seeking is left to formats whose seeks
are sample-exact: libsndfile 1.2.2 lands on wrong samples in Ogg Vorbis (measured: 1 of 200 seeks
in a 60 s file is off for good), so Ogg is decoded from its start.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import soundfile as sf

from audio_assets.errors import RecordingError
from audio_assets.recordings.first_bytes import aac_container, describe
from audio_assets.recordings.flac_blocks import can_be_entered

EXACT_SUBTYPES = frozenset(
    {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
)
"""Encodings in which a seek is arithmetic, or (FLAC) checked by the decoder."""

STEADY = frozenset({"OGG", "MP3"})
STEADY_FRAMES = 4096
"""Of a damaged file in a rare encoding (DWVW, IMA ADPCM of 33 channels) libsndfile gives other
samples for other lengths of reading; so those are always read in blocks of this length."""

SMALLEST_MP3 = 4096

LOWEST_RATE, HIGHEST_RATE = 10, 100_000_000
"""In Hz: from infrasound to IQ in a WAV. A header beyond them lies, and would turn a small file
into years of windows, or seconds of sound into none."""

NEEDS_AV = 'M4A/AAC needs the optional decoder: pip install "audio-assets[m4a]"'


class Source(Protocol):
    """A stream of frames of one open file."""

    sample_rate: int
    channels: int
    format: str
    subtype: str
    header_frames: int | None
    """Length that the decoder believes; None when it has no idea."""
    seeks: bool
    """Whether `seek` is sample-exact."""

    def read(self, frames: int) -> np.ndarray:
        """Next at most `frames` frames, float32 [n, channels]; fewer only at the end."""
        ...

    def seek(self, frame: int) -> None:
        """Continue at `frame`; only where `seeks`."""
        ...

    def close(self) -> None:
        """Let go of the decoder; the descriptor stays with whoever opened it."""
        ...


def open_descriptor(path: Path) -> int:
    """Open a regular file for reading without ever blocking on a pipe.

    Raises:
        RecordingError: when it cannot be opened or is no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise RecordingError(f"cannot be opened: {(error.strerror or '').lower()}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RecordingError("is not a regular file")
    return descriptor


def open_source(descriptor: int, path: Path) -> Source:
    """A source for an open file, at its first frame.

    Args:
        descriptor: of the open file.
        path: the same file; only for an MP3 cut out of a stream, which libsndfile recognises by
            its name alone.

    Raises:
        RecordingError: with the reason, in plain words.
    """
    head = os.pread(descriptor, 64, 0)
    if not head:
        raise RecordingError("the file is empty (0 bytes)")
    source = _open_source(descriptor, path, head)
    if not LOWEST_RATE <= source.sample_rate <= HIGHEST_RATE:
        source.close()
        raise RecordingError(
            f"its header gives a rate of {source.sample_rate:,} Hz, expected {LOWEST_RATE} to "
            f"{HIGHEST_RATE:,} Hz; correct the header"
        )
    return source


def _open_source(descriptor: int, path: Path, head: bytes) -> Source:
    try:
        return SoundFileSource(descriptor)
    except sf.LibsndfileError as error:
        container = aac_container(head)
        if container is not None:
            return AvSource(descriptor, container)
        if path.suffix.lower() == ".mp3" and os.fstat(descriptor).st_size > SMALLEST_MP3:
            with contextlib.suppress(sf.LibsndfileError):
                return SoundFileSource(os.fsencode(path))
        if "not recogni" in error.error_string.lower():
            raise RecordingError(f"not a sound file: {describe(head)}") from error
        raise RecordingError(f"cannot be decoded: {error.error_string}") from error


class SoundFileSource:
    """A file as libsndfile reads it."""

    def __init__(self, file: int | bytes) -> None:
        if isinstance(file, int):
            os.lseek(file, 0, os.SEEK_SET)
        self._file = _ForwardSoundFile(cast(Any, file), closefd=False)
        self.sample_rate, self.channels = self._file.samplerate, self._file.channels
        self.format, self.subtype = self._file.format, self._file.subtype
        frames = self._file.frames
        self.header_frames = frames if 0 < frames < 1 << 60 else None
        self._left = np.empty((0, self.channels), np.float32)
        self._steady = self.format in STEADY or self.subtype in EXACT_SUBTYPES
        exact = self.format not in STEADY and self.subtype in EXACT_SUBTYPES
        if self.format == "FLAC" and isinstance(file, int):
            exact = exact and can_be_entered(file)
        self.seeks = exact and self._begins_where_it_seeks()

    def _begins_where_it_seeks(self) -> bool:
        """Stand at what a seek calls the first frame.

        Where a header lies of the place of the samples, reading begins elsewhere than that.
        """
        with contextlib.suppress(sf.LibsndfileError):
            self._file.seek(0)
            return True
        return False

    def read(self, frames: int) -> np.ndarray:
        if self._steady:
            return self._decode(frames)
        parts, have = [self._left], len(self._left)
        while have < frames and len(block := self._decode(STEADY_FRAMES)):
            parts.append(block)
            have += len(block)
        joined = np.concatenate(parts)
        self._left = joined[frames:]
        return joined[:frames]

    def _decode(self, frames: int) -> np.ndarray:
        try:
            return self._file.read(frames, dtype="float32", always_2d=True)
        except sf.LibsndfileError as error:
            raise RecordingError(f"decoding failed: {error.error_string}") from error

    def seek(self, frame: int) -> None:
        try:
            self._file.seek(frame)
        except sf.LibsndfileError as error:
            raise RecordingError(f"cannot reach frame {frame}: {error.error_string}") from error

    def close(self) -> None:
        self._file.close()


class _ForwardSoundFile(sf.SoundFile):
    """Reads on until the data end: no trust in the header's length, no seek after every read."""

    def seekable(self) -> bool:
        return False


class AvSource:
    """AAC in MP4 or ADTS as FFmpeg reads it."""

    seeks = False

    def __init__(self, descriptor: int, container: str) -> None:
        try:
            import av
            from av.error import FFmpegError
        except ImportError as error:
            raise RecordingError(NEEDS_AV) from error
        os.lseek(descriptor, 0, os.SEEK_SET)
        self._stream = open(descriptor, "rb", closefd=False)  # noqa: SIM115
        try:
            self._container: Any = av.open(self._stream, format=container)
            tracks = self._container.streams.audio
            if not tracks:
                raise RecordingError("there is no sound track in it")
            context = tracks[0].codec_context
            if context is None:
                raise RecordingError("its sound track is of a kind that cannot be decoded")
            self.sample_rate, self.channels = int(context.sample_rate), int(context.channels)
            self.format, self.subtype = container.upper(), context.name.upper()
            self.header_frames: int | None = None
            if self.sample_rate <= 0 or self.channels <= 0:
                raise RecordingError("its sound track has no rate or no channels")
            self._blocks = self._decode(av, tracks[0])
        except (FFmpegError, ValueError) as error:
            raise RecordingError(f"cannot be decoded: {error}") from error
        self._left = np.empty((0, self.channels), np.float32)

    def _decode(self, av: Any, track: Any) -> Iterator[np.ndarray]:
        """Blocks float32 [n, channels] as they come."""
        planar = av.AudioResampler(format="fltp")
        for frame in self._container.decode(track):
            for block in planar.resample(frame):
                yield np.ascontiguousarray(block.to_ndarray().T)

    def read(self, frames: int) -> np.ndarray:
        from av.error import FFmpegError

        parts, have = [self._left], len(self._left)
        try:
            while have < frames and (block := next(self._blocks, None)) is not None:
                parts.append(block)
                have += len(block)
        except (FFmpegError, ValueError) as error:
            raise RecordingError(f"decoding failed: {error}") from error
        joined = np.concatenate(parts)
        self._left = joined[frames:]
        return joined[:frames]

    def seek(self, frame: int) -> None:
        raise NotImplementedError("AAC is only read forwards")

    def close(self) -> None:
        self._container.close()
        self._stream.close()
