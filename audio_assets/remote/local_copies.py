"""Recordings of a bucket as local files: a bounded number of bytes, the longest unused go first."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath

from audio_assets.errors import StorageError
from audio_assets.remote.bucket import Bucket, RemoteObject


class LocalCopies:
    """Files of one process, in a directory of their own that ends with it.

    A copy in use is never removed; threads that ask for the same object wait for one download.
    """

    def __init__(self, directory: Path, limit: int) -> None:
        """Begin empty.

        Args:
            directory: belongs to this object alone.
            limit: bytes of all copies together; at least the largest recording.
        """
        self.directory, self.limit = directory, limit
        self.downloads = 0
        self._sizes: OrderedDict[Path, int] = OrderedDict()
        self._users: dict[Path, int] = {}
        self._changed = threading.Condition()

    @contextmanager
    def file(self, bucket: Bucket, item: RemoteObject) -> Iterator[Path]:
        """The object as a file, as long as this lasts.

        Raises:
            StorageError: it is larger than the limit, or the server or disk refuses.
            NotFoundError: it is gone.
        """
        path = self._claim(bucket, item)
        try:
            yield path
        finally:
            with self._changed:
                self._users[path] -= 1
                self._changed.notify_all()

    @property
    def held(self) -> int:
        """Bytes of all copies."""
        return sum(self._sizes.values())

    def _claim(self, bucket: Bucket, item: RemoteObject) -> Path:
        if item.size > self.limit:
            raise StorageError(
                f"{bucket.address / item.key} has {item.size >> 20} MiB, more than the "
                f"{self.limit >> 20} MiB for copies; raise AUDIO_ASSETS_REMOTE_CACHE_MB."
            )
        path = self.directory / _name(bucket, item)
        with self._changed:
            self._users[path] = self._users.get(path, 0) + 1
            first = path not in self._sizes
            if first:
                self._make_room(item.size)
                first = path not in self._sizes  # another thread may have begun it meanwhile
            if first:
                self._sizes[path] = item.size
            self._sizes.move_to_end(path)
        if first:
            try:
                bucket.fetch(item.key, path)
                self.downloads += 1
            except BaseException:
                with self._changed:
                    self._sizes.pop(path, None)
                    self._users[path] -= 1
                    self._changed.notify_all()
                raise
            with self._changed:
                self._changed.notify_all()
            return path
        with self._changed:
            while path in self._sizes and not path.is_file():
                self._changed.wait(0.1)
        if not path.is_file():
            with self._changed:
                self._users[path] -= 1
            raise StorageError(f"{bucket.address / item.key} could not be fetched.")
        return path

    def _make_room(self, size: int) -> None:
        """Remove the longest unused copies; wait for one where all are in use."""
        while self.held + size > self.limit:
            idle = next((p for p in self._sizes if not self._users.get(p)), None)
            if idle is None:
                self._changed.wait()
                continue
            del self._sizes[idle]
            self._users.pop(idle, None)
            idle.unlink(missing_ok=True)


def _name(bucket: Bucket, item: RemoteObject) -> str:
    """A name made of a hash, so that no key becomes a path; the extension tells the format."""
    facts = f"{bucket.address}\0{item.key}\0{item.size}\0{item.mtime_ns}"
    suffix = PurePosixPath(item.key).suffix.lower()
    plain = suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) < 8 else ""
    return hashlib.sha256(facts.encode()).hexdigest()[:32] + plain


@lru_cache(maxsize=4)
def copies_of_process(limit: int) -> LocalCopies:
    """The copies of this process; the directory is removed when it ends."""
    directory = tempfile.TemporaryDirectory(prefix="audio-assets-copies-")
    copies = LocalCopies(Path(directory.name), limit)
    copies.__dict__["_directory"] = directory
    return copies
