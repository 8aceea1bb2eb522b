"""Places from their names, asked of a Nominatim server (OpenStreetMap) through geopy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from audio_assets.errors import UsageError
from audio_assets.loaders.places.answers import Answers
from audio_assets.loaders.places.source import Found, Unplaced, is_place

COLUMNS = ("place", "location", "site", "locality")
SERVER = "https://nominatim.openstreetmap.org"
USER_AGENT = "audio-assets (recordings' places by name)"
MOST_QUESTIONS = 1000


class Geocoder:
    """Looks the text of a column `place`, `location`, `site` or `locality` up, once per text.

    Used only where a folder names it among its `places`. One question a second, as the public
    server's terms of use ask; `AUDIO_ASSETS_GEOCODER_URL` names another server.
    """

    def side_files(self, root: Path) -> list[Path]:
        """None."""
        return []

    def locate(self, root: Path, recordings: Sequence[Unplaced], memory: Path | None) -> Found:
        """Ask for each name that is not remembered; see `PlaceSource`."""
        found, answers = Found(), Answers(memory, "geocoder")
        names = {recording.path: _name(recording) for recording in recordings}
        asked = sorted({name for name in names.values() if name} - answers.known.keys())
        try:
            self._ask(asked, answers, found)
        finally:
            answers.save()
        for path, name in names.items():
            place = answers.known.get(name) if name else None
            if place is not None:
                found.places[path] = (place[0], place[1])
        unknown = sorted({n for n in names.values() if n and answers.known.get(n, 0) is None})
        if unknown:
            found.problems.append(f"No such place: {', '.join(unknown[:10])}. Correct the names.")
        return found

    def _ask(self, names: list[str], answers: Answers, found: Found) -> None:
        if not names:
            return
        try:
            from geopy.exc import GeopyError
            from geopy.extra.rate_limiter import RateLimiter
            from geopy.geocoders import Nominatim
        except ImportError as error:
            raise UsageError(
                "The geocoder needs geopy: pip install 'audio-assets[places]', or take "
                "'geocoder' out of the folder's places."
            ) from error
        server = os.environ.get("AUDIO_ASSETS_GEOCODER_URL", SERVER)
        parts = urlsplit(server)
        service = Nominatim(
            user_agent=USER_AGENT, scheme=parts.scheme, domain=parts.netloc + parts.path.rstrip("/")
        )
        pause = 1.0 if server == SERVER else 0.0
        ask = RateLimiter(
            service.geocode, min_delay_seconds=pause, max_retries=1, swallow_exceptions=False
        )
        for name in names[:MOST_QUESTIONS]:
            try:
                answer = ask(name)
            except GeopyError as error:
                found.problems.append(
                    f"{parts.netloc} did not answer for {name!r} ({type(error).__name__}: {error})."
                    " Materialize metadata_table again when it can be reached."
                )
                return
            place = getattr(answer, "latitude", 0.0), getattr(answer, "longitude", 0.0)
            answers.known[name] = list(place) if is_place(*place) else None
        if len(names) > MOST_QUESTIONS:
            found.problems.append(
                f"{len(names) - MOST_QUESTIONS} names were not asked for in this run; materialize "
                "metadata_table again for the next ones."
            )


def _name(recording: Unplaced) -> str | None:
    for column in COLUMNS:
        value = recording.row.get(column)
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())
    return None
