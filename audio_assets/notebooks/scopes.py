"""Name resolution: which names in a piece of source mean a global of its module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

PACKAGE = "audio_assets"
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class Scope:
    """Names bound by the functions, comprehensions and the class around a place.

    Attributes:
        local: names of enclosing functions and comprehensions.
        of_class: names bound directly in the class body that the place is in; methods do not see
            them.
    """

    local: frozenset[str] = frozenset()
    of_class: frozenset[str] = frozenset()

    def hides(self, name: str) -> bool:
        """Whether a name means something of this scope."""
        return name in self.local or name in self.of_class


def global_names(node: ast.AST, scope: Scope | None = None) -> Iterator[ast.Name]:
    """Find the names that resolve to the module (or to a builtin), annotations included.

    Imports from the package inside a function count as the module's own: the generator removes
    them.

    Args:
        node: a statement at the top level of a module.
        scope: names bound around it.

    Yields:
        Name nodes, in the order of the source.
    """
    scope = scope or Scope()
    if isinstance(node, ast.Name):
        if not scope.hides(node.id):
            yield node
    elif isinstance(node, FunctionNode):
        yield from _in_function(node, scope)
    elif isinstance(node, ast.ClassDef):
        yield from _in_class(node, scope)
    elif isinstance(node, Comprehension):
        inner = Scope(scope.local | _targets(node) | scope.of_class)
        yield from _children(node, inner)
    else:
        yield from _children(node, scope)


def _in_function(node: FunctionNode, scope: Scope) -> Iterator[ast.Name]:
    arguments = node.args
    outside: list[ast.AST] = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
    every = [
        *arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs,
        *filter(None, (arguments.vararg, arguments.kwarg)),
    ]  # fmt: skip
    outside += [argument.annotation for argument in every if argument.annotation]
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
    if not isinstance(node, ast.Lambda):
        outside += [*node.decorator_list, *filter(None, [node.returns])]
    for part in outside:
        yield from global_names(part, scope)
    bound = {argument.arg for argument in every} | bound_names(body)
    inner = Scope((scope.local | bound) - _declared_global(body))
    for part in body:
        yield from global_names(part, inner)


def _in_class(node: ast.ClassDef, scope: Scope) -> Iterator[ast.Name]:
    for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
        yield from global_names(part, scope)
    # a name of the class body may be read before it is bound there; a module that does both with
    # one name is refused where the texts are compared (`rewriting`)
    inner = Scope(scope.local, frozenset(bound_names(node.body)))
    for part in node.body:
        if isinstance(part, FunctionNode):
            yield from _in_function(part, Scope(scope.local))
        else:
            yield from global_names(part, inner)


def _children(node: ast.AST, scope: Scope) -> Iterator[ast.Name]:
    for child in ast.iter_child_nodes(node):
        yield from global_names(child, scope)


def _targets(node: Comprehension) -> frozenset[str]:
    names = [
        target.id
        for generator in node.generators
        for target in ast.walk(generator.target)
        if isinstance(target, ast.Name)
    ]
    return frozenset(names)


def bound_names(body: list[ast.AST] | list[ast.stmt]) -> set[str]:
    """Names that statements bind in their own scope, without those of functions inside them."""
    names: set[str] = set()
    for node in body:
        names |= _bound_by(node)
    return names


def _bound_by(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Lambda):
        return set()
    if isinstance(node, ast.ImportFrom) and is_package(node.module):
        return set()
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    names: set[str] = set()
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        names.add(node.id)
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        names.add(node.name)
    if isinstance(node, ast.MatchMapping) and node.rest:
        names.add(node.rest)
    comprehension = isinstance(node, Comprehension)
    for child in ast.iter_child_nodes(node):
        inner = _bound_by(child)
        names |= _walrus(child) if comprehension else inner
    return names


def _walrus(node: ast.AST) -> set[str]:
    return {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}


def _declared_global(body: list[ast.AST]) -> set[str]:
    found = (n for part in body for n in ast.walk(part) if isinstance(n, ast.Global))
    return {name for node in found for name in node.names}


def is_package(module: str | None) -> bool:
    """Whether a module is this package's own."""
    return module is not None and (module == PACKAGE or module.startswith(f"{PACKAGE}."))
