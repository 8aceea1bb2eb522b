"""What can go wrong when a notebook is generated."""

from __future__ import annotations

from audio_assets.errors import AudioAssetsError


class NotebookError(AudioAssetsError):
    """The package's source cannot become a notebook as it is; the message names file and line."""
