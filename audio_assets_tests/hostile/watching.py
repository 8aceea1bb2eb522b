"""What a process opens and starts, as the interpreter itself reports it (PEP 578)."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from audio_assets.settings import PROJECT_DIR

STARTS = frozenset(
    {
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.fork",
        "os.forkpty",
        "subprocess.Popen",
    }
    | {"pty.spawn", "socket.connect", "socket.bind", "ctypes.dlopen"}
)
OWN = tuple(
    os.path.realpath(p)
    for p in (
        sys.prefix,
        sys.base_prefix,
        sysconfig.get_path("stdlib"),
        PROJECT_DIR,
        "/proc",
        "/dev",
        "/sys",
    )
)
"""Where the program itself lies: reading there is no sign of anything."""


class Watch:
    """Notes every file opened outside of the allowed places, and everything started."""

    def __init__(self) -> None:
        self._allowed: tuple[str, ...] | None = None
        self._seen: list[str] = []
        sys.addaudithook(self._hook)

    def begin(self, *allowed: Path) -> None:
        """From now on these directories may be read and written, and the program's own read."""
        self._seen.clear()
        self._allowed = tuple(os.path.realpath(path) for path in allowed)

    def end(self) -> list[str]:
        """What was seen since `begin`."""
        self._allowed = None
        return sorted(set(self._seen))

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._allowed is None:
            return
        if event in STARTS:
            self._seen.append(f"{event} {str(arguments)[:200]}")
        elif event in ("open", "os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link"):
            targets = (
                arguments[:2] if event in ("os.rename", "os.link", "os.symlink") else arguments[:1]
            )
            for target in targets:
                self._note(event, target, arguments)

    def _note(self, event: str, target: Any, arguments: tuple[Any, ...]) -> None:
        if not isinstance(target, str | bytes | os.PathLike):
            return  # by a descriptor that was opened by name before
        if event == "os.remove" and arguments[1] != -1:
            return  # relative to an open directory
        path = os.path.abspath(os.fsdecode(os.fspath(target)))  # noqa: PTH100
        flags = arguments[2] if event == "open" and len(arguments) > 2 else os.O_RDWR
        reads = not (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        own = path in (os.devnull, "/proc/self/clear_refs") or (reads and _below(path, OWN))
        if own or _below(path, self._allowed or ()):
            return
        self._seen.append(f"{event} {path[:300]!r}{'' if reads else ' for writing'}")


def _below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(place + os.sep) for place in places)
