"""SigMF archives: where in the tar file the samples lie, so that nothing has to be unpacked."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

from audio_assets.errors import RecordingError
from audio_assets.radio.metadata import BIGGEST_BYTES
from audio_assets.radio.names import DATA, META

MOST_MEMBERS = 10_000


@dataclass(frozen=True)
class Member:
    """The one recording of an archive.

    Attributes:
        metadata: bytes of its `.sigmf-meta`.
        first_byte: of its samples in the archive.
        bytes: how many there are.
    """

    metadata: bytes
    first_byte: int
    bytes: int


def open_archive(path: Path) -> Member:
    """Find the recording in an archive.

    Raises:
        RecordingError: it is no plain tar file, or does not hold exactly one recording.
        OSError: it cannot be read.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            members: list[tarfile.TarInfo] = []
            for member in archive:
                members.append(member)
                if len(members) > MOST_MEMBERS:
                    raise RecordingError(f"is an archive of more than {MOST_MEMBERS} files")
            meta = [m for m in members if m.isreg() and m.name.endswith(f".{META}")]
            if len(meta) != 1:
                raise RecordingError(
                    f"is a SigMF archive of {len(meta)} recordings; expected one. Unpack it here "
                    "(tar xf) to use them as pairs"
                )
            name = meta[0].name[: -len(META)] + DATA
            data = [m for m in members if m.isreg() and m.name == name]
            if not data:
                raise RecordingError(f"is a SigMF archive without {Path(name).name}")
            if data[0].sparse is not None or meta[0].size > BIGGEST_BYTES:
                raise RecordingError("is a SigMF archive with holes; unpack it here (tar xf)")
            stream = archive.extractfile(meta[0])
            content = stream.read() if stream else b""
    except tarfile.TarError as error:
        raise RecordingError(f"is no SigMF archive (an uncompressed tar file): {error}") from error
    end = data[0].offset_data + data[0].size
    if path.stat().st_size < end:
        raise RecordingError("is a SigMF archive that is cut short")
    return Member(content, data[0].offset_data, data[0].size)
