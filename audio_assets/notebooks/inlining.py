"""The package's own source as code that needs no package."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass

from audio_assets.notebooks.closure import Closure, Entity
from audio_assets.notebooks.naming import Names
from audio_assets.notebooks.rewriting import rewritten
from audio_assets.notebooks.scopes import is_package
from audio_assets.notebooks.source_module import SourceModule, Statement


@dataclass(frozen=True)
class InlinedModule:
    """What a notebook takes over from one module.

    Attributes:
        name: dotted name.
        docstring: its first line.
        definitions: source of each statement.
    """

    name: str
    docstring: str
    definitions: tuple[str, ...]


@dataclass(frozen=True)
class InlinedCode:
    """Everything that some code needs.

    Attributes:
        imports: lines that import from outside the package.
        modules: in the order of their imports.
        cells: the code itself, statement by statement, with final names.
        outside: names of the top-level modules that are imported.
    """

    imports: tuple[str, ...]
    modules: tuple[InlinedModule, ...]
    cells: dict[Statement, str]
    outside: frozenset[str]


def inline(
    code: SourceModule,
    closure: Closure,
    chapters: tuple[str, ...] = (),
    wanted: tuple[Statement, ...] | None = None,
) -> InlinedCode:
    """Take over what `code` needs.

    Args:
        code: the notebook's own cells as a module.
        closure: an empty closure, which finds `code` by its name.
        chapters: order of the modules where imports leave a choice; see `Closure.ordered`.
        wanted: the statements of `code` to keep; all of them where None.

    Returns:
        The code.

    Raises:
        NotebookError: the source does what a notebook cannot, with the place.
    """
    statements = code.statements if wanted is None else wanted
    for statement in statements:
        closure.add(statement)
    ordered = closure.ordered(chapters)
    names = Names(closure, ordered, kept=code.name)
    modules, cells = [], {}
    for module, needed in ordered:
        texts = {s: rewritten(s, names) for s in needed if s not in names.dropped}
        if module.name == code.name:
            cells = texts
        elif texts:
            modules.append(InlinedModule(module.name, module.docstring, tuple(texts.values())))
    entities = [entity for entity in names.final if entity.outside]
    nested = {i.split(".")[0] for _, needed in ordered for s in needed for i in _lazy_imports(s)}
    outside = frozenset({entity.module.split(".")[0] for entity in entities} | nested)
    return InlinedCode(_import_lines(entities, names), tuple(modules), cells, outside)


def _lazy_imports(statement: Statement) -> list[str]:
    """Modules outside the package that are imported inside functions."""
    found: list[str] = []
    for node in ast.walk(statement.node):
        if isinstance(node, ast.ImportFrom) and node.module and not is_package(node.module):
            found.append(node.module)
        elif isinstance(node, ast.Import):
            found += [a.name for a in node.names if not is_package(a.name)]
    return found


def _import_lines(entities: list[Entity], names: Names) -> tuple[str, ...]:
    whole: set[str] = set()
    named: dict[str, set[str]] = defaultdict(set)
    for entity in entities:
        final = names.of(entity)
        if entity.name is None:
            plain = entity.dotted or final == entity.module
            whole.add(f"import {entity.module}" + ("" if plain else f" as {final}"))
        else:
            suffix = "" if final == entity.name else f" as {final}"
            named[entity.module].add(entity.name + suffix)
    lines = sorted(whole)
    for module in sorted(named):
        lines.append(f"from {module} import {', '.join(sorted(named[module]))}")
    return tuple(lines)
