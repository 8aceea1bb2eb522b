"""Addresses of places in a bucket, checked before anything is asked of a server."""

from __future__ import annotations

import re
from dataclasses import dataclass

from audio_assets.errors import UsageError

SCHEME = "s3://"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class BucketAddress:
    """A prefix in a bucket: every key below it belongs to it.

    Attributes:
        bucket: its name.
        prefix: without slashes at its ends; "" for the whole bucket.
    """

    bucket: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> BucketAddress:
        """Read `s3://bucket/prefix`.

        Raises:
            UsageError: another scheme, no name of a bucket, a key that climbs, or more than an
                address; the text is not repeated where it may hold a password.
        """
        if not text.startswith(SCHEME):
            scheme = text.partition("://")[0] if "://" in text else ""
            raise UsageError(
                f"{scheme + '://' if scheme else 'This'} is not an address that is read here. "
                "Give s3://BUCKET/PREFIX; other stores with an S3 interface are reached by "
                "AWS_ENDPOINT_URL."
            )
        if any(sign in text for sign in "@?#\\") or any(ord(sign) < 32 for sign in text):
            raise UsageError(
                "An address holds a bucket and a prefix and nothing else: keys and passwords come "
                "from the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE) or from the machine's role."
            )
        bucket, _, prefix = text[len(SCHEME) :].partition("/")
        if not BUCKET.fullmatch(bucket) or ".." in bucket:
            raise UsageError(f"{bucket!r} is not the name of a bucket. Give s3://BUCKET/PREFIX.")
        prefix = prefix.strip("/")
        if prefix:
            check_key(prefix)
        return cls(bucket, prefix)

    def path_of(self, key: str) -> str:
        """`bucket/prefix/key`, as file systems name objects.

        Raises:
            UsageError: the key climbs out of the prefix.
        """
        return "/".join(part for part in (self.bucket, self.prefix, check_key(key)) if part)

    def __truediv__(self, key: str) -> BucketAddress:
        return BucketAddress(self.bucket, "/".join(p for p in (self.prefix, check_key(key)) if p))

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}"


def check_key(key: str) -> str:
    """Return `key` when every part of it is a plain name.

    Raises:
        UsageError: an empty part, `.` or `..`.
    """
    if any(part in ("", ".", "..") for part in key.split("/")):
        raise UsageError(f"{key!r} is not a key that is read here: empty, '.' and '..' parts.")
    return key
