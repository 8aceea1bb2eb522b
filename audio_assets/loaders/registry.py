"""The registry of data set loaders: a decorator puts a layout in, a name or a look finds it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from audio_assets.errors import UsageError
from audio_assets.loaders.base import AudioDataLoader
from audio_assets.plugins import Registry

LoaderClass = TypeVar("LoaderClass", bound=type[AudioDataLoader])

logger = logging.getLogger(__name__)

FALLBACK = "custom"
data_loader_registry: Registry[type[AudioDataLoader]] = Registry(
    "loaders",
    {
        "esc50": "audio_assets.loaders.esc50:Esc50Loader",
        "custom": "audio_assets.loaders.custom:CustomLoader",
        "rf": "audio_assets.loaders.rf:RadioLoader",
    },
)


def register_loader(name: str) -> Callable[[LoaderClass], LoaderClass]:
    """Class decorator: register a loader under `name`.

    Raises:
        UsageError: when another class has that name.
    """

    def add(loader: LoaderClass) -> LoaderClass:
        data_loader_registry.register(name)(loader)
        loader.name = name
        return loader

    return add


def loader_names() -> list[str]:
    """Names of all loaders, sorted."""
    return data_loader_registry.names()


def get_loader(name: str) -> type[AudioDataLoader]:
    """The loader of that name.

    Raises:
        UsageError: when there is none, with the names there are.
    """
    return data_loader_registry.get(name)


def detect_loader(root: Path) -> str:
    """Name of the first loader, other than the fallback, whose layout `root` has.

    A plug-in that cannot be imported is passed over, with a warning that names its package.
    """
    for name in loader_names():
        if name == FALLBACK:
            continue
        try:
            loader = get_loader(name)
        except UsageError as error:
            logger.warning("%s", error)
            continue
        if loader.detect(root):
            return name
    return FALLBACK
