"""The statements of the package that some code needs, directly or not, in the order of imports."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from audio_assets.notebooks.errors import NotebookError
from audio_assets.notebooks.scopes import PACKAGE, is_package
from audio_assets.notebooks.source_module import Import, SourceModule, Statement, read_module

_NEEDS_FILE = {"__file__", "__path__", "__package__", "__spec__", "globals"}
_DOTTED = re.compile(rf"{PACKAGE}(\.\w+)+(:\w+)?")


@dataclass(frozen=True)
class Entity:
    """What a name means, whatever it is called where it is used.

    Attributes:
        module: the module that defines it; for something outside the package, the one imported.
        name: its name there; None for the module itself.
        outside: it is not of the package.
        dotted: `import a.b`; the name is bound to `a`.
    """

    module: str
    name: str | None
    outside: bool = False
    dotted: bool = False


@dataclass
class Closure:
    """What is needed, grown from roots.

    Attributes:
        replaced: definitions to take instead of others, by (module, name).
        read: how a module is found by its name.
        statements: needed statements by module; not yet in the order of the source.
    """

    replaced: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    read: Callable[[str], SourceModule] = read_module
    statements: dict[str, list[Statement]] = field(default_factory=dict)

    def resolve(self, statement: Statement, name: str) -> Entity | None:
        """Tell what a name in a statement means.

        Returns:
            The entity; None for a builtin, or for a name that only type checkers know.

        Raises:
            NotebookError: a package name that is imported is not defined where it should be.
        """
        found = statement.imports.get(name)
        if found is not None:
            return self._imported(found, statement.where)
        return self._of_module(self._module(statement.module), name)

    def add(self, statement: Statement) -> None:
        """Take a statement in, with everything that it needs.

        Raises:
            NotebookError: something in it cannot live in a notebook.
        """
        known = self.statements.setdefault(statement.module, [])
        if statement in known:
            return
        known.append(statement)
        _check(statement)
        for node in statement.names:
            entity = self.resolve(statement, node.id)
            if entity is not None and not entity.outside and entity.name is not None:
                self.add_definition(entity.module, entity.name)
        for other in self._module(statement.module).statements:
            if not other.binds:  # runs for its effect, whoever needs the module
                self.add(other)

    def add_definition(self, module: str, name: str) -> None:
        """Take in what binds a name of a module."""
        for statement in self._module(module).binding(name):
            self.add(statement)

    def ordered(self, chapters: tuple[str, ...] = ()) -> list[tuple[SourceModule, list[Statement]]]:
        """Modules with their needed statements, each after those that it imports from.

        Args:
            chapters: prefixes of module names; modules of an earlier one come first where the
                imports leave a choice.
        """
        order: list[str] = []
        seen: set[str] = set()

        def visit(name: str) -> None:
            if name in seen:
                return
            seen.add(name)
            for other in self._module(name).imports.values():
                if is_package(other.module):
                    visit(other.module)
            order.append(name)

        def rank(name: str) -> tuple[int, str]:
            fits = [i for i, prefix in enumerate(chapters) if name.startswith(prefix)]
            return (fits[0] if fits else len(chapters)), name

        for name in sorted(self.statements, key=rank):
            visit(name)
        return [
            (self._module(name), sorted(self.statements[name], key=lambda s: s.line))
            for name in order
            if name in self.statements
        ]

    def _module(self, name: str) -> SourceModule:
        return self.read(name)

    def _of_module(self, module: SourceModule, name: str) -> Entity | None:
        if module.binding(name):
            target = self.replaced.get((module.name, name))
            return Entity(*target) if target else Entity(module.name, name)
        found = module.imports.get(name)
        return self._imported(found, module.name) if found else None

    def _imported(self, found: Import, where: str) -> Entity:
        if not is_package(found.module):
            return Entity(found.module, found.name, outside=True, dotted=found.dotted)
        entity = None
        if found.name is not None:
            entity = self._of_module(self._module(found.module), found.name)
        if entity is None:
            raise NotebookError(
                f"{where} uses {found.module}{f'.{found.name}' if found.name else ''} as a module; "
                "a notebook has no such module. Import the names that are needed from it."
            )
        return entity


def _check(statement: Statement) -> None:
    """Refuse what would look for the package, or for a file beside the code.

    Raises:
        NotebookError: with the place.
    """
    for node in statement.names:
        if node.id in _NEEDS_FILE:
            raise NotebookError(
                f"{statement.module}, line {node.lineno} uses {node.id}, which has no meaning in a "
                "notebook."
            )
    for node in ast.walk(statement.node):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and _DOTTED.fullmatch(text):
            raise NotebookError(
                f"{statement.module}, line {getattr(node, 'lineno', 0)} names {text!r}, which "
                "would be imported when the notebook runs."
            )


def is_builtin(name: str) -> bool:
    """Whether a name is Python's own."""
    return hasattr(builtins, name)
