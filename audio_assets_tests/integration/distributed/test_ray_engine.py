"""The encoding function on a cluster of several nodes: the same vectors, through a lost node."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from audio_assets.distributed.checkpoint_parcel import CheckpointParcel
from audio_assets.distributed.cluster import connected
from audio_assets.distributed.ray_engine import RayEngine
from audio_assets.encoding.encode import EncodeReport, encode_folder
from audio_assets.encoding.shards import store_directory
from audio_assets.errors import CheckpointError, EncodingError, UsageError
from audio_assets.storage import read_parquet
from audio_assets_tests.integration.distributed.node_encoders import Traced, constant_encoder
from audio_assets_tests.unit.encoding.stand_ins import (
    RATE,
    ProjectionEncoder,
    scanned,
    sound,
    write_folder,
)

SIGNATURE = "7" * 64


def encode(root: Path, recordings, out: Path, engine: RayEngine | None) -> EncodeReport:
    return encode_folder(
        root,
        recordings,
        ProjectionEncoder(),
        signature=SIGNATURE,
        previous=out,
        out=out,
        work_dir=out.with_suffix(".work"),
        engine=engine,
    )


def engine_of(cluster: Any, root: Path, load: Any, **more: Any) -> RayEngine:
    return RayEngine(root, lambda: load, address=cluster.address, block_inputs=8, **more)


def test_a_cluster_gives_the_bytes_of_the_local_engine_and_nothing_twice(cluster, tmp_path):
    root = write_folder(tmp_path / "clips", 16, seconds=3.0)
    recordings = scanned(root, policy="clip")
    (root / "clip003.wav").unlink()
    sf.write(root / "clip004.wav", sound(50, 4.0), RATE)
    (tmp_path / "trace").mkdir()
    engine = engine_of(cluster, root, Traced(tmp_path / "trace"))

    report = encode(root, recordings, tmp_path / "ray.parquet", engine)
    local = encode(root, recordings, tmp_path / "local.parquet", None)

    assert (report.windows, report.encoded) == (local.windows, local.encoded) == (14, 14)
    assert report.failed == local.failed
    assert [row["path"] for row in report.failed] == ["clip003.wav", "clip004.wav"]
    assert (tmp_path / "ray.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()
    calls = sum(len(path.read_text().split()) for path in (tmp_path / "trace").iterdir())
    assert report.calls == calls

    again = encode(root, recordings, tmp_path / "ray.parquet", engine)
    assert (again.encoded, again.reused, again.calls) == (0, 14, 0)


def test_a_node_killed_in_the_middle_loses_nothing_and_repeats_nothing(
    cluster, tmp_path, monkeypatch, caplog
):
    import audio_assets.encoding.shards as shards

    monkeypatch.setattr(shards, "FLUSH_SECONDS", 0.0)
    root = write_folder(tmp_path / "clips", 60, seconds=1.0)
    recordings = scanned(root)
    (tmp_path / "trace").mkdir()
    engine = engine_of(cluster, root, Traced(tmp_path / "trace", 0.3), encoders=2)
    out = tmp_path / "ray.parquet"
    reports: list[EncodeReport] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            reports.append(encode(root, recordings, out, engine))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    work = store_directory(out.with_suffix(".work"), SIGNATURE)
    while thread.is_alive() and not list(work.glob("shard-*.arrow")):
        time.sleep(0.05)
    busy = {path.name for path in (tmp_path / "trace").iterdir()}
    victim = next(node for node in cluster.worker_nodes if node.node_id in busy)
    assert not reports, "the run ended before a node could be killed"
    cluster.remove_node(victim, allow_graceful=False)
    thread.join(120)

    assert not errors
    encode(root, recordings, tmp_path / "local.parquet", None)
    assert out.read_bytes() == (tmp_path / "local.parquet").read_bytes()
    assert reports[0].encoded == reports[0].windows
    survivors = {path.name for path in (tmp_path / "trace").iterdir()} - {victim.node_id}
    assert survivors
    cluster.add_node(num_cpus=2, object_store_memory=80 << 20)


def test_a_real_checkpoint_travels_to_the_nodes_and_gives_the_same_vectors(cluster, tmp_path):
    from audio_assets.encoding.embeddings_file import vectors_of
    from audio_assets.home import Home
    from audio_assets.models.fake_checkpoint import ensure_fake_checkpoint
    from audio_assets.models.registry import resolve_checkpoint, weights_sha256
    from audio_assets.orchestration.resources import ComputeResource

    home = Home(tmp_path / "home").ensure()
    ensure_fake_checkpoint(home)
    found = resolve_checkpoint("fake", home)
    root = write_folder(tmp_path / "clips", 6, seconds=5.0)
    recordings = scanned(root, policy="clip")
    tables = {}
    for name in ("local", "ray"):
        compute = ComputeResource(device="cpu", engine=name, ray_address=cluster.address)
        out = tmp_path / f"{name}.parquet"
        encode_folder(
            root, recordings, compute.encoder_of_folders(found), signature=SIGNATURE,
            previous=None, out=out, work_dir=tmp_path / f"{name}.work",
            engine=compute.engine_for(root, found, weights_sha256(found)),
        )  # fmt: skip
        tables[name] = read_parquet(out)
    assert tables["ray"]["window_id"].equals(tables["local"]["window_id"])
    np.testing.assert_allclose(
        vectors_of(tables["ray"]), vectors_of(tables["local"]), rtol=0, atol=1e-5
    )
    with connected(cluster.address), pytest.raises(CheckpointError, match="'fake' changed"):
        CheckpointParcel.pack(found, "cpu", "fp32", "0" * 64)()


def test_nodes_fetch_the_recordings_of_a_bucket_themselves(cluster, tmp_path):
    from audio_assets.recordings.windows import WindowGrid, with_grid
    from audio_assets.remote.address import BucketAddress
    from audio_assets.remote.bucket import Bucket
    from audio_assets.remote.bucket_files import BucketFiles
    from audio_assets.remote.local_copies import LocalCopies
    from audio_assets.remote.scan import scan_bucket

    root = write_folder(tmp_path / "clips", 4)
    bucket = Bucket(BucketAddress.parse("s3://sounds/on-ray"))
    for path in root.iterdir():
        bucket.put(path, path.name)
    grid = WindowGrid(policy="sliding", window_s=1.0, hop_s=0.5)
    (tmp_path / "copies").mkdir()
    recordings = with_grid(scan_bucket(bucket, LocalCopies(tmp_path / "copies", 1 << 30)), grid)
    (tmp_path / "trace").mkdir()
    engine = engine_of(
        cluster,
        tmp_path / "nowhere",
        Traced(tmp_path / "trace"),
        files=BucketFiles(bucket, 1 << 30),
    )
    report = encode(tmp_path / "nowhere", recordings, tmp_path / "ray.parquet", engine)
    encode(root, scanned(root), tmp_path / "local.parquet", None)
    assert not report.failed
    assert (tmp_path / "ray.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()


def test_constant_vectors_of_a_node_stop_the_run_with_their_reason(cluster, tmp_path):
    root = write_folder(tmp_path / "clips", 6)
    with pytest.raises(EncodingError, match="constant vectors"):
        encode(root, scanned(root), tmp_path / "e.parquet",
               engine_of(cluster, root, constant_encoder))  # fmt: skip
    assert not (tmp_path / "e.parquet").exists()


def test_addresses_that_cannot_be_used_are_refused_in_one_sentence(tmp_path):
    pytest.importorskip("ray", reason="pip install 'audio-assets[ray]'")
    root = write_folder(tmp_path / "clips", 1)
    client = RayEngine(root, lambda: ProjectionEncoder, address="ray://head:10001")
    with pytest.raises(UsageError, match="Ray Client"):
        encode(root, scanned(root), tmp_path / "e.parquet", client)
