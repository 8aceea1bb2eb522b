"""The bundled coastline: Natural Earth's land at 1:110 million, in the public domain."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

FILE = "coastline.json"


@cache
def coastline() -> str:
    """JSON: closed rings of land, each longitude, latitude, … in hundredths of a degree."""
    text = (resources.files("audio_assets.explore.map") / FILE).read_text("utf-8")
    return json.dumps(json.loads(text)["rings"], separators=(",", ":"))
