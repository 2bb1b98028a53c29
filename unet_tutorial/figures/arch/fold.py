"""Fewer nodes, the same network: what changes no size is drawn into the map it belongs to, cuts one after another are
one cut."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from unet_tutorial.figures.arch.ir import Node, Pairs, Window

QUIET = ("norm", "act")


def folded(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Norms and activations in the convolution before them, chains of cuts and views in one; what has no effect gone.

    Parameters, MACs and saved bytes move with what is folded, so the totals stay.
    """
    readers = Counter(key for node in nodes for key in node.inputs)
    kept: dict[str, Node] = {}
    alias: dict[str, str] = {}
    for node in nodes:
        node = replace(node, inputs=tuple(alias.get(key, key) for key in node.inputs))
        before = kept.get(node.inputs[0]) if len(node.inputs) == 1 else None
        alone = before is not None and readers[before.id] == 1
        joined = _joined(before, node) if before is not None and alone and before.op != "input" else None
        if joined is None and before is not None and _idle(node, before):
            joined = _moved(before, node)
        if joined is None or before is None:
            kept[node.id] = node
            continue
        kept[before.id] = joined
        alias |= {node.id: before.id}
        readers[before.id] = readers[node.id] + (readers[before.id] - 1)
    return tuple(kept.values())


def _joined(before: Node, node: Node) -> Node | None:
    """Both as one, where they belong together."""
    if node.op in QUIET and before.op not in ("crop", "view", "split", "other") and node.shape == before.shape:
        return replace(_moved(before, node), folded=(*before.folded, node.kind))
    if node.op == before.op == "crop" and node.crop and before.crop:
        return replace(_moved(before, node), crop=_sum(before.crop, node.crop))
    if node.op == before.op == "pool" and node.kind == before.kind == "slice" and before.window and node.window:
        return replace(_moved(before, node), window=_every(before.window, node.window))
    if node.op == before.op == "view" and not node.window and not before.window:
        return replace(_moved(before, node), kind=f"{before.kind}, {node.kind}")
    return None


def _idle(node: Node, before: Node) -> bool:
    """Whether a cut cuts nothing, or a view shows what it was given."""
    if node.op == "crop":
        return node.shape == before.shape
    return node.op == "view" and node.shape == before.shape


def _moved(before: Node, node: Node) -> Node:
    marks = tuple(mark for mark in node.folded if mark == "output")
    return replace(
        before,
        shape=node.shape,
        bytes=node.bytes,
        parameters=before.parameters + node.parameters,
        macs=before.macs + node.macs,
        saved=before.saved + node.saved,
        folded=(*before.folded, *marks),
    )


def _every(first: Window, then: Window) -> Window:
    """Every so many pixels of every so many: one choice of pixels."""
    before = tuple(a + s * b for a, s, b in zip(first.before, first.stride, then.before, strict=True))
    return replace(first, before=before, stride=tuple(a * b for a, b in zip(first.stride, then.stride, strict=True)))


def _sum(first: Pairs, second: Pairs) -> Pairs:
    return tuple((a + c, b + d) for (a, b), (c, d) in zip(first, second, strict=True))
