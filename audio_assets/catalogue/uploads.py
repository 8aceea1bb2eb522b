"""How a file that was sent here becomes a recording of an audio folder of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from audio_assets.catalogue.catalogue import Catalogue
from audio_assets.catalogue.editing import Value, edit_metadata, fitting
from audio_assets.catalogue.entries import Entry
from audio_assets.catalogue.folder_times import UNCHANGED, FolderTimes
from audio_assets.catalogue.ledger import Received, note
from audio_assets.errors import ConflictError, NotFoundError, RecordingError, StorageError
from audio_assets.file_locks import LOCK_SECONDS, locked
from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import Home, check_slug
from audio_assets.recordings.doubtful_times import with_doubt
from audio_assets.recordings.listing import is_audio_name
from audio_assets.recordings.times import local_time_of
from audio_assets.recordings.verdict import Verdict
from audio_assets.recordings.verify_apart import verify_apart

DEFAULT_FOLDER = "uploads"
EXTENSIONS = {
    "WAV": "wav", "WAVEX": "wav", "RF64": "wav", "W64": "w64", "FLAC": "flac", "OGG": "ogg",
    "MP3": "mp3", "AIFF": "aiff", "AU": "au", "CAF": "caf", "MOV": "m4a", "AAC": "aac",
}  # fmt: skip
"""Extension of a stored upload, by the format that it really has; others are refused."""


@dataclass(frozen=True)
class Sent:
    """A file as it came in, not yet looked at.

    Attributes:
        file: temporary file, on the file system of `data/audio`.
        name: what the sender calls it; never a path here.
        recording_id: SHA-256 of its bytes.
        folder: key of the upload folder wanted, or None for any that has it, else `uploads`.
        metadata: given with it.
        times: how the recorder kept time; a folder that has recordings keeps its own.
    """

    file: Path
    name: str
    recording_id: str
    folder: str | None
    metadata: Mapping[str, Value]
    times: FolderTimes = UNCHANGED


def sent_extension(name: str) -> str:
    """Extension with its dot for the temporary file: some MP3 are only recognised by it."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return f".{base.rpartition('.')[2].lower()}" if is_audio_name(base) else ""


def land(catalogue: Catalogue, sent: Sent, longest_s: float) -> tuple[Entry, bool]:
    """Look into an upload and make it a recording, unless its bytes are here already.

    Args:
        catalogue: of the home.
        sent: the upload; its file is moved away or left for the caller to remove.
        longest_s: longest recording taken.

    Returns:
        The recording, and whether it is new.

    Raises:
        RecordingError: it cannot be decoded, or is too long.
        ConflictError: the folder is not one for uploads, or keeps time in another way.
        MetadataError: metadata that do not fit.
        StorageError: it cannot be written.
    """
    known = _known(catalogue, sent)
    if known is not None:
        return known, False
    key = check_slug(sent.folder or DEFAULT_FOLDER, "The upload folder")
    root = catalogue.home.audio / key
    _refuse_foreign(catalogue.home, key, root)
    fitting(catalogue.home, key, sent.metadata, {})
    _refuse_other_times(catalogue, key, sent.times)
    verdict = _looked_at(sent, longest_s)
    root.mkdir(parents=True, exist_ok=True)
    folder = FolderRegistry(catalogue.home).register(root, key, **sent.times.settings())
    path = f"{sent.recording_id[:16]}.{EXTENSIONS[str(verdict.format)]}"
    start = _start_time(folder, sent.name, verdict)
    # the stored name says neither what it was called nor when it began
    edits: dict[str, Value] = {"original_name": _base_name(sent.name)}
    edits |= {"start_time": start} if start else {}
    with locked(catalogue.home.locks / f"upload-{sent.recording_id[:2]}.lock", LOCK_SECONDS):
        known = _known(catalogue, sent)
        if known is not None:  # another upload of the same bytes was quicker
            return known, False
        # the note comes last: what was killed before it is done again as a whole by the next try
        edit_metadata(catalogue.home, key, path, {**edits, **sent.metadata}, {})
        _move(sent, root / path)
        _note(catalogue.home, folder, path, start, verdict, uploaded=True)
    return catalogue.find(sent.recording_id, key, path)[0], True


