"""`audio-assets bucket …`: recordings and vectors in buckets, from the command line."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from audio_assets.cli_settings import load_settings

bucket = typer.Typer(
    no_args_is_help=True, help="Recordings and vectors in buckets: encode, publish."
)

Address = Annotated[str, typer.Argument(help="s3://BUCKET/PREFIX")]
Checkpoint = Annotated[str | None, typer.Option(help="Checkpoint; the default one if not given.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, last, on stdout.")]


@bucket.command()
def encode(
    address: Address,
    checkpoint: Checkpoint = None,
    window: Annotated[float | None, typer.Option(help="Window length in seconds.")] = None,
    hop: Annotated[float | None, typer.Option(help="Seconds between window starts.")] = None,
    to: Annotated[str | None, typer.Option(help="Where to publish: s3://BUCKET/PREFIX")] = None,
    as_json: Json = False,
) -> None:
    """Encode the recordings below a prefix, here or on the Ray cluster; only what is new."""
    from audio_assets.bucket_runs import encode_bucket
    from audio_assets.home import slug
    from audio_assets.remote.address import BucketAddress
    from audio_assets.remote.bucket import Bucket
    from audio_assets.remote.publishing import publish_tables

    settings = load_settings()
    name = checkpoint or settings.checkpoint
    target = BucketAddress.parse(to) if to else None
    done = encode_bucket(
        BucketAddress.parse(address), name, settings=settings, window_s=window, hop_s=hop
    )
    facts: dict[str, Any] = {
        "windows": done.report.windows,
        "encoded": done.report.encoded,
        "reused": done.report.reused,
        "resumed": done.report.resumed,
        "failed": done.failed,
        "embeddings": str(done.embeddings),
        "encoding_signature": done.signature,
    }
    if target is not None:
        place = publish_tables(done.recordings, done.embeddings, Bucket(target), slug(name))
        facts["published"] = str(place)
    for row in done.failed:
        print(f"{row['path']}: {row['reason']}", file=sys.stderr)
    if as_json:
        print(json.dumps(facts))
        return
    print(f"{facts['windows']} windows, {facts['encoded']} encoded now: {done.embeddings}")
    if target is not None:
        print(f"published: {facts['published']}")


@bucket.command()
def publish(folder: str, address: Address, checkpoint: Checkpoint = None) -> None:
    """Put a folder's recordings table and vectors below a prefix."""
    from audio_assets.home import Home
    from audio_assets.remote.address import BucketAddress
    from audio_assets.remote.bucket import Bucket
    from audio_assets.remote.publishing import publish_folder

    settings = load_settings()
    target = Bucket(BucketAddress.parse(address))
    print(publish_folder(Home.of(settings), folder, checkpoint or settings.checkpoint, target))
