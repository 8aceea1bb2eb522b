"""Recordings and vectors in a bucket, against a real server: nothing wrong, twice or secret."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import soundfile as sf

from audio_assets.encoding.encode import encode_folder
from audio_assets.errors import AudioAssetsError, NotFoundError, StorageError
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid, with_grid
from audio_assets.remote.address import BucketAddress
from audio_assets.remote.bucket import Bucket
from audio_assets.remote.bucket_files import BucketFiles
from audio_assets.remote.local_copies import LocalCopies, copies_of_process
from audio_assets.remote.publishing import publish_tables, read_published
from audio_assets.remote.scan import scan_bucket
from audio_assets.storage import read_parquet, write_parquet
from audio_assets_tests.integration.remote.conftest import SECRET
from audio_assets_tests.unit.encoding.stand_ins import RATE, ProjectionEncoder, sound

GRID = WindowGrid(policy="sliding", window_s=1.0, hop_s=0.5)
TIMES = ["mtime_ns", "ctime_ns", "inode"]


def copies(tmp_path: Path, limit: int = 1 << 30) -> LocalCopies:
    directory = tmp_path / "copies"
    directory.mkdir(exist_ok=True)
    return LocalCopies(directory, limit)


def encode(root: Path, recordings, out: Path, files: BucketFiles | None):
    return encode_folder(
        root, recordings, ProjectionEncoder(), signature="3" * 64, previous=out, out=out,
        work_dir=out.with_suffix(".work"), files=files,
    )  # fmt: skip


def test_a_bucket_is_scanned_as_the_folder_would_be(clips, tmp_path):
    root, bucket = clips
    (tmp_path / "torn.wav").write_bytes(b"RIFF")
    for place in (root / "zz.wav", tmp_path / "zz.wav"):
        place.write_bytes((tmp_path / "torn.wav").read_bytes())
    (root / "again.wav").write_bytes((root / "clip001.wav").read_bytes())
    bucket.put(tmp_path / "zz.wav", "zz.wav")
    bucket.put(root / "again.wav", "again.wav")
    bucket.put(tmp_path / "torn.wav", "notes.txt")
    found = scan_bucket(bucket, copies(tmp_path))
    expected = scan_folder(root)
    assert found.drop_columns(TIMES).equals(expected.drop_columns(TIMES))


def test_objects_that_did_not_change_are_not_fetched_again(clips, tmp_path):
    root, bucket = clips
    first = copies(tmp_path)
    table = scan_bucket(bucket, first)
    assert first.downloads == 6
    sf.write(root / "clip002.wav", sound(77, 2.0), RATE)
    bucket.put(root / "clip002.wav", "clip002.wav")
    second = LocalCopies(tmp_path / "copies", 1 << 30)
    again = scan_bucket(bucket, second, previous=table)
    assert second.downloads == 1
    changed = [a != b for a, b in zip(table["recording_id"], again["recording_id"], strict=True)]
    assert changed == [False, False, True, False, False, False]


def test_vectors_of_a_bucket_are_those_of_the_folder_to_the_byte(clips, tmp_path):
    root, bucket = clips
    files = BucketFiles(bucket, 1 << 30)
    remote = with_grid(scan_bucket(bucket, copies(tmp_path)), GRID)
    report = encode(tmp_path, remote, tmp_path / "remote.parquet", files)
    encode(root, with_grid(scan_folder(root), GRID), tmp_path / "local.parquet", None)
    assert not report.failed
    assert (tmp_path / "remote.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()
    again = encode(tmp_path, remote, tmp_path / "remote.parquet", files)
    assert (again.encoded, again.reused) == (0, report.windows)


def test_objects_that_vanished_or_changed_after_the_scan_are_reported_by_name(clips, tmp_path):
    _, bucket = clips
    recordings = with_grid(scan_bucket(bucket, copies(tmp_path)), GRID)
    import boto3

    client = boto3.client("s3", region_name="us-east-1")
    prefix = bucket.address.prefix
    client.delete_object(Bucket="sounds", Key=f"{prefix}/clip000.wav")
    client.put_object(Bucket="sounds", Key=f"{prefix}/clip001.wav", Body=b"RIFF")
    files = BucketFiles(bucket, 1 << 30)
    report = encode(tmp_path, recordings, tmp_path / "e.parquet", files)
    reasons = {row["path"]: row["reason"] for row in report.failed}
    assert sorted(reasons) == ["clip000.wav", "clip001.wav"]
    assert "vanished" in reasons["clip000.wav"]
    assert "changed since the scan" in reasons["clip001.wav"]


def size_of(path):
    """Its bytes; none where another thread has just removed it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_local_copies_stay_below_their_limit_and_never_lose_one_in_use(clips, tmp_path):
    _, bucket = clips
    items = bucket.objects()
    store = copies(tmp_path, limit=max(item.size for item in items) * 2)
    most: list[int] = []
    errors: list[BaseException] = []

    def use(seed: int) -> None:
        try:
            for i in range(12):
                with store.file(bucket, items[(seed * 5 + i) % len(items)]) as path:
                    most.append(sum(map(size_of, store.directory.iterdir())))
                    assert path.read_bytes()[:4] == b"RIFF"
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert max(most) <= store.limit
    small = LocalCopies(tmp_path / "copies", 100)
    with (
        pytest.raises(StorageError, match="AUDIO_ASSETS_REMOTE_CACHE_MB"),
        small.file(bucket, items[0]),
    ):
        pass


