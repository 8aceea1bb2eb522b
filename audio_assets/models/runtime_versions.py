"""Versions of the libraries that run a model: an upgrade of any may change its vectors."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from audio_assets.models.adapters.tensorflow_process import PYTHON_VARIABLE

_SOUND = ("numpy", "scipy", "soxr")
_RUNTIMES = {
    "tflite": ("ai-edge-litert",),
    "onnx": ("onnxruntime",),
    "savedmodel": ("tensorflow", "tensorflow-cpu"),
}
_TORCH = ("torch",)


def runtime_versions(kind: str) -> dict[str, str]:
    """Versions of everything outside this package that a checkpoint's vectors pass through.

    Args:
        kind: of its card.

    Returns:
        Name of a distribution, "python" or "machine" to its version; absent ones are left out.
        Nothing is imported.
    """
    found = {"python": platform.python_version(), "machine": platform.machine()}
    other = os.environ.get(PYTHON_VARIABLE) if kind == "savedmodel" else None
    for name in (*_SOUND, *_RUNTIMES.get(kind, _TORCH)):
        version = _version(name, other if name in _RUNTIMES["savedmodel"] else None)
        if version:
            found[name] = version
    return found


def _version(name: str, python: str | None) -> str | None:
    """Version in this environment, or in the one of another Python."""
    if python is None:
        places = None
    else:
        places = [str(p) for p in Path(python).parent.parent.glob("lib/python*/site-packages")]
    try:
        if places is None:
            return metadata.version(name)
        return next(iter(metadata.distributions(name=name, path=places))).version
    except (metadata.PackageNotFoundError, StopIteration):
        return None
