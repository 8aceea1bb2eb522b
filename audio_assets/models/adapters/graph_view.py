"""A model's graph reduced to what inspection needs: operators, tensor names and shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """One operator: its type and the names of its tensors, constants included."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class GraphView:
    """Operators in execution order and what is known of their tensors."""

    nodes: tuple[Node, ...]
    shapes: dict[str, Shape] = field(default_factory=dict)
    constants: frozenset[str] = frozenset()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    reduces_everything: tuple[str, ...] = ()

    @cached_property
    def producer(self) -> dict[str, Node]:
        """Operator that writes each tensor."""
        return {name: node for node in self.nodes for name in node.outputs}

    def consumers(self, name: str) -> list[Node]:
        """Operators that read a tensor."""
        return [node for node in self.nodes if name in node.inputs]

    @cached_property
    def fixed(self) -> frozenset[str]:
        """Weights, and what is computed from weights alone (such as half precision unpacked)."""
        known = set(self.constants)
        for node in self.nodes:
            if node.inputs and all(name in known or not name for name in node.inputs):
                known.update(node.outputs)
        return frozenset(known)

    def data_inputs(self, node: Node) -> list[str]:
        """Inputs of an operator that depend on the data."""
        return [name for name in node.inputs if name and name not in self.fixed]
