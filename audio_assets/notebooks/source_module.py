"""A module of the package as a list of statements, with what each one binds and reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from audio_assets.notebooks.errors import NotebookError
from audio_assets.notebooks.scopes import bound_names, global_names, is_package


@dataclass(frozen=True)
class Import:
    """Where a name of a module comes from.

    Attributes:
        module: the module that is imported, or imported from.
        name: the name in it; None for the module itself.
        dotted: `import a.b` without `as`, which binds `a`.
    """

    module: str
    name: str | None
    dotted: bool = False


@dataclass(frozen=True)
class Statement:
    """One statement at the top level of a module, with the comments above it.

    Attributes:
        module: name of its module.
        node: the statement.
        text: its source.
        line: number of the text's first line in the file.
        binds: module names that it binds.
        names: names in it that resolve to the module or to a builtin.
        imports: package imports inside its functions, by local name.
    """

    module: str
    node: ast.stmt
    text: str
    line: int
    binds: frozenset[str]
    names: tuple[ast.Name, ...]
    imports: dict[str, Import] = field(hash=False)

    @property
    def where(self) -> str:
        """Module and line, for messages."""
        return f"{self.module}, line {self.node.lineno}"


@dataclass(frozen=True)
class SourceModule:
    """One parsed module.

    Attributes:
        name: dotted name.
        docstring: first line of the module's docstring.
        statements: everything but imports, docstring, `__all__`, and what runs under
            `TYPE_CHECKING` or as a program.
        imports: by local name.
    """

    name: str
    docstring: str
    statements: tuple[Statement, ...]
    imports: dict[str, Import] = field(hash=False)

    def binding(self, name: str) -> tuple[Statement, ...]:
        """The statements that bind a name."""
        return tuple(s for s in self.statements if name in s.binds)

    @property
    def packages(self) -> list[str]:
        """Modules of the package that it imports from, in the order of the source."""
        every = [*self.imports.values()]
        every += [i for s in self.statements for i in s.imports.values()]
        return list(dict.fromkeys(i.module for i in every if is_package(i.module)))


@lru_cache(maxsize=256)
def read_module(name: str) -> SourceModule:
    """Parse a module of the package by its name.

    Raises:
        NotebookError: there is no such source file; see `parse_module`.
    """
    spec = find_spec(name) if is_package(name) else None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise NotebookError(f"{name} has no Python source that could go into a notebook.")
    return parse_module(name, Path(spec.origin).read_text("utf-8"))


def parse_module(name: str, source: str) -> SourceModule:
    """Parse source; see `SourceModule`.

    Args:
        name: dotted name of the module.
        source: its text.

    Raises:
        NotebookError: it has a relative import or `import *`.
    """
    tree = ast.parse(source)
    lines = source.splitlines()
    imports: dict[str, Import] = {}
    statements: list[Statement] = []
    end = 0
    for node in _kept(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports |= imported(node, name)
        elif _is_docstring(node) and statements and node.lineno == end + 1:
            text = statements[-1].text + "\n" + "\n".join(lines[end : node.end_lineno])
            statements[-1] = _replaced_text(statements[-1], text)
        else:
            statements.append(_statement(name, node, lines, end))
        end = node.end_lineno or end
    docstring = (ast.get_docstring(tree) or name).splitlines()[0]
    return SourceModule(name, docstring, tuple(statements), imports)


def _kept(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for position, node in enumerate(body):
        if position == 0 and _is_docstring(node):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        if isinstance(node, ast.If) and _test_of(node) in ("TYPE_CHECKING", "__name__"):
            continue
        if isinstance(node, ast.Assign) and "__all__" in bound_names([node]):
            continue
        yield node


def _test_of(node: ast.If) -> str:
    test = node.test.left if isinstance(node.test, ast.Compare) else node.test
    return test.id if isinstance(test, ast.Name) else ""


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _statement(module: str, node: ast.stmt, lines: list[str], end: int) -> Statement:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])
    while first - 1 > end and _is_comment(lines[first - 2]):
        first -= 1
    names = tuple(global_names(node))
    inside: dict[str, Import] = {}
    for child in ast.walk(node):
        if isinstance(child, ast.Import | ast.ImportFrom) and _of_package(child):
            inside |= imported(child, module)
    return Statement(
        module, node, "\n".join(lines[first - 1 : node.end_lineno]), first,
        frozenset(bound_names([node])), names, inside,
    )  # fmt: skip


def _is_comment(line: str) -> bool:
    return line.startswith("#") and not line.startswith("# %%")  # a mark of cells


def _replaced_text(statement: Statement, text: str) -> Statement:
    return Statement(
        statement.module, statement.node, text, statement.line, statement.binds, statement.names,
        statement.imports,
    )  # fmt: skip


def _of_package(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or is_package(node.module)
    return any(is_package(alias.name) for alias in node.names)


def imported(node: ast.Import | ast.ImportFrom, module: str) -> dict[str, Import]:
    """What an import binds, by local name.

    Raises:
        NotebookError: it is relative or `import *`.
    """
    where = f"{module}, line {node.lineno}"
    if isinstance(node, ast.ImportFrom):
        if node.level or node.module is None or any(a.name == "*" for a in node.names):
            raise NotebookError(
                f"{where}: a notebook can only take over absolute imports of named things."
            )
        return {a.asname or a.name: Import(node.module, a.name) for a in node.names}
    return {
        a.asname or a.name.split(".")[0]: Import(a.name, None, "." in a.name and not a.asname)
        for a in node.names
    }