def test_a_key_that_climbs_never_becomes_a_path(s3, tmp_path):
    import boto3

    client = boto3.client("s3", region_name="us-east-1")
    client.put_object(Bucket="sounds", Key="climb/../../evil.wav", Body=b"RIFF")
    client.put_object(Bucket="sounds", Key="climb/a/b.wav", Body=b"RIFF")
    bucket = Bucket(BucketAddress.parse("s3://sounds/climb"))
    assert "evil" not in str(bucket.objects())
    store = copies(tmp_path)
    with store.file(bucket, bucket.objects()[0]) as path:
        assert path.parent == store.directory


def test_published_vectors_are_read_back_equal_and_column_by_column(clips, tmp_path):
    root, bucket = clips
    recordings = with_grid(scan_folder(root), GRID)
    write_parquet(tmp_path / "recordings.parquet", recordings)
    encode(root, recordings, tmp_path / "e.parquet", None)
    place = publish_tables(
        tmp_path / "recordings.parquet", tmp_path / "e.parquet", bucket, "published/tiny"
    )
    table = read_parquet(tmp_path / "e.parquet")
    assert read_published(Bucket(place)).equals(table, check_metadata=True)
    assert read_published(Bucket(place), ["window_id"]).column_names == ["window_id"]
    with pytest.raises(NotFoundError, match="is not there"):
        read_published(bucket)


@pytest.mark.parametrize("name", ["no-such-bucket", "sounds"])
def test_a_server_that_refuses_is_one_sentence_without_a_secret(name, s3, monkeypatch, capfd):
    if name == "sounds":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(AudioAssetsError) as error:
        Bucket(BucketAddress.parse(f"s3://{name}/x")).objects()
    told = f"{error.value}\n" + "".join(capfd.readouterr())
    assert str(error.value).startswith(f"s3://{name}/x: ")
    assert "\n" not in str(error.value)
    assert SECRET not in told


def test_the_copies_of_a_process_are_shared():
    assert copies_of_process(5 << 20) is copies_of_process(5 << 20)


def test_the_command_encodes_a_bucket_publishes_it_and_then_finds_nothing_new(
    clips, tmp_path, monkeypatch
):
    import json

    from typer.testing import CliRunner

    from audio_assets.cli import app

    _, bucket = clips
    monkeypatch.setenv("AUDIO_ASSETS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUDIO_ASSETS_FAKE_MODEL", "true")
    monkeypatch.setenv("AUDIO_ASSETS_DEVICE", "cpu")
    place = f"s3://sounds/published/{bucket.address.prefix}"
    command = ["bucket", "encode", str(bucket.address), "--checkpoint", "fake", "--window", "1",
               "--to", place, "--json"]  # fmt: skip
    runs = [CliRunner().invoke(app, command, catch_exceptions=False) for _ in range(2)]
    first, second = (json.loads(run.stdout.splitlines()[-1]) for run in runs)
    assert first["encoded"] == first["windows"] > 0
    assert (second["encoded"], second["reused"]) == (0, first["windows"])
    table = read_published(Bucket(BucketAddress.parse(first["published"])))
    assert table.num_rows == first["windows"]
    assert table["encoding_signature"][0].as_py() == first["encoding_signature"]
