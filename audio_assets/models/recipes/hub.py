"""Files of public hubs (Hugging Face, Kaggle) over HTTPS."""

from __future__ import annotations

import tarfile
from pathlib import Path
from urllib.parse import urlsplit

from audio_assets.errors import CheckpointError
from audio_assets.models.recipes.recipe import HubSource
from audio_assets.models.recipes.wheel import RegistryUnreachable

TIMEOUT = (10, 120)
CHUNK = 1 << 20
LARGEST = 1 << 32


def download_hub(source: HubSource, directory: Path) -> None:
    """Fetch a hub's file or archive into a checkpoint's directory.

    Args:
        source: from the recipe.
        directory: of the checkpoint.

    Raises:
        RegistryUnreachable: when the network or the hub is missing; the message says how to
            bring the file by hand.
        CheckpointError: when the hub refuses, or what came is no such archive.
    """
    target = directory / source.target
    target.parent.mkdir(parents=True, exist_ok=True)
    arrived = target.with_name(f"{target.name}.part")
    _stream(source, arrived)
    if not source.archive:
        arrived.rename(target)
        return
    try:
        with tarfile.open(arrived) as archive:
            archive.extractall(target, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise CheckpointError(f"{source.url} did not send an archive: {error}.") from error
    arrived.unlink()


def _stream(source: HubSource, path: Path) -> None:
    import requests

    host = urlsplit(source.url).hostname
    by_hand = f"Download it from {source.page} on another machine and register the file."
    try:
        with requests.get(source.url, stream=True, timeout=TIMEOUT) as response:
            if response.status_code != requests.codes.ok:
                raise CheckpointError(
                    f"{host} answered {response.status_code} for {source.url}: the model has moved "
                    f"or asks for an account. {by_hand}"
                )
            size = 0
            with path.open("wb") as stream:
                for chunk in response.iter_content(CHUNK):
                    size += len(chunk)
                    if size > LARGEST:
                        raise CheckpointError(f"{source.url} sends more than 4 GB; stopped.")
                    stream.write(chunk)
    except requests.RequestException as error:
        raise RegistryUnreachable(
            f"This machine does not reach {host} ({type(error).__name__}), so the model cannot be "
            f"fetched. {by_hand}"
        ) from error
