"""A file on its way in: written to a hidden place first, then made a recording or removed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from audio_assets.catalogue.catalogue import Catalogue
from audio_assets.catalogue.entries import Entry
from audio_assets.catalogue.uploads import DEFAULT_FOLDER, Sent, land, sent_extension
from audio_assets.errors import RecordingError, UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.settings import Settings
from audio_assets.storage import TEMPORARY

INCOMING = ".incoming"
"""Below data/audio, as for uploads through the API, whose start removes what died half-way."""


def upload_folder(home: Home, opened: str | None, wanted: str | None) -> str:
    """Key of the folder that uploads land in.

    Args:
        home: of the folders.
        opened: the folder that the App shows; it takes uploads itself if it is one for uploads.
        wanted: what somebody asked for instead.
    """
    if wanted:
        return wanted
    if opened:
        folder = FolderRegistry(home).load().get(opened)
        if folder is not None and folder.root == (home.audio / opened).resolve():
            return opened
    return DEFAULT_FOLDER


async def arrive(
    home: Home, settings: Settings, name: str, folder: str, body: AsyncIterator[bytes]
) -> tuple[Entry, bool]:
    """Receive a file and make it a recording of an upload folder.

    Args:
        home: that gets it.
        settings: size and length of the largest recording taken.
        name: what its owner calls it; never a path here.
        folder: key of the upload folder.
        body: its bytes.

    Returns:
        The recording, and whether it is new.

    Raises:
        RecordingError: it is too large or cannot be decoded; says why.
        UsageError: the folder takes no uploads.
        StorageError: it cannot be written.
    """
    from starlette.concurrency import run_in_threadpool

    path = home.audio / INCOMING / f"{TEMPORARY}{uuid.uuid4().hex}{sent_extension(name)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size, most = hashlib.sha256(), 0, settings.upload_max_mb * 1_000_000
    try:
        with path.open("xb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)  # while it is held, nobody takes it for an orphan
            async for chunk in body:
                size += len(chunk)
                if size > most:
                    raise RecordingError(
                        f"It is larger than {settings.upload_max_mb:,} MB, the limit here "
                        "(AUDIO_ASSETS_UPLOAD_MAX_MB)."
                    )
                digest.update(chunk)
                await run_in_threadpool(stream.write, chunk)
            stream.flush()
            os.fsync(stream.fileno())
            if not size:
                raise UsageError("It is empty.")
            sent = Sent(path, name, digest.hexdigest(), folder, {})
            longest_s = settings.upload_max_hours * 3600
            return await run_in_threadpool(land, Catalogue(home), sent, longest_s)
    finally:
        Path(path).unlink(missing_ok=True)
