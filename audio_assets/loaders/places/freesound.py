"""Places of Freesound clips: the geotag that their uploaders gave (ESC-50's `src_file`)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from audio_assets.errors import UsageError
from audio_assets.loaders.places.answers import Answers
from audio_assets.loaders.places.source import Found, Unplaced, is_place

SERVER = "https://freesound.org"
COLUMNS = ("freesound_id", "src_file")
IDS_PER_QUESTION = 50
TIMEOUT_S = 20.0


class Freesound:
    """Asks Freesound's API (version 2) for the geotags of the ids in `freesound_id` or `src_file`.

    Used only where a folder names it among its `places`; the key of the API is read from
    `AUDIO_ASSETS_FREESOUND_TOKEN`.
    """

    def side_files(self, root: Path) -> list[Path]:
        """None."""
        return []

    def locate(self, root: Path, recordings: Sequence[Unplaced], memory: Path | None) -> Found:
        """Ask for the ids that are not remembered, fifty at once; see `PlaceSource`."""
        found, answers = Found(), Answers(memory, "freesound")
        ids = {recording.path: _id(recording) for recording in recordings}
        asked = sorted({clip for clip in ids.values() if clip} - answers.known.keys(), key=int)
        try:
            self._ask(asked, answers, found)
        finally:
            answers.save()
        for path, clip in ids.items():
            place = answers.known.get(clip) if clip else None
            if place is not None:
                found.places[path] = (place[0], place[1])
        return found

    def _ask(self, ids: list[str], answers: Answers, found: Found) -> None:
        if not ids:
            return
        import httpx

        token = os.environ.get("AUDIO_ASSETS_FREESOUND_TOKEN")
        if not token:
            raise UsageError(
                "Freesound wants a key: set AUDIO_ASSETS_FREESOUND_TOKEN to yours, or take "
                "'freesound' out of the folder's places."
            )
        server = os.environ.get("AUDIO_ASSETS_FREESOUND_URL", SERVER)
        headers = {"Authorization": f"Token {token}"}
        with httpx.Client(base_url=server, headers=headers, timeout=TIMEOUT_S) as client:
            for start in range(0, len(ids), IDS_PER_QUESTION):
                some = ids[start : start + IDS_PER_QUESTION]
                try:
                    sounds = list(_sounds(client, some))
                except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                    found.problems.append(
                        f"Freesound did not answer ({type(error).__name__}: {error}). Materialize "
                        "metadata_table again when it can be reached."
                    )
                    return
                answers.known |= dict.fromkeys(some)
                answers.known |= {str(sound["id"]): geotag(sound) for sound in sounds}


def _sounds(client: Any, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    chosen = " OR ".join(ids)
    answer = client.get(
        "/apiv2/search/text/",
        params={
            "query": "", "filter": f"id:({chosen})", "fields": "id,geotag",
            "page_size": IDS_PER_QUESTION,
        },
    )  # fmt: skip
    answer.raise_for_status()
    yield from answer.json()["results"]


def geotag(sound: dict[str, Any]) -> list[float] | None:
    """Latitude and longitude of a sound's `geotag`, the text "lat lon"; None without one."""
    parts = str(sound.get("geotag") or "").split()
    if len(parts) != 2:
        return None
    try:
        latitude, longitude = float(parts[0]), float(parts[1])
    except ValueError:
        return None
    return [latitude, longitude] if is_place(latitude, longitude) else None


def _id(recording: Unplaced) -> str | None:
    for column in COLUMNS:
        value = recording.row.get(column)
        if value is not None and str(value).isdecimal():
            return str(int(str(value)))
    return None
