"""Answers of a network service, remembered, so that a re-run asks nothing and gives the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audio_assets.storage import atomic_open


class Answers:
    """A JSON file of question → answer; None is an answer too: the service does not know.

    Args:
        path: the file; None to remember nothing after this run.
        service: name of the service, so that several share one file.
    """

    def __init__(self, path: Path | None, service: str) -> None:
        self.path, self.service = path, service
        self.known: dict[str, Any] = self._all().get(service, {})

    def save(self) -> None:
        """Write what is known."""
        if self.path is None:
            return
        everything = {**self._all(), self.service: self.known}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_open(self.path) as stream:
            stream.write(json.dumps(everything, indent=1, sort_keys=True).encode())

    def _all(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.path.read_text("utf-8"))) if self.path else {}
        except (FileNotFoundError, ValueError):
            return {}
