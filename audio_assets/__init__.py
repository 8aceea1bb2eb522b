"""Folders of recordings to embeddings with any model, and embeddings to something people explore.

The names below are loaded on first use, so that `import audio_assets` stays free of torch,
tensorflow and fiftyone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_assets.comparing import compare as compare
    from audio_assets.encoding.config import Config as Config
    from audio_assets.encoding.generator import EmbeddingGenerator as EmbeddingGenerator
    from audio_assets.loaders.base import AudioDataLoader as AudioDataLoader
    from audio_assets.models.encoder import load_encoder as load_encoder
    from audio_assets.reading import load_embeddings as load_embeddings
    from audio_assets.reading import search as search
    from audio_assets.reporting import report as report
    from audio_assets.running import run as run

__version__ = "0.1.0"

_LAZY = {
    "AudioDataLoader": "audio_assets.loaders.base",
    "Config": "audio_assets.encoding.config",
    "EmbeddingGenerator": "audio_assets.encoding.generator",
    "compare": "audio_assets.comparing",
    "load_embeddings": "audio_assets.reading",
    "load_encoder": "audio_assets.models.encoder",
    "report": "audio_assets.reporting",
    "run": "audio_assets.running",
    "search": "audio_assets.reading",
}
__all__ = ["__version__", *sorted(_LAZY)]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'audio_assets' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
