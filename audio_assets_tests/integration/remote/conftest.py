"""A local server that speaks S3; skipped, with the reason, where moto is absent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from audio_assets.remote.address import BucketAddress
from audio_assets.remote.bucket import Bucket
from audio_assets_tests.unit.encoding.stand_ins import write_folder

SECRET = "verysecretkey0123456789"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with the empty bucket `sounds`."""
    pytest.importorskip("moto.server", reason="moto is not installed: pip install 'moto[s3]' flask")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.delenv("AWS_PROFILE", raising=False)
        import boto3

        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="sounds")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def clips(s3: str, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Bucket]:
    """A folder of clips, and the same files under a prefix of the bucket."""
    root = write_folder(tmp_path / "clips", 6)
    bucket = Bucket(BucketAddress.parse(f"s3://sounds/{request.node.name}"))
    for path in sorted(root.iterdir()):
        bucket.put(path, path.name)
    return root, bucket
