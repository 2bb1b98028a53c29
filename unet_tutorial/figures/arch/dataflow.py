"""The data flow between the nodes of a network: their users, and the nodes from which a node is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from functools import cached_property
from math import prod

from unet_tutorial.figures.arch.ir import Node


@dataclass(frozen=True)
class Dataflow:
    """The nodes of a network, with scales, in the order of execution, and the ids of its outputs."""

    nodes: tuple[Node, ...]
    outputs: frozenset[str]

    @cached_property
    def index(self) -> dict[str, Node]:
        """Nodes by id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def position(self) -> dict[str, int]:
        """Positions in the order of execution, by id."""
        return {node.id: i for i, node in enumerate(self.nodes)}

    @cached_property
    def users(self) -> dict[str, set[str]]:
        """By id: the nodes that use a node and on which an output depends."""
        live = set(self.outputs)
        found: dict[str, set[str]] = {node.id: set() for node in self.nodes}
        for node in reversed(self.nodes):
            if node.id in live:
                live |= set(node.inputs)
                for key in node.inputs:
                    found[key].add(node.id)
        return found

    @cached_property
    def conditions(self) -> set[str]:
        """Inputs without the axes of the image or with a single pixel, and the nodes computed from them alone."""
        found: set[str] = set()
        for node in self.nodes[1:]:
            image = self.nodes[0].size
            without_pixels = len(node.scale) != len(image) or prod(node.size) == 1 < prod(image)
            if without_pixels and (found.issuperset(node.inputs) if node.inputs else node.op == "input"):
                found.add(node.id)
        return found

    def maps(self, node: Node) -> tuple[str, ...]:
        """The inputs of a node that depend on the image."""
        return tuple(key for key in node.inputs if key not in self.conditions)

    def only_user(self, key: str) -> Node | None:
        """The node that uses a node, if it is the only one and the node is not an output."""
        users = self.users[key]
        return self.index[next(iter(users))] if len(users) == 1 and key not in self.outputs else None

    def users_outside(self, nodes: Set[str]) -> set[str]:
        """The nodes that use one of these and do not belong to them."""
        return set[str]().union(*(self.users[key] for key in nodes)) - nodes

    def with_unused(self, nodes: Set[str]) -> set[str]:
        """These nodes, and those computed from them on which no output depends, such as averaged attention weights."""
        found = set(nodes)
        for node in self.nodes:
            if not self.users[node.id] and node.id not in self.outputs and found & set(node.inputs):
                found.add(node.id)
        return found

    def in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Ids in the order of execution."""
        return tuple(sorted(ids, key=self.position.__getitem__))

    def back(
        self, ends: Iterable[str], crosses: Callable[[Node], bool], stops: Iterable[str] = ()
    ) -> tuple[set[str], set[str]]:
        """The nodes passed by a search backwards from ``ends``, and those at which it ended.

        The search continues through the nodes for which ``crosses`` is true, except conditions. It ends at ``stops``;
        without them, it ends where a single map of the image is left that is not one of ``ends``.
        """
        passed: set[str] = set()
        first, ahead, closed = set(ends), set(ends), set[str]()
        while ahead:
            left = (ahead | closed) - self.conditions
            if not stops and len(left) == 1 and not left & first:
                break
            key = max(ahead, key=self.position.__getitem__)
            ahead.remove(key)
            node = self.index[key]
            if key in stops or key in self.conditions or not node.inputs or not crosses(node):
                closed.add(key)
            else:
                passed.add(key)
                ahead |= set(node.inputs)
        return passed, ahead | closed


def is_depthwise(node: Node) -> bool:
    """Whether a node is a convolution in which each output channel is computed from one input channel."""
    return bool(node.op == "conv" and node.window and node.macs == prod(node.shape) * prod(node.window.kernel))


def is_pointwise(node: Node) -> bool:
    """Whether a node is a convolution of single pixels, such as a linear layer on tokens."""
    return bool(node.op == "conv" and node.window and set(node.window.kernel) == {1})


def has_activation(node: Node) -> bool:
    """Whether an activation was fused into a node."""
    return any("norm" not in kind for kind in node.folded)
