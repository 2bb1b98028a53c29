"""Finds U-Nets inside a network: modules that go down and up again by themselves, as the blocks of U²-Net do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.path import main_path, not_a_u, with_levels
from unet_tutorial.figures.arch.skips import find_skips

INNER = "U-Net"  # the kind of the node that stands for an inner U-Net begins with this word
NESTED = "its blocks are U-Nets themselves"  # the reason why a network such as U²-Net is not a plain U-Net


@dataclass(frozen=True)
class InnerUNet:
    """A U-Net inside a network: the module's name in the model, and ids of nodes.

    ``nodes`` are all its nodes, ``entry`` is the only map outside that it uses, and ``end`` the only one of its maps
    that is used outside. ``down`` and ``up`` hold one map per level of its encoder, the coarsest level included, and of
    its decoder, in the order of execution.
    """

    module: str
    nodes: tuple[str, ...]
    entry: str
    end: str
    down: tuple[str, ...]
    up: tuple[str, ...]

    @property
    def levels(self) -> int:
        """The number of levels; that of the entry counts, too."""
        return max(len(self.down), len(self.up) + 1)


def inner_unets(nodes: Sequence[Node], outputs: Sequence[str]) -> list[InnerUNet]:
    """The outermost modules that are U-Nets with one input and one output; the network itself is not one of them."""
    by_module: dict[str, list[Node]] = {}
    for node in nodes:
        names = node.path.split(".") if node.path else []
        for count in range(1, len(names) + 1):
            by_module.setdefault(".".join(names[:count]), []).append(node)
    found: list[InnerUNet] = []
    whole = sum(node.op != "input" for node in nodes)
    for module, inside in by_module.items():
        if len(inside) == whole or any(module.startswith(f"{each.module}.") for each in found):
            continue
        inner = _inner_unet(module, inside, nodes, outputs)
        found += [inner] if inner else []
    return found


def _inner_unet(module: str, inside: list[Node], nodes: Sequence[Node], outputs: Sequence[str]) -> InnerUNet | None:
    """The U-Net that these nodes form; None if they do not form one."""
    ids = {node.id for node in inside}
    entries = {key for node in inside for key in node.inputs} - ids
    used = ids & {*outputs, *(key for node in nodes if node.id not in ids for key in node.inputs)}
    if len(entries) != 1 or len(used) != 1:
        return None
    ((entry,), (end,)) = entries, used
    given = next(node for node in nodes if node.id == entry)
    if not any(node.scale and node.scale != given.scale for node in inside):
        return None
    alone = (replace(given, op="input", inputs=()), *inside)
    alone = with_levels(alone, main_path(alone, [end]))
    path = main_path(alone, [end])
    if path[0].id != entry or path[-1].scale != given.scale or not_a_u(path):
        return None
    skips, unusual = find_skips(alone, path, [end])
    if unusual or not skips:
        return None
    coarsest = max(node.level for node in path)
    turn = max(i for i, node in enumerate(path) if node.level == coarsest)
    down = {node.level: node.id for node in path[1 : turn + 1]}
    up = {node.level: node.id for node in path[turn + 1 :]}
    return InnerUNet(module, tuple(node.id for node in inside), entry, end, tuple(down.values()), tuple(up.values()))


def without_inner_unets(nodes: Sequence[Node], inner: Sequence[InnerUNet]) -> tuple[Node, ...]:
    """The nodes with each inner U-Net as one node: its last map, with the sums of its costs."""
    hidden = {key for each in inner for key in each.nodes if key != each.end}
    index = {node.id: node for node in nodes}
    whole = {}
    for each in inner:
        parts = [index[key] for key in each.nodes]
        costs = {name: sum(getattr(part, name) for part in parts) for name in ("parameters", "macs", "saved")}
        kind = f"{INNER} of {each.levels} levels"
        node = replace(index[each.end], op="other", kind=kind, inputs=(each.entry,), window=None, crop=(), folded=())
        whole[each.end] = replace(node, path=each.module, **costs)
    return tuple(whole.get(node.id, node) for node in nodes if node.id not in hidden)


def reason_if_nested(nodes: Sequence[Node], outputs: Sequence[str]) -> str:
    """The reason for a U-shaped network whose blocks are U-Nets; "" for any other network."""
    inner = inner_unets(nodes, outputs)
    outer = without_inner_unets(nodes, inner)
    path = main_path(with_levels(outer, main_path(outer, outputs)), outputs) if len(inner) > 1 else []
    return NESTED if path and not not_a_u(path) else ""


def outer_network(arch: ArchIR, inner: Sequence[InnerUNet]) -> ArchIR:
    """The network with each inner U-Net as one node, for drawings; without path and skips."""
    nodes = without_inner_unets(arch.nodes, inner)
    nodes = with_levels(nodes, main_path(nodes, arch.outputs))
    return replace(arch, nodes=nodes, path=(), skips=(), blocks=())
