"""A quick look at a directory tree: names, sizes and times only; nothing is opened."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from audio_assets.audio_folder import AudioFolder
from audio_assets.home import Home
from audio_assets.recordings.away import is_away


@dataclass(frozen=True)
class FolderLook:
    """What a directory tree looks like from outside.

    Attributes:
        fingerprint: hash of relative paths, sizes and modification times.
        newest: newest modification time of a file or directory, in seconds since 1970.
        files: number of files.
    """

    fingerprint: str
    newest: float
    files: int


def look(root: Path, skip: frozenset[str] = frozenset()) -> FolderLook:
    """Look at every file below a directory; hidden ones and links to directories are passed over.

    Args:
        root: the directory.
        skip: names of files that do not count.
    """
    sha = hashlib.sha256()
    newest, files = root.stat().st_mtime, 0
    for directory, names, entries in os.walk(root):
        names[:] = sorted(n for n in names if not n.startswith("."))
        newest = max(newest, Path(directory).stat().st_mtime)
        for name in sorted(entries):
            if name.startswith(".") or name in skip:
                continue
            path = Path(directory, name)
            try:
                status = path.stat()
            except OSError:
                continue  # gone since the listing; the next look sees it
            text = f"{path.relative_to(root)}\0{status.st_size}\0{status.st_mtime_ns}\n"
            sha.update(text.encode("utf-8", "surrogateescape"))
            newest, files = max(newest, status.st_mtime), files + 1
    return FolderLook(sha.hexdigest(), newest, files)


def folder_is_away(folder: AudioFolder, home: Home) -> bool:
    """Whether a registered folder's recordings cannot be reached.

    An empty directory counts as a disk that is not mounted when it was scanned before. One inside
    of the home is ours: there the last recording may have been deleted, through the API say.
    """
    if not folder.root.is_dir():
        return True
    scanned = home.asset("raw_audio", folder=folder.key).is_file()
    return scanned and not folder.root.is_relative_to(home.root) and is_away(folder.root)


@dataclass(frozen=True)
class Memory:
    """What a sensor remembers of one directory between two ticks.

    Attributes:
        seen: fingerprint at the last tick.
        since: when that fingerprint was first seen, in seconds since 1970.
        handled: fingerprint that a run was last requested for.
    """

    seen: str = ""
    since: float = 0.0
    handled: str = ""


def remember(memory: Memory, found: FolderLook, now: float) -> Memory:
    """What is known after a look."""
    if memory.seen == found.fingerprint:
        return memory
    return Memory(found.fingerprint, now, memory.handled)


def still(memory: Memory, found: FolderLook, now: float, debounce_s: float) -> bool:
    """Whether nothing has changed for `debounce_s`: by the newest time, or by our own looks.

    The second covers times that lie in the future because a recorder's clock was wrong.
    """
    return 0 <= now - found.newest >= debounce_s or now - memory.since >= debounce_s > 0
