"""One name for each thing in a notebook, where modules may have used one name for several."""

from __future__ import annotations

import ast
from collections import defaultdict

from audio_assets.notebooks.closure import Closure, Entity, is_builtin
from audio_assets.notebooks.source_module import SourceModule, Statement

Ordered = list[tuple[SourceModule, list[Statement]]]


class Names:
    """Final names of everything that a notebook defines or imports.

    Different things of one name get names of their own, made of their module's; definitions that
    are the same to the letter, and cannot tell which module they are in, become one.
    """

    def __init__(self, closure: Closure, ordered: Ordered, kept: str = "") -> None:
        """Choose the names.

        Args:
            closure: tells what names mean.
            ordered: the modules and their statements.
            kept: module whose definitions keep their names: the notebook's own cells.
        """
        self.closure, self.kept = closure, kept
        self.same: dict[Entity, Entity] = {}
        self.dropped: set[Statement] = set()
        self.final: dict[Entity, str] = {}
        wanted: dict[str, list[Entity]] = defaultdict(list)
        builtins_used: set[str] = set()
        for _, statements in ordered:
            for statement in statements:
                for name in sorted(statement.binds):
                    _append(wanted[name], Entity(statement.module, name))
                for node in statement.names:
                    entity = closure.resolve(statement, node.id)
                    if entity is None and is_builtin(node.id):
                        builtins_used.add(node.id)
                    elif entity is not None and entity.outside and entity not in self.final:
                        self.final[entity] = node.id
                        _append(wanted[node.id], entity)
        self._merge(wanted)
        self._choose(wanted, builtins_used)

    def of(self, entity: Entity) -> str:
        """The final name of an entity."""
        return self.final[self.same.get(entity, entity)]

    def in_statement(self, statement: Statement, name: str) -> str:
        """The final name of what a name in a statement means; the name itself for builtins."""
        entity = self.closure.resolve(statement, name)
        return name if entity is None else self.of(entity)

    def _choose(self, wanted: dict[str, list[Entity]], builtins_used: set[str]) -> None:
        taken = set(wanted) | builtins_used
        for name, entities in wanted.items():
            keeps = [e for e in entities if e.module == self.kept] or [
                e for e in entities if e.outside
            ]
            alone = len(entities) == 1 and name not in builtins_used
            keeper = entities[0] if alone else keeps[0] if keeps else None
            for entity in entities:
                same = entity is keeper or (keeper and _plain(keeper) and _plain(entity))
                self.final[entity] = name if same else _qualified(entity, name, taken)
                taken.add(self.final[entity])

    def _merge(self, wanted: dict[str, list[Entity]]) -> None:
        for name, entities in wanted.items():
            first: dict[tuple[str, tuple[Entity | None, ...]], Entity] = {}
            for entity in [e for e in entities if not e.outside]:
                statements = self.closure.read(entity.module).binding(name)
                if len(statements) != 1 or not _timeless(statements[0].node):
                    continue
                means = tuple(
                    self.closure.resolve(statements[0], node.id)
                    for node in statements[0].names
                    if node.id != name
                )
                key = ast.dump(statements[0].node), means
                if key in first:
                    self.same[entity] = first[key]
                    self.dropped.add(statements[0])
                    entities.remove(entity)
                else:
                    first[key] = entity


def _append(entities: list[Entity], entity: Entity) -> None:
    if entity not in entities:
        entities.append(entity)


def _plain(entity: Entity) -> bool:
    """Whether it is an `import a` or `import a.b`: several of them share the name `a`."""
    return entity.outside and entity.name is None and (entity.dotted or "." not in entity.module)


def _timeless(node: ast.stmt) -> bool:
    """Whether two such assignments give one and the same, unchangeable, value.

    A logger counts: in a notebook every module is `__main__`.
    """
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if value is None:
        return False
    if ast.unparse(value) == "logging.getLogger(__name__)":
        return True
    plain = (ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.Subscript, ast.UnaryOp,
             ast.BinOp, ast.operator, ast.unaryop, ast.expr_context)  # fmt: skip
    return all(isinstance(part, plain) for part in ast.walk(value))


def _qualified(entity: Entity, name: str, taken: set[str]) -> str:
    """A free name made of the module's: `_pass` of `training.teachers` becomes `_teachers_pass`."""
    bare = name.lstrip("_")
    lead = name[: len(name) - len(bare)]
    parts = entity.module.split(".")
    for count in range(1, len(parts) + 1):
        prefix = "_".join(parts[-count:])
        if bare.isupper():
            found = f"{lead}{prefix.upper()}_{bare}"
        elif bare[:1].isupper():
            found = f"{lead}{''.join(p.title() for p in prefix.split('_'))}{bare}"
        else:
            found = f"{lead}{prefix}_{bare}"
        if found not in taken:
            return found
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
