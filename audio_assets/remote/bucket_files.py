"""Where the encoding engines find a bucket's recordings: as local copies, looked at before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audio_assets.encoding.jobs import Recording
from audio_assets.errors import NotFoundError, RecordingError
from audio_assets.remote.bucket import Bucket
from audio_assets.remote.local_copies import copies_of_process


@dataclass(frozen=True)
class BucketFiles:
    """The recordings below a prefix; see `audio_assets.encoding.engine.Files`.

    Attributes:
        bucket: the prefix.
        cache_bytes: of local copies, in each process that reads.
    """

    bucket: Bucket
    cache_bytes: int

    @contextmanager
    def local(self, recording: Recording) -> Iterator[Path]:
        """The recording as a local file.

        Raises:
            RecordingError: the object vanished, or is not the one that was scanned.
            StorageError: the server or the disk refuses.
        """
        try:
            found = self.bucket.look(recording.path)
            if (found.size, found.mtime_ns) != (recording.size, recording.mtime_ns):
                raise RecordingError("changed since the scan; scan again")
            with copies_of_process(self.cache_bytes).file(self.bucket, found) as path:
                yield path
        except NotFoundError as error:
            raise RecordingError("vanished since the scan; scan again") from error
