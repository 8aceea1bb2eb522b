"""Settings for the commands, imported when one runs: `--help` need not wait for pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_assets.settings import Settings


def load_settings(**overrides: object) -> Settings:
    """`audio_assets.settings.load_settings`."""
    from audio_assets.settings import load_settings as load

    return load(**overrides)
