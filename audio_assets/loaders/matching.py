"""Finding the recording that a table row names, without ever leaving the folder."""

from __future__ import annotations

import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from audio_assets.recordings.listing import AUDIO_EXTENSIONS


class FileIndex:
    """Looks names from a table up among the audio files of a folder.

    Tried in turn: the very path; the path below a `prefix`; the bare name, where only one file
    has it; the same with the extension left out; the same in Unicode NFC. A name that is absolute
    or climbs with `..` matches nothing, because only listed files can be found.

    Args:
        keys: relative paths of the audio files.
        prefixes: directories, relative to the root, that names may be relative to.
    """

    def __init__(self, keys: Iterable[str], prefixes: Iterable[str] = ()) -> None:
        self.prefixes = ["", *prefixes]
        keys = sorted(keys)
        self._exact = set(keys)
        self._by: dict[str, dict[str, list[str]]] = {
            kind: defaultdict(list) for kind in ("stem", "name", "bare", "nfc")
        }
        for key in keys:
            name = posixpath.basename(key)
            self._by["stem"][without_extension(key)].append(key)
            self._by["name"][name].append(key)
            self._by["bare"][without_extension(name)].append(key)
            self._by["nfc"][unicodedata.normalize("NFC", key)].append(key)

    def find(self, name: str) -> str | None:
        """The key of the file that `name` means; None when there is none or it is ambiguous."""
        text = name.strip().replace("\\", "/") if name not in self._exact else name
        if text.startswith("/") or ".." in text.split("/"):
            return None
        for prefix in self.prefixes:
            path = posixpath.normpath(posixpath.join(prefix, text))
            if path in self._exact:
                return path
        for prefix in self.prefixes:
            path = posixpath.normpath(posixpath.join(prefix, text))
            for kind, wanted in (("nfc", unicodedata.normalize("NFC", path)),
                                 ("stem", without_extension(path))):  # fmt: skip
                if found := self._only(kind, wanted):
                    return found
        bare = posixpath.basename(posixpath.normpath(text))
        return self._only("name", bare) or self._only("bare", without_extension(bare))

    def _only(self, kind: str, wanted: str) -> str | None:
        found = self._by[kind].get(wanted, [])
        return found[0] if len(found) == 1 else None


def without_extension(name: str) -> str:
    """`a/b.WAV` → `a/b`; an ending that is no audio extension stays."""
    stem, _, extension = name.rpartition(".")
    return stem if stem and extension.lower() in AUDIO_EXTENSIONS else name
