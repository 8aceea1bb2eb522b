"""Addresses of buckets: what is read, and what is refused without being repeated."""

from __future__ import annotations

import pytest

from audio_assets.errors import UsageError
from audio_assets.remote.address import BucketAddress


@pytest.mark.parametrize(
    ("text", "bucket", "prefix"),
    [
        ("s3://sounds", "sounds", ""),
        ("s3://sounds/", "sounds", ""),
        ("s3://my.sounds-1/site 3/2026/", "my.sounds-1", "site 3/2026"),
    ],
)
def test_bucket_and_prefix_are_read(text, bucket, prefix):
    assert BucketAddress.parse(text) == BucketAddress(bucket, prefix)


@pytest.mark.parametrize(
    "text",
    ["gs://a/b", "/srv/audio", "s3://", "s3://A_B/c", "s3://ab/../c", "s3://ab/c//d", "s3://ab/./c",
     "s3://a..b/c", "s3://ab/c\\d", "s3://ab/c\nd"],
)  # fmt: skip
def test_what_is_no_plain_place_is_refused(text):
    with pytest.raises(UsageError):
        BucketAddress.parse(text)


def test_a_key_in_an_address_is_not_repeated():
    with pytest.raises(UsageError) as error:
        BucketAddress.parse("s3://AKIA123:topsecret@sounds/x")
    assert "topsecret" not in str(error.value)


@pytest.mark.parametrize("key", ["../x", "a/../../x", "", "/x", "a//b"])
def test_keys_that_climb_are_refused(key):
    with pytest.raises(UsageError):
        BucketAddress("sounds", "p").path_of(key)
