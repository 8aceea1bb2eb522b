"""A prefix of a bucket: what lies there, fetched and put, with errors in plain words.

The file system is Arrow's own S3 client behind fsspec's interface, both of which are there anyway.
Credentials, region and another endpoint come from the standard variables and files of AWS
(`AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, `AWS_REGION`, `AWS_ENDPOINT_URL`); none passes through here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit

from audio_assets.errors import NotFoundError, StorageError, UsageError
from audio_assets.remote.address import BucketAddress, check_key
from audio_assets.storage import atomic_open

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

BLOCK = 8 << 20
WORDS = {
    "NO_SUCH_BUCKET": "there is no such bucket",
    "ACCESS_DENIED": "access is denied; look at AWS_PROFILE or AWS_ACCESS_KEY_ID",
    "INVALID_ACCESS_KEY_ID": "the access key is unknown; look at AWS_PROFILE or AWS_ACCESS_KEY_ID",
    "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong",
    "NETWORK_CONNECTION": "no server answers; look at AWS_ENDPOINT_URL and the network",
}


@dataclass(frozen=True)
class RemoteObject:
    """One object below a prefix.

    Attributes:
        key: below the prefix.
        size: in bytes.
        mtime_ns: when it was last put, to the second.
    """

    key: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Bucket:
    """A prefix, and how it is reached; can be sent to other machines, since it holds no secret.

    Attributes:
        address: the prefix.
        anonymous: ask without credentials, as public archives allow.
    """

    address: BucketAddress
    anonymous: bool = False

    def objects(self) -> list[RemoteObject]:
        """Everything below the prefix, sorted by key; keys with parts like `..` are left out.

        Raises:
            StorageError: the bucket is not there or not allowed.
        """
        top = self.address.path_of("x")[:-2]
        with _plain_errors(self.address):
            if not self._system.exists(self.address.bucket):
                raise StorageError(f"{self.address}: {WORDS['NO_SUCH_BUCKET']}.")
            found = cast("dict[str, Any]", self._system.find(top, detail=True))
        rows = []
        for path, info in found.items():
            key = path[len(top) + 1 :]
            if all(part not in ("", ".", "..") for part in key.split("/")):
                rows.append(_object(key, info))
        return sorted(rows, key=lambda row: row.key)

    def look(self, key: str) -> RemoteObject:
        """One object.

        Raises:
            NotFoundError: it is not there.
            StorageError: the server refuses.
        """
        with _plain_errors(self.address / key):
            return _object(key, self._system.info(self.address.path_of(key)))

    def fetch(self, key: str, path: Path) -> None:
        """Copy an object to a file, block by block; `path` appears whole or not at all.

        Raises:
            NotFoundError: it is not there.
            StorageError: the server or the disk refuses.
        """
        with (
            _plain_errors(self.address / key),
            self.opened(key) as source,
            atomic_open(path) as stream,
        ):
            while block := source.read(BLOCK):
                stream.write(block)

    def put(self, path: Path, key: str) -> None:
        """Copy a file into an object, which appears whole or not at all.

        Raises:
            StorageError: the server refuses, or the file cannot be read.
        """
        with _plain_errors(self.address / key), path.open("rb") as source:
            target = cast("BinaryIO", self._system.open(self.address.path_of(key), "wb"))
            with target:
                while block := source.read(BLOCK):
                    target.write(block)

    @contextmanager
    def opened(self, key: str) -> Iterator[BinaryIO]:
        """An object open for reading anywhere in it: only what is read is fetched.

        Raises:
            NotFoundError: it is not there.
            StorageError: the server refuses.
        """
        with (
            _plain_errors(self.address / key),
            self._system.open(self.address.path_of(key), "rb") as stream,
        ):
            yield cast("BinaryIO", stream)

    @property
    def _system(self) -> AbstractFileSystem:
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return _file_system(endpoint, region, self.anonymous)


@lru_cache(maxsize=8)
def _file_system(endpoint: str, region: str | None, anonymous: bool) -> AbstractFileSystem:
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import S3FileSystem

    options: dict[str, Any] = {"anonymous": anonymous, "region": region}
    if endpoint:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise UsageError("AWS_ENDPOINT_URL is not an address like https://s3.example.org:9000.")
        options |= {"endpoint_override": parts.netloc, "scheme": parts.scheme}
    return ArrowFSWrapper(S3FileSystem(**options))


@contextmanager
def _plain_errors(address: BucketAddress) -> Iterator[None]:
    """Turn what the client raises into one sentence; its own text is not shown."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(f"{address} is not there.") from error
    except OSError as error:
        if getattr(error, "filename", None):
            raise StorageError(f"{error.filename} cannot be read: {error.strerror}.") from error
        code = re.search(r"AWS Error ([A-Z_]+)", str(error))
        name = code[1] if code else type(error).__name__
        raise StorageError(f"{address}: {WORDS.get(name, f'the server said {name}')}.") from error


def _object(key: str, info: dict[str, Any]) -> RemoteObject:
    moment = info.get("mtime")
    seconds = int(moment.timestamp()) if moment is not None else 0
    return RemoteObject(check_key(key), int(info["size"] or 0), seconds * 1_000_000_000)
