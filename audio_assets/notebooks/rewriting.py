"""Renaming in source text: comments and layout stay, and the result is compared with the tree."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass

from audio_assets.notebooks.errors import NotebookError
from audio_assets.notebooks.naming import Names
from audio_assets.notebooks.scopes import global_names, is_package
from audio_assets.notebooks.source_module import Statement


@dataclass(frozen=True)
class _Edit:
    """Replace bytes from (line, column) to (line, column); lines count from 0."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def rewritten(statement: Statement, names: Names) -> str:
    """A statement's source with final names and without imports of the package.

    Args:
        statement: the statement.
        names: final names.

    Returns:
        Source text.

    Raises:
        NotebookError: a new name would be caught by a local variable, or the text cannot be edited.
    """
    changes = {id(node): names.in_statement(statement, node.id) for node in statement.names}
    renamer = _Renamer(statement, names, changes)
    edits = renamer.edits()
    if not edits:
        return statement.text
    text = _apply(statement.text, edits)
    _verify(statement, text, renamer)
    return text


class _Renamer:
    """Collects the edits of one statement, and makes the tree that they must lead to."""

    def __init__(self, statement: Statement, names: Names, changes: dict[int, str]) -> None:
        self.statement, self.names = statement, names
        self.changes = changes
        self.offset = statement.line

    def edits(self) -> list[_Edit]:
        """Edits of names, of the definition's own name, and removals of package imports."""
        found: list[_Edit] = []
        for node in self._outside_strings(self.statement.node):
            if isinstance(node, ast.Name):
                new = self.changes.get(id(node), node.id)
                if new != node.id:
                    found.append(self._edit(node, new))
            elif isinstance(node, ast.JoinedStr):
                if any(self.changes.get(id(n), n.id) != n.id for n in _names(node)):
                    # names inside f-strings have no reliable place before Python 3.12
                    found.append(self._edit(node, ast.unparse(self._renamed(node))))
            elif _is_package_import(node):
                found.append(self._edit(node, "pass"))
            elif isinstance(node, ast.Global):
                self._check_global(node)
        if own := self._own_name():
            found.append(own)
        return found

    def tree(self) -> ast.AST:
        """The statement as it should read afterwards."""
        return self._renamed(self.statement.node)

    def expected(self) -> list[str]:
        """Global names of the statement afterwards, in order."""
        return [self.changes.get(id(node), node.id) for node in self.statement.names]

    def _renamed(self, node: ast.AST) -> ast.AST:
        ids = {id(n): self.changes[id(n)] for n in ast.walk(node) if id(n) in self.changes}
        memo: dict[int, object] = {}
        twin = copy.deepcopy(node, memo)
        for key, new in ids.items():
            memo[key].id = new  # type: ignore[attr-defined]
        for original in ast.walk(node):
            if _is_package_import(original):
                memo[id(original)].__class__ = ast.Pass  # type: ignore[assignment]
                memo[id(original)].__dict__.clear()
        if node is self.statement.node and hasattr(twin, "name"):
            twin.name = self._final_own(twin.name)  # type: ignore[attr-defined]
        return twin

    def _outside_strings(self, node: ast.AST):
        yield node
        if not isinstance(node, ast.JoinedStr):
            for child in ast.iter_child_nodes(node):
                yield from self._outside_strings(child)

    def _edit(self, node: ast.AST, text: str) -> _Edit:
        start = (node.lineno - self.offset, node.col_offset)  # type: ignore[attr-defined]
        end = (node.end_lineno - self.offset, node.end_col_offset)  # type: ignore[attr-defined]
        return _Edit(start, end, text)

    def _own_name(self) -> _Edit | None:
        node = self.statement.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return None
        final = self._final_own(node.name)
        if final == node.name:
            return None
        line = self.statement.text.encode().split(b"\n")[node.lineno - self.offset]
        word = b"class " if isinstance(node, ast.ClassDef) else b"def "
        column = line.index(word) + len(word)
        row = node.lineno - self.offset
        return _Edit((row, column), (row, column + len(node.name.encode())), final)

    def _final_own(self, name: str) -> str:
        return self.names.in_statement(self.statement, name)

    def _check_global(self, node: ast.Global) -> None:
        for name in node.names:
            if self.names.in_statement(self.statement, name) != name:
                raise NotebookError(
                    f"{self.statement.module}, line {node.lineno}: the global {name!r} would have "
                    "to be renamed, because another module has one of that name. Rename it there."
                )


def _names(node: ast.AST) -> list[ast.Name]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Name)]


def _is_package_import(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return is_package(node.module)
    return isinstance(node, ast.Import) and any(is_package(a.name) for a in node.names)


def _apply(text: str, edits: list[_Edit]) -> str:
    lines = text.encode().split(b"\n")
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        (first, left), (last, right) = edit.start, edit.end
        joined = lines[first][:left] + edit.text.encode() + lines[last][right:]
        lines[first : last + 1] = [joined]
    return b"\n".join(lines).decode()


def _verify(statement: Statement, text: str, renamer: _Renamer) -> None:
    """Parse the text again: it must be the intended tree, with the intended globals.

    Raises:
        NotebookError: it is not.
    """
    node = ast.parse(text).body[0]
    if ast.dump(node) != ast.dump(renamer.tree()):
        raise NotebookError(f"{statement.where} cannot be rewritten for a notebook.")
    found = [name.id for name in global_names(node)]
    if found != renamer.expected():
        caught = sorted(set(renamer.expected()) ^ set(found))
        raise NotebookError(
            f"{statement.where}: a local variable has the name of something that it uses in the "
            f"notebook ({', '.join(caught)}). Rename the variable."
        )
