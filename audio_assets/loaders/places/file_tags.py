"""Places inside WAV files: GUANO (bat and bird recorders) and iXML (field recorders)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from audio_assets.loaders.places.source import Found, Unplaced, is_place
from audio_assets.recordings.wave_chunks import read_chunks

PAIR = re.compile(r"^\s*([+-]?\d+(?:\.\d+)?)\s*[,;\s]\s*([+-]?\d+(?:\.\d+)?)\s*$")
LONGEST_PAIR = 200
"""The pattern takes the square of the time of a text's length, so long ones are not tried."""


class FileTags:
    """`Loc Position` of a GUANO chunk, else `LOCATION/LOCATION_GPS` of an iXML chunk."""

    def side_files(self, root: Path) -> list[Path]:
        """None: the tags are bytes of the recordings."""
        return []

    def locate(self, root: Path, recordings: Sequence[Unplaced], memory: Path | None) -> Found:
        """Read the chunks; see `PlaceSource`."""
        found = Found()
        for recording in recordings:
            if not recording.path.lower().endswith((".wav", ".wave")):
                continue
            try:
                chunks = read_chunks(root / recording.path, {b"guan", b"iXML"})
            except OSError as error:
                found.problems.append(f"{recording.path}: {error.strerror}.")
                continue
            place = guano_place(chunks.get(b"guan", b"")) or ixml_place(chunks.get(b"iXML", b""))
            if place is not None:
                found.places[recording.path] = place
        return found


def guano_place(chunk: bytes) -> tuple[float, float] | None:
    """Latitude and longitude of a GUANO chunk (specification 1.0: UTF-8 lines `Key: value`)."""
    for line in chunk.decode("utf-8", "replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "loc position":
            return _pair(value)
    return None


def ixml_place(chunk: bytes) -> tuple[float, float] | None:
    """Latitude and longitude of an iXML chunk (specification 2.0: `LOCATION/LOCATION_GPS`)."""
    text = chunk.rstrip(b"\0")
    if not text or b"<!DOCTYPE" in text:
        return None
    try:
        value = ElementTree.fromstring(text).findtext("LOCATION/LOCATION_GPS")  # noqa: S314
    except (ElementTree.ParseError, LookupError, ValueError):  # or an encoding that does not exist
        return None
    return _pair(value or "")


def _pair(text: str) -> tuple[float, float] | None:
    match = PAIR.match(text) if len(text) <= LONGEST_PAIR else None
    if match is None:
        return None
    place = float(match[1]), float(match[2])
    return place if is_place(*place) else None
