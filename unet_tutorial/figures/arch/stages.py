"""Divides a network into stages: the maps of one level between two changes of level or merges, such as a block.

A stage also holds the operations that only prepare a map for it: the upsampling before a merge, or a pooled branch that
is used in one merge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from unet_tutorial.figures.arch.dataflow import is_pointwise
from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.nested import INNER

JOINING_OPS = ("concat", "add", "crop", "split", "view")  # a stage of these only collects maps for the next one
AFTER_HEAD = ("resize", "view", "act", "norm", "crop")  # may follow the convolution of a head


@dataclass(frozen=True)
class Stage:
    """The nodes of one stage, in the order of execution; ``end`` is the map that represents it.

    All maps that other stages use are computed from ``end``. ``sources`` are the indices of the stages that it uses.
    """

    nodes: list[Node]
    sources: tuple[int, ...]
    end: Node

    @property
    def level(self) -> int:
        """The level of the map that represents the stage."""
        return self.end.level


def stages(arch: ArchIR) -> list[Stage]:
    """The stages in the order of their last maps; every node is in exactly one of them."""
    return _Partition(arch).stages()


class _Partition:
    """Nodes in groups, first as small as possible, then merged into stages; a group is named by a number."""

    def __init__(self, arch: ArchIR) -> None:
        self.arch = arch
        self.group: dict[str, int] = {}
        self.users = _users(arch)
        self.blocks = {key for block in arch.blocks for key in block.nodes}  # of all levels
        self.heads = {node.id: end for end in arch.outputs for node in self._head(arch.node(end))}
        for node in arch.nodes:
            self.group[node.id] = self._own_group(node)

    def _head(self, end: Node) -> list[Node]:
        """The nodes that only compute an output from a map of the network: its last convolution and those after it."""
        head = [end]
        while head[-1].op in AFTER_HEAD and len(head[-1].inputs) == 1:
            before = self.arch.node(head[-1].inputs[0])
            if (
                len(self.users[before.id]) > 1
                or before.id in self.arch.outputs
                or before.op in ("input", "concat", "add")
            ):
                break
            head.append(before)
        branches_off = any(len(self.users[key]) > 1 for key in head[-1].inputs)
        return head if not self.users[end.id] or (branches_off and head[-1].op == "conv") else []

    def _own_group(self, node: Node) -> int:
        """The group of a node's inputs, if all are in one group of its level; else a new group."""
        if node.inputs and node.id in self.blocks and self.heads.get(node.id) is None:
            return self.group[node.inputs[0]]
        before = [self.arch.node(key) for key in node.inputs]
        groups = {self.group[each.id] for each in before}
        heads = {self.heads.get(each.id) for each in (node, *before)}
        levels = {each.level for each in before if each.scale}
        same_level = levels <= {node.level} or not node.scale
        after_whole = any(each.op == "other" and each.kind.startswith(INNER) for each in before)
        if len(groups) == 1 and len(heads) == 1 and (same_level or heads != {None}) and not after_whole:
            return groups.pop()
        return max(self.group.values(), default=-1) + 1

    @cached_property
    def members(self) -> dict[int, list[Node]]:
        """The nodes of each group."""
        found: dict[int, list[Node]] = {}
        for node in self.arch.nodes:
            found.setdefault(self.group[node.id], []).append(node)
        return found

    def sources(self, group: int) -> set[int]:
        """The other groups that a group uses."""
        return {self.group[key] for node in self.members[group] for key in node.inputs} - {group}

    def targets(self, group: int) -> set[int]:
        """The other groups that use a group."""
        return {self.group[user.id] for node in self.members[group] for user in self.users[node.id]} - {group}

    def stages(self) -> list[Stage]:
        """The stages, in the order of their last maps."""
        for group in sorted(self.members, reverse=True):
            self._absorb(group)
        order = {node.id: i for i, node in enumerate(self.arch.nodes)}
        ends = {group: self._end(nodes) for group, nodes in self.members.items()}
        groups = sorted(self.members, key=lambda group: order[ends[group].id])
        number = {group: i for i, group in enumerate(groups)}
        return [
            Stage(self.members[group], tuple(sorted(number[each] for each in self.sources(group))), ends[group])
            for group in groups
        ]

    def _absorb(self, group: int) -> None:
        """Move the nodes of a group into the only group that uses it, if they prepare a map for a merge there."""
        targets, nodes, sources = self.targets(group), self.members[group], self.sources(group)
        returned = any(node.id in self.arch.outputs or node.op == "input" for node in nodes)
        if len(targets) != 1 or not sources or returned:
            return
        (target,) = targets
        user = next(user for node in nodes for user in self.users[node.id] if self.group[user.id] == target)
        outside = {key for node in nodes for key in node.inputs if self.group[key] != group}
        merged = len(self.sources(target)) > 1 or len(user.inputs) > 1 or outside <= set(self.arch.outputs)
        levels = {self.arch.node(key).level for key in outside}
        last, same_level = nodes[-1], user.level == nodes[-1].level
        upsampled = len(sources) == 1 and last.scale and max(levels) > last.level
        branch = len(sources) == 1 and last.scale and same_level
        collects = same_level and (all(node.op in JOINING_OPS for node in nodes) or last.op == "gate")
        if merged and (upsampled or branch or collects):
            self.group |= {node.id: target for node in nodes}
            self.members[target] = [node for node in self.arch.nodes if self.group[node.id] == target]
            del self.members[group]

    def _end(self, nodes: list[Node]) -> Node:
        """The last map with spatial axes from which all maps are computed that others use."""
        inside = {node.id for node in nodes}
        used = {
            node.id
            for node in nodes
            if any(user.id not in inside for user in self.users[node.id]) or node.id in self.arch.outputs
        }
        behind = {node.id: {node.id} & used for node in nodes}  # used maps that are computed from each node
        for node in reversed(nodes):
            for key in inside & set(node.inputs):
                behind[key] |= behind[node.id]
        common = [node for node in nodes if behind[node.id] == used] or nodes[-1:]
        common = [node for node in common if node.scale] or common
        return common[-2] if len(common) > 1 and self._expands(common[-1]) else common[-1]

    def _expands(self, node: Node) -> bool:
        """Whether a map is only the first one of an inverted residual block with stride 2, as in MobileNetV2."""
        following = self.users[node.id]
        strided = len(following) == 1 and following[0].op == "conv" and following[0].level > node.level
        return is_pointwise(node) and strided and following[0].channels == node.channels


def _users(arch: ArchIR) -> dict[str, list[Node]]:
    """By id of a node: the nodes that have it as an input."""
    found: dict[str, list[Node]] = {node.id: [] for node in arch.nodes}
    for node in arch.nodes:
        for key in dict.fromkeys(node.inputs):
            found[key].append(node)
    return found
