"""The registry of data set loaders: a decorator puts a layout in, a name or a look finds it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from audio_assets.errors import UsageError
from audio_assets.loaders.base import AudioDataLoader

LoaderClass = TypeVar("LoaderClass", bound=type[AudioDataLoader])

FALLBACK = "custom"
_BUILT_IN = ("audio_assets.loaders.esc50", "audio_assets.loaders.custom")
_LOADERS: dict[str, type[AudioDataLoader]] = {}


def register_loader(name: str) -> Callable[[LoaderClass], LoaderClass]:
    """Class decorator: register a loader under `name`.

    Raises:
        UsageError: when another class has that name.
    """

    def add(loader: LoaderClass) -> LoaderClass:
        taken = _LOADERS.get(name)
        if taken is not None and taken.__qualname__ != loader.__qualname__:
            raise UsageError(f"A loader named {name!r} exists already: {taken.__qualname__}.")
        loader.name = name
        _LOADERS[name] = loader
        return loader

    return add


def loader_names() -> list[str]:
    """Names of all loaders, sorted."""
    _load_built_in()
    return sorted(_LOADERS)


def get_loader(name: str) -> type[AudioDataLoader]:
    """The loader of that name.

    Raises:
        UsageError: when there is none, with the names there are.
    """
    _load_built_in()
    try:
        return _LOADERS[name]
    except KeyError:
        raise UsageError(
            f"There is no loader {name!r}. Choose one of: auto, {', '.join(sorted(_LOADERS))}."
        ) from None


def detect_loader(root: Path) -> str:
    """Name of the first loader, other than the fallback, whose layout `root` has."""
    _load_built_in()
    for name in sorted(_LOADERS, key=lambda n: (n == FALLBACK, n)):
        if name != FALLBACK and _LOADERS[name].detect(root):
            return name
    return FALLBACK


def _load_built_in() -> None:
    for module in _BUILT_IN:
        import_module(module)
