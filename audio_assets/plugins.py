"""Registries of what can be plugged in: by a decorator in code, or by a package's entry points.

A third-party package names its class in `pyproject.toml`:

    [project.entry-points."audio_assets.transforms"]
    my_transform = "my_package.transform:MyTransform"

Nothing is imported before it is asked for by name, and a plug-in that does not import hurts nobody
who does not ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from audio_assets.errors import UsageError

T = TypeVar("T")
C = TypeVar("C")


@dataclass(frozen=True)
class Plugin:
    """One registered thing.

    Attributes:
        kind: `models`, `loaders`, `transforms` or `visualisations`.
        name: what cards, settings and the command line call it.
        origin: `built in`, `registered in code`, or the package and its version.
        target: `module:attribute`.
    """

    kind: str
    name: str
    origin: str
    target: str


class Registry(Generic[T]):
    """Name → thing of one kind; built-in ones first, then registered ones, then entry points.

    Args:
        kind: `models`, `loaders`, `transforms` or `visualisations`; the entry point group is
            `audio_assets.<kind>`.
        built_in: name → `module:attribute`.
    """

    def __init__(self, kind: str, built_in: Mapping[str, str]) -> None:
        self.kind = kind
        self._built_in = dict(built_in)
        self._registered: dict[str, T] = {}

    @property
    def group(self) -> str:
        """The entry point group."""
        return f"audio_assets.{self.kind}"

    def register(self, name: str) -> Callable[[C], C]:
        """Decorator: register a class or function under `name`.

        Raises:
            UsageError: when something else has that name.
        """

        def add(thing: C) -> C:
            taken = self._built_in.get(name) or _target(self._registered.get(name))
            if taken and taken != _target(thing):
                raise UsageError(
                    f"{self.kind}: the name {name!r} belongs to {taken} already; take another one."
                )
            if name not in self._built_in:
                self._registered[name] = thing  # type: ignore[assignment]
            return thing

        return add

    def unregister(self, name: str) -> None:
        """Take back what `register` did; built-in things and entry points stay."""
        self._registered.pop(name, None)

    def names(self) -> list[str]:
        """All names, sorted; nothing is imported."""
        return sorted({*self._built_in, *self._registered, *self._entry_points()})

    def get(self, name: str) -> T:
        """The thing of that name, imported now.

        Raises:
            UsageError: when there is none, with the names there are; or when a plug-in cannot be
                imported, with its package and the reason.
        """
        if name in self._built_in:
            return _load(self._built_in[name])
        if name in self._registered:
            return self._registered[name]
        entry = self._entry_points().get(name)
        if entry is None:
            raise UsageError(
                f"There is no {self.kind.rstrip('s')} {name!r}; known: {', '.join(self.names())}."
            )
        try:
            return entry.load()
        except Exception as error:
            raise UsageError(
                f"The plug-in {name!r} of {_package(entry)} cannot be imported: "
                f"{type(error).__name__}: {error}. Update or uninstall that package."
            ) from error

    def plugins(self) -> list[Plugin]:
        """Everything there is and where it is from; nothing is imported."""
        found = [Plugin(self.kind, n, "built in", t) for n, t in self._built_in.items()]
        found += [
            Plugin(self.kind, n, "registered in code", _target(t) or "")
            for n, t in self._registered.items()
        ]
        own = {plugin.name for plugin in found}
        found += [
            Plugin(self.kind, name, _package(entry), entry.value)
            for name, entry in self._entry_points().items()
            if name not in own
        ]
        return sorted(found, key=lambda plugin: plugin.name)

    def _entry_points(self) -> dict[str, EntryPoint]:
        return installed(self.group)


@lru_cache(maxsize=16)
def installed(group: str) -> dict[str, EntryPoint]:
    """Entry points of a group; looked for once, since that reads every installed distribution."""
    return {entry.name: entry for entry in entry_points(group=group)}


def _load(target: str) -> Any:
    module, attribute = target.split(":")
    return getattr(import_module(module), attribute)


def _target(thing: object) -> str | None:
    name = getattr(thing, "__qualname__", None)
    return f"{thing.__module__}:{name}" if name else None


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
