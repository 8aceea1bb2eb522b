"""Which files below a directory are recordings, by names and links.

Nothing is opened but SigMF metadata beside raw files, which may name one of them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from audio_assets.errors import UsageError
from audio_assets.radio.dataset_names import can_be_named, dataset_name
from audio_assets.radio.names import is_radio_name

AUDIO_EXTENSIONS = frozenset(
    {"wav", "wave", "rf64", "w64", "flac", "ogg", "oga", "opus", "mp3"}
    | {"aif", "aiff", "aifc", "au", "caf", "m4a", "mp4", "aac"}
)
META, DATA = ".sigmf-meta", ".sigmf-data"
SKIPPED_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})


@dataclass(frozen=True)
class AudioFile:
    """One name that claims to be a recording.

    Attributes:
        key: path relative to the root, '/' separated, valid UTF-8.
        path: where it lies.
        stat: of the file itself (behind a link); None when there is a `problem`.
        problem: why it must not be read, in plain words.
    """

    key: str
    path: Path
    stat: os.stat_result | None = None
    problem: str | None = None


def list_audio(root: Path, further: Set[str] = frozenset()) -> list[AudioFile]:
    """Walk `root` and list every audio file and radio recording by extension, sorted by key.

    Hidden and temporary names, pipes, sockets and devices are left out. Links to files inside the
    root count as files; links that leave it, broken links, names that are not UTF-8 and folders
    that cannot be opened are listed with a problem. Linked folders are not walked. SigMF metadata
    stand for a recording of their own only where no file beside them has their name, or where they
    name a raw file or an archive, which is then left out.

    Args:
        root: the directory.
        further: more extensions that count, lower case, without the dot.

    Raises:
        UsageError: when `root` is not a directory that can be read.
    """
    try:
        real = Path(os.path.realpath(root, strict=True))
        with os.scandir(real):
            pass
    except OSError as error:
        raise UsageError(
            f"{root} cannot be read as a folder of recordings: {error.strerror}. "
            "Check the path, that the disk is plugged in, and your permissions."
        ) from error
    found: list[AudioFile] = []
    folders = [real]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    _look(entry, real, folders, found, further)
        except OSError as error:
            problem = f"the folder cannot be opened: {_words(error)}"
            found.append(AudioFile(_key(folder, real), folder, problem=problem))
    return sorted(without_side_metadata(found), key=lambda file: file.key)


def audio_keys(root: Path) -> list[str]:
    """Relative paths of the audio files below `root` that may be read, sorted."""
    return [file.key for file in list_audio(root) if file.problem is None]


def is_audio_name(name: str) -> bool:
    """Whether a file of that name counts as a recording: by extension, whatever its case."""
    _, dot, extension = name.rpartition(".")
    known = extension.lower() in AUDIO_EXTENSIONS or is_radio_name(name)
    return bool(dot) and known and not _ignored(name)


def without_side_metadata(files: list[AudioFile]) -> list[AudioFile]:
    """Leave out SigMF metadata that belong to another recording, and files that some name."""
    named = _named(files)
    gone = set(named.values())
    stems = {file.key.rpartition(".")[0] for file in files if not file.key.endswith(META)}
    left_out = {
        file.key
        for file in files
        if file.key.endswith(META) and file.key[: -len(META)] in stems and file.key not in named
    }
    return [f for f in files if f.key not in left_out and f.key not in gone]


def _named(files: list[AudioFile]) -> dict[str, str]:
    """The file beside them that SigMF metadata without data of their own name, by keys."""
    data = {file.key for file in files if file.key.endswith(DATA)}
    there = {file.key for file in files if can_be_named(file.key)}
    folders = {key.rpartition("/")[0] for key in there}
    named: dict[str, str] = {}
    for file in files:
        folder, slash, name = file.key.rpartition("/")
        if file.problem is not None or folder not in folders or not name.endswith(META):
            continue
        if file.key[: -len(META)] + DATA not in data:
            key = f"{folder}{slash}{dataset_name(file.path)}"
            named |= {file.key: key} if key in there else {}
    return named


def _ignored(name: str) -> bool:
    return name.startswith((".", "~")) or name.endswith("~") or name in SKIPPED_FOLDERS


def _look(
    entry: os.DirEntry[str], root: Path, folders: list[Path], found: list[AudioFile],
    further: Set[str],
) -> None:  # fmt: skip
    """Add one directory entry to the folders to walk or to the files found."""
    path = Path(entry.path)
    if _ignored(entry.name):
        return
    if entry.is_dir(follow_symlinks=False):
        folders.append(path)
        return
    linked_folder = entry.is_symlink() and path.is_dir()
    counts = is_audio_name(entry.name) or entry.name.rpartition(".")[2].lower() in further
    if not linked_folder and not counts:
        return
    key = _key(path, root)
    if linked_folder:
        if not _inside(path, root):
            found.append(AudioFile(key, path, problem="is a link to a folder outside this one"))
        return
    problem, status = _check(entry, path, root)
    if problem is not None or (status is not None and stat.S_ISREG(status.st_mode)):
        found.append(AudioFile(key, path, None if problem else status, problem))


def _check(
    entry: os.DirEntry[str], path: Path, root: Path
) -> tuple[str | None, os.stat_result | None]:
    """A problem that forbids reading the file, and its status."""
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return "the file's name is not valid UTF-8; rename the file", None
    try:
        if entry.is_symlink() and not _inside(path, root):
            return "is a link to a file outside this folder; copy the file itself here", None
        return None, entry.stat()
    except FileNotFoundError:
        gone = entry.is_symlink()
        return ("is a link to a file that does not exist" if gone else "has just vanished"), None
    except OSError as error:
        return f"cannot be looked at: {_words(error)}", None


def _inside(path: Path, root: Path) -> bool:
    """Whether the end of a chain of links lies below `root`; a missing end raises."""
    return Path(os.path.realpath(path, strict=True)).is_relative_to(root)


def _key(path: Path, root: Path) -> str:
    """Relative path; bytes that are not UTF-8 are escaped, which only happens beside a problem."""
    key = os.fspath(path)[len(os.fspath(root)) :].lstrip("/") or "."
    return os.fsencode(key).decode("utf-8", "backslashreplace")


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
