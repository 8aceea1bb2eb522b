"""Encode the recordings of a bucket, and publish the vectors beside what they were made of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from audio_assets.encoding.encode import EncodeReport, encode_folder
from audio_assets.errors import StorageError
from audio_assets.home import Home, slug
from audio_assets.recordings.resample import RESAMPLER
from audio_assets.recordings.windows import WindowGrid, with_grid
from audio_assets.remote.address import BucketAddress
from audio_assets.remote.bucket import Bucket
from audio_assets.remote.bucket_files import BucketFiles
from audio_assets.remote.local_copies import copies_of_process
from audio_assets.remote.scan import scan_bucket
from audio_assets.storage import read_parquet, write_parquet

if TYPE_CHECKING:
    from audio_assets.settings import Settings

BLOCK_INPUTS = 1024
"""Inputs of a decoding task on a cluster: most of a recording, so that few nodes fetch it twice."""


@dataclass(frozen=True)
class BucketRun:
    """What one run made.

    Attributes:
        recordings: the table of objects, a local file.
        embeddings: the embeddings table, a local file.
        signature: of the vectors.
        failed: [{path, reason}] of objects that could not be used.
        report: of the encoding.
    """

    recordings: Path
    embeddings: Path
    signature: str
    failed: list[dict[str, str]]
    report: EncodeReport


def encode_bucket(
    address: BucketAddress,
    checkpoint: str,
    *,
    settings: Settings,
    window_s: float | None = None,
    hop_s: float | None = None,
) -> BucketRun:
    """Scan a prefix and encode what is new under it, in this process or on the Ray cluster.

    The tables lie in the home under `data/remote/`; a second run fetches and encodes only what
    changed, and a killed one goes on where it was.

    Args:
        address: the prefix.
        checkpoint: name of the model.
        settings: home, engine, device and the bytes of local copies.
        window_s: window length in seconds; the model's input when None.
        hop_s: seconds between window starts; the window length when None.

    Raises:
        StorageError: the bucket cannot be read.
        AudioAssetsError: the model is unknown, or its vectors are wrong.
    """
    from audio_assets.encoding.signature import encoding_signature
    from audio_assets.models.registry import resolve_checkpoint, weights_sha256
    from audio_assets.orchestration.locks import exclusive
    from audio_assets.orchestration.resources import ComputeResource
    from audio_assets.transforms.registry import make_transform

    home = Home.of(settings).ensure()
    found = resolve_checkpoint(checkpoint, home)
    card, weights = found.card, weights_sha256(found)
    compute = ComputeResource.of(settings)
    bucket = Bucket(address, settings.s3_anonymous)
    limit = settings.remote_cache_mb << 20
    state = state_of(home, address)
    with exclusive(home, "bucket", state.name):
        previous = _existing_table(state / "recordings.parquet")
        length = window_s or card.input_seconds
        grid = WindowGrid(policy="sliding", window_s=length, hop_s=hop_s or length)
        scanned = scan_bucket(
            bucket, copies_of_process(limit), previous=previous, workers=settings.num_workers
        )
        recordings = with_grid(scanned, grid)
        write_parquet(state / "recordings.parquet", recordings)
        device, precision = compute.effective(card)
        signature = encoding_signature(
            card=card,
            weights_sha256=weights,
            transform=make_transform(card.transform.name, card.transform.params),
            grid=grid,
            precision=precision,
            device_class=device,
            resampler=RESAMPLER,
        )
        out = state / f"{slug(checkpoint)}.parquet"
        files = BucketFiles(bucket, limit)
        report = encode_folder(
            state,
            recordings,
            compute.encoder_of_folders(found),
            signature=signature,
            previous=out,
            out=out,
            work_dir=home.work / "remote" / state.name / slug(checkpoint),
            batch_size=settings.batch_size,
            workers=settings.num_workers,
            engine=compute.engine_for(
                state, found, weights, files=files, block_inputs=BLOCK_INPUTS
            ),
            files=files,
        )
        bad = [r for r in recordings.select(["path", "reason"]).to_pylist() if r["reason"]]
        failed = [*bad, *report.failed]
        return BucketRun(state / "recordings.parquet", out, signature, failed, report)


def state_of(home: Home, address: BucketAddress) -> Path:
    """Directory of what is known of a prefix; its name is made of a hash, never of the key."""
    name = hashlib.sha256(str(address).encode()).hexdigest()[:16]
    return home.data / "remote" / f"{slug(address.bucket)}-{name}"


def _existing_table(path: Path) -> pa.Table | None:
    if not path.is_file():
        return None
    try:
        return read_parquet(path)
    except StorageError:
        return None