def register_in_place(
    catalogue: Catalogue, path: Path, folder: str | None, times: FolderTimes = UNCHANGED
) -> tuple[AudioFolder, Entry | None, bool]:
    """Register a directory, or the directory of a file, that is where it is to stay.

    Args:
        catalogue: of the home.
        path: an existing directory or file; the caller has checked that it may be used.
        folder: key wanted; a slug of the directory's name where None.
        times: how the recorder kept time; what is not given stays as it is.

    Returns:
        The folder, the recording where `path` is a file, and whether anything is new.

    Raises:
        NotFoundError: there is nothing, or no recording, at `path`.
        RecordingError: the file cannot be decoded.
        UsageError: the key belongs to another directory.
    """
    registry = FolderRegistry(catalogue.home)
    if path.is_dir():
        before = registry.load()
        registered = registry.register(path, folder, **times.settings())
        return registered, None, registered.key not in before
    if not path.is_file() or not is_audio_name(path.name):
        raise NotFoundError("There is no recording and no directory at that path.")
    owner = next(
        (
            one
            for one in registry.load().values()
            if folder in (None, one.key) and path.is_relative_to(one.root)
        ),
        None,
    )
    if owner is None or times.settings():
        root, name = (path.parent, folder) if owner is None else (owner.root, owner.key)
        owner = registry.register(root, name, **times.settings())
    key = path.relative_to(owner.root).as_posix()
    there = next((e for e in catalogue.of_folder(owner) if e.path == key), None)
    if there is not None and there.status != "failed":
        return owner, there, False
    verdict = verify_apart(path, path.name) or Verdict(reason="unknown")
    if verdict.status != "ok":
        raise RecordingError(f"{key} cannot be used: {verdict.reason}.")
    start = _start_time(owner, key, verdict)
    _note(catalogue.home, owner, key, start, verdict, uploaded=False)
    return owner, catalogue.find(str(verdict.recording_id), owner.key, key)[0], True


def _known(catalogue: Catalogue, sent: Sent) -> Entry | None:
    """The recording of these bytes that is here already and whose file is still there."""
    try:
        found = catalogue.find(sent.recording_id, sent.folder)[0]
    except NotFoundError:
        return None
    folder = FolderRegistry(catalogue.home).get(found.folder)
    there = found.status == "ok" and (folder.root / found.path).is_file()
    return found if there else None


def _refuse_foreign(home: Home, key: str, root: Path) -> None:
    """Uploads go into folders of their own; folders used in place are never written to."""
    registered = FolderRegistry(home).load().get(key)
    if registered is not None and registered.root != root.resolve():
        raise ConflictError(
            f"The folder {key!r} is used in place and takes no uploads. Name another one."
        )


def _refuse_other_times(catalogue: Catalogue, key: str, times: FolderTimes) -> None:
    """A clock belongs to a whole folder, and the recordings in it were read by theirs."""
    folder = FolderRegistry(catalogue.home).load().get(key)
    if folder is None or not catalogue.of_folder(folder):
        return
    if any(getattr(folder, name) != value for name, value in times.settings().items()):
        raise ConflictError(
            f"The folder {key!r} has recordings, and another time zone or clock. Name another "
            "folder for these: a clock belongs to all recordings of a folder."
        )


def _looked_at(sent: Sent, longest_s: float) -> Verdict:
    name = f"upload{sent_extension(sent.name)}"
    verdict = verify_apart(sent.file, name, longest_s=longest_s) or Verdict(reason="unknown")
    if verdict.status != "ok":
        raise RecordingError(f"This file cannot be used: {verdict.reason}.")
    if verdict.format not in EXTENSIONS:
        raise RecordingError(
            f"This file cannot be used: its format, {verdict.format}, is not one of "
            f"{', '.join(sorted(set(EXTENSIONS.values())))}."
        )
    return verdict


def _move(sent: Sent, target: Path) -> None:
    """Give the file its name, unless a killed upload of the same bytes has left it there."""
    try:
        os.chmod(sent.file, 0o644)  # noqa: PTH101
        try:
            os.link(sent.file, target)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if target.exists():
                raise FileExistsError from None
            os.replace(sent.file, target)
    except FileExistsError:
        with target.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() == sent.recording_id:
                return
        raise ConflictError(
            f"Another recording is stored as {target.name} already; this one was not taken."
        ) from None
    except OSError as error:
        raise StorageError(f"{target} could not be written: {error.strerror or error}.") from error


def _start_time(folder: AudioFolder, name: str, verdict: Verdict) -> str | None:
    """Start time out of a name, by the folder's clock; ISO 8601 in UTC. Doubts join the verdict."""
    moment = local_time_of(_base_name(name), folder.timezone, folder.time_pattern)
    verdict.warning = with_doubt(verdict.warning, moment)
    start = folder.clock.correct(moment.astimezone(UTC)) if moment else None
    return start.isoformat() if start else None


def _note(
    home: Home,
    folder: AudioFolder,
    path: str,
    start: str | None,
    verdict: Verdict,
    *,
    uploaded: bool,
) -> None:
    status = (folder.root / path).stat()
    now = datetime.now(UTC).isoformat()
    received = Received(
        path, status.st_size, status.st_mtime_ns, uploaded, now, start, verdict
    )  # fmt: skip
    note(home, folder.key, received)


def _base_name(name: str) -> str:
    """A name to show: without directories and control characters, at most 255 characters."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "�" for c in base)[:255] or "unnamed"
