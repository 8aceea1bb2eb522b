"""What goes wrong around a run while it is under way; each is done once, at one of its moments."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audio_assets.home import Home

AWAY = ".away"
BALLAST = "ballast"


@dataclass(frozen=True)
class Scene:
    """Where it happens.

    Attributes:
        home: the home of the run.
        root: the folder of recordings, the run's own copy.
        key: its name.
        checkpoint: the checkpoint's name.
    """

    home: Home
    root: Path
    key: str
    checkpoint: str

    def sounds(self) -> list[Path]:
        """The recordings that can be read, by name."""
        files = (p for p in self.root.rglob("*") if p.suffix in {".wav", ".flac", ".ogg"})
        return sorted(p for p in files if p.name != "broken.wav")


def grow(scene: Scene) -> None:
    """A recorder is still writing: one file has more bytes than before."""
    with scene.sounds()[0].open("ab") as stream:
        stream.write(b"more bytes than there were" * 100)


def exchange(scene: Scene) -> None:
    """Another recording takes the place of one, with its times and its size made equal."""
    first, second = scene.sounds()[:2]
    before = first.stat()
    shutil.copy(second, first)
    os.truncate(first, before.st_size)
    os.utime(first, ns=(before.st_atime_ns, before.st_mtime_ns))


def vanish(scene: Scene) -> None:
    """One recording is deleted."""
    scene.sounds()[-1].unlink()


def unplug(scene: Scene) -> None:
    """The folder is renamed, or its drive is gone; `plug_in` brings it back."""
    scene.root.rename(scene.root.with_name(scene.root.name + AWAY))


def plug_in(scene: Scene) -> None:
    """Undo `unplug`."""
    away = scene.root.with_name(scene.root.name + AWAY)
    if away.exists():
        away.rename(scene.root)


def new_weights(scene: Scene) -> None:
    """The checkpoint's weights are replaced by others, as a download would do it."""
    weights = scene.home.checkpoints / scene.checkpoint / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-2] ^= 1
    fresh = weights.with_name("fresh")
    fresh.write_bytes(data)
    os.replace(fresh, weights)


def no_outputs(scene: Scene) -> None:
    """Somebody cleans up: what was computed for the folder so far is deleted."""
    for path in scene.home.assets.rglob(f"*{scene.key}*"):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def no_work(scene: Scene) -> None:
    """The directory of unfinished work is deleted."""
    shutil.rmtree(scene.home.work, ignore_errors=True)


def kill_database(scene: Scene) -> None:
    """The home's mongod is killed."""
    from audio_assets.explore.mongod import database_status

    if pid := database_status(scene.home).pid:
        os.kill(pid, signal.SIGKILL)


def clock_back(_: Scene) -> None:
    """The clock of the machine steps back by a day, for this process."""
    import time

    import time_machine

    time_machine.travel(time.time() - 86_400, tick=True).start()


def fill(scene: Scene) -> None:
    """The disk of the home is full; `make_room` ends that."""
    with (scene.home.root / BALLAST).open("wb", buffering=0) as stream:
        for size in (1 << 20, 1 << 12):
            block = bytes(size)
            try:
                while stream.write(block) == size:
                    pass
            except OSError:
                continue


def make_room(scene: Scene) -> None:
    """Undo `fill`."""
    (scene.home.root / BALLAST).unlink(missing_ok=True)


def lock_outputs(scene: Scene) -> None:
    """The outputs' file system turns read-only, as a kernel does after an error of a disk."""
    target = str(scene.home.assets)
    subprocess.run(["mount", "--bind", target, target], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", target], check=True)


def unlock_outputs(scene: Scene) -> None:
    """Undo `lock_outputs`."""
    subprocess.run(["umount", str(scene.home.assets)], check=False, capture_output=True)


TROUBLES: dict[str, Callable[[Scene], None]] = {
    one.__name__: one
    for one in (
        grow, exchange, vanish, unplug, new_weights, no_outputs, no_work, kill_database, clock_back,
        fill, lock_outputs,
    )
}  # fmt: skip
UNDO: dict[str, Callable[[Scene], None]] = {
    "unplug": plug_in, "fill": make_room, "lock_outputs": unlock_outputs,
}  # fmt: skip
OWN_DISK = frozenset({"fill", "lock_outputs"})
"""These need a file system of the home's own, and with it the rights to mount one."""
