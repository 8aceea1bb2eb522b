"""Who it is that labels: a name given in the App, in the settings, or that of the account."""

from __future__ import annotations

import getpass

from audio_assets.settings import Settings, load_settings

LONGEST = 80


def person(given: object = None, settings: Settings | None = None) -> str:
    """A name to keep with what somebody says.

    Args:
        given: what the App asked for; ignored unless it is a text.
        settings: their `user_name` comes next; from the environment when None.

    Returns:
        At most 80 printable characters, never empty.
    """
    settings = settings or load_settings()
    for name in (given, settings.user_name, _account()):
        cleaned = " ".join(_printable(name).split())[:LONGEST] if isinstance(name, str) else ""
        if cleaned:
            return cleaned
    return "unknown"


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name)


def _account() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return None
