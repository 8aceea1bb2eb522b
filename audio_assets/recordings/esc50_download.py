"""The real ESC-50 from GitHub: resumed where it stopped, checked, unpacked safely."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

import requests
from filelock import FileLock

from audio_assets.errors import AudioAssetsError, StorageError
from audio_assets.progress import Progress
from audio_assets.storage import TEMPORARY

URL = "https://github.com/karolpiczak/ESC-50/archive/refs/heads/master.zip"
CLIPS = 2000
TIMEOUT = (10, 60)
ATTEMPTS = 5
CHUNK = 1 << 14
"""Bytes read at once; at most this much is fetched again after a broken connection."""
MOST_BYTES = 4 << 30
"""More than this, packed or unpacked, is not ESC-50 (about 0.6 GB)."""


class DownloadError(AudioAssetsError):
    """The data set cannot be fetched, or is not what it should be."""


def download_esc50(destination: Path, *, url: str = URL, clips: int = CLIPS) -> Path:
    """Fetch and unpack ESC-50; does nothing when it is there already.

    Args:
        destination: directory to create, e.g. `data/audio/esc50`.
        url: of the zip archive.
        clips: number of WAV files that it must hold.

    Returns:
        `destination`, with `audio/`, `meta/esc50.csv`, LICENSE and README.md.

    Raises:
        DownloadError: when offline, or when the archive is damaged or not ESC-50.
        StorageError: when the disk refuses.
    """
    if is_complete(destination, clips):
        return destination
    parent = destination.parent
    archive = parent / f"{TEMPORARY}{destination.name}.zip.part"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with FileLock(parent / f"{TEMPORARY}{destination.name}.lock"):
            if is_complete(destination, clips):
                return destination
            _fetch(url, archive)
            _unpack(archive, destination, clips)
            archive.unlink()
    except OSError as error:
        if isinstance(error, requests.RequestException):
            raise
        raise StorageError(
            f"{destination} could not be written: {error.strerror or error}. Check free space "
            "(2 GB) and permissions, then run again; what was fetched is kept."
        ) from error
    return destination


def is_complete(directory: Path, clips: int = CLIPS) -> bool:
    """Whether a directory holds the unpacked data set."""
    if not (directory / "meta" / "esc50.csv").is_file():
        return False
    return sum(1 for path in (directory / "audio").glob("*.wav")) == clips


def _fetch(url: str, archive: Path) -> None:
    """Fetch into `archive`, going on where an earlier attempt or process stopped."""
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            if _fetch_once(url, archive):
                return
            problem = "the connection ended early"
        except requests.RequestException as error:
            problem = _plain(error)
            if not archive.exists():
                break
    kept = archive.stat().st_size if archive.exists() else 0
    raise DownloadError(
        f"ESC-50 could not be fetched from {url}: {problem}. {kept / 1e6:.0f} MB are kept; run "
        "again when you are online, or unpack the archive by hand."
    )


def _fetch_once(url: str, archive: Path) -> bool:
    """One request, by Range where there is a beginning already; True when all of it is here."""
    have = archive.stat().st_size if archive.exists() else 0
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            if zipfile.is_zipfile(archive):
                return True
            archive.unlink()
            return False
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else 0
        if total > MOST_BYTES:
            raise DownloadError(f"{url} has {total / 1e9:.1f} GB, which is not ESC-50.")
        with (
            archive.open("ab" if have else "wb") as stream,
            Progress(total, "fetching ESC-50", "bytes") as progress,
        ):
            progress.update(have)
            for chunk in response.iter_content(CHUNK):
                stream.write(chunk)
                progress.update(len(chunk))
                have += len(chunk)
                if have > MOST_BYTES:
                    raise DownloadError(f"{url} does not end; that is not ESC-50.")
    return have == total if total else zipfile.is_zipfile(archive)


def _unpack(archive: Path, destination: Path, clips: int) -> None:
    """Check every member's CRC while unpacking beside the destination, then rename."""
    staging = destination.with_name(f"{TEMPORARY}{destination.name}")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as packed:
            members = _members(packed)
            sounds = [m for m in members if m.startswith("audio/") and m.endswith(".wav")]
            if len(sounds) != clips or "meta/esc50.csv" not in members:
                raise DownloadError(
                    f"The archive has {len(sounds)} of {clips} clips: it is not ESC-50."
                )
            with Progress(len(members), "unpacking ESC-50", "files") as progress:
                for name, member in members.items():
                    target = staging / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with packed.open(member) as source, target.open("xb") as sink:
                        shutil.copyfileobj(source, sink, CHUNK)
                    progress.update()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        archive.unlink(missing_ok=True)
        shutil.rmtree(staging, ignore_errors=True)
        raise DownloadError(
            f"The archive is damaged ({error}); it was deleted. Run again to fetch it anew."
        ) from error
    except DownloadError:
        archive.unlink(missing_ok=True)
        raise
    _replace(destination, staging)


def _replace(destination: Path, staging: Path) -> None:
    """Put the staged directory in place; what a person put there besides stays."""
    for entry in destination.iterdir() if destination.is_dir() else ():
        if not (staging / entry.name).exists():
            shutil.move(entry, staging / entry.name)
    shutil.rmtree(destination, ignore_errors=True)
    staging.rename(destination)


def _members(packed: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Files below the archive's one top folder, by relative path; hostile names are refused."""
    members: dict[str, zipfile.ZipInfo] = {}
    if sum(info.file_size for info in packed.infolist()) > MOST_BYTES:
        raise DownloadError("The archive unpacks to more than 4 GB, which is not ESC-50.")
    for info in packed.infolist():
        parts = PurePosixPath(info.filename).parts
        if info.is_dir() or len(parts) < 2:
            continue
        unsafe = info.filename.startswith("/") or "\\" in info.filename or ".." in parts
        if unsafe or info.external_attr >> 28 == 0o12:
            raise DownloadError(
                f"The archive has a hostile member {info.filename!r}; not unpacked."
            )
        if not any(part.startswith(".") for part in parts[1:]):
            members["/".join(parts[1:])] = info
    return members


def _plain(error: requests.RequestException) -> str:
    """A network error without its stack of class names."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if isinstance(error, requests.ConnectionError):
        return "no connection (offline, or a proxy or firewall in between)"
    return str(error)
