"""Simplifies a traced graph: fuses norms, activations and paddings with their layers, and merges consecutive crops."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from unet_tutorial.figures.arch.ir import Node, Pairs, Window


def folded(nodes: tuple[Node, ...], outputs: tuple[str, ...]) -> tuple[tuple[Node, ...], tuple[str, ...]]:
    """Fuse norms and activations into the node before them, merge chains of crops or views, drop nodes without effect.

    A padding narrower than the kernel of the convolution or pooling behind it becomes the padding of this layer.
    Returns the nodes, and the ids of those that hold the outputs. Two nodes become one only if the first has no other
    user and is not an output. Parameters, MACs and saved bytes are added up, so the totals do not change.
    """
    nodes = _without_shared_slices(nodes, outputs)
    users = Counter([*outputs, *(key for node in nodes for key in node.inputs)])
    kept: dict[str, Node] = {}
    replaced_by: dict[str, str] = {}  # by id of a merged node: id of the node it was merged into
    for node in nodes:
        node = replace(node, inputs=tuple(replaced_by.get(key, key) for key in node.inputs))
        before = kept.get(node.inputs[0]) if len(node.inputs) == 1 else None
        only_user = before is not None and users[before.id] == 1
        merged = _merged(before, node) if before is not None and only_user and before.op != "input" else None
        if merged is None and before is not None and _without_effect(node, before):
            merged = _with_costs(before, node)
        if merged is None or before is None:
            kept[node.id] = node
            continue
        kept[before.id] = merged
        replaced_by |= {node.id: before.id}
        users[before.id] = users[node.id] + (users[before.id] - 1)
    return tuple(kept.values()), tuple(dict.fromkeys(replaced_by.get(key, key) for key in outputs))


def _without_shared_slices(nodes: tuple[Node, ...], outputs: tuple[str, ...]) -> tuple[Node, ...]:
    """The nodes without slices with a step, such as every second row, of which only such slices are used."""
    index = {node.id: node for node in nodes}
    used = {*outputs, *(key for node in nodes if not _is_slice(node) for key in node.inputs)}
    shared = {node.id for node in nodes if _is_slice(node) and not node.saved and node.id not in used}
    shared &= {key for node in nodes for key in node.inputs}
    for node in nodes:
        before = index[node.inputs[0]] if node.inputs else None
        if before and before.id in shared and before.window and node.window:
            window = _strided_twice(before.window, node.window)
            index[node.id] = replace(node, inputs=before.inputs, window=window)
    return tuple(each for key, each in index.items() if key not in shared)


def _is_slice(node: Node) -> bool:
    return node.op == "pool" and node.kind == "slice"


def _merged(before: Node, node: Node) -> Node | None:
    """The two nodes as one node; None if they cannot be merged."""
    after = _with_costs(before, node)
    if (
        node.op in ("norm", "act")
        and before.op not in ("crop", "view", "split", "other")
        and node.shape == before.shape
        and not node.global_axes
    ):
        return replace(after, folded=(*before.folded, node.kind))
    window = _padded_window(before, node)
    if window:
        return replace(after, op=node.op, kind=node.kind, path=node.path, window=window, crop=(), folded=node.folded)
    if node.op == before.op == "crop" and node.crop and before.crop:
        return replace(after, crop=_crop_sum(before.crop, node.crop))
    if _is_slice(node) and _is_slice(before) and before.window and node.window:
        return replace(after, window=_strided_twice(before.window, node.window))
    if node.op == before.op == "view" and not node.window and not before.window:
        axes = tuple(sorted({*before.global_axes, *node.global_axes}))
        return replace(after, kind=f"{before.kind}, {node.kind}", global_axes=axes)
    return None


def _without_effect(node: Node, before: Node) -> bool:
    """Whether the node is a crop, view or interpolation that neither changes the shape nor moves pixels."""
    moves = bool(node.crop) or (node.window is not None and "upsample" not in node.kind)
    for_each_example = before.op == "input" and node.bytes != before.bytes  # a number, repeated along the batch
    same = node.shape == before.shape and not for_each_example
    return node.op in ("crop", "view", "resize") and same and not moves


def _with_costs(before: Node, node: Node) -> Node:
    """The first node with the output of the second and the costs of both."""
    return replace(
        before,
        shape=node.shape,
        spatial=node.spatial,
        bytes=node.bytes,
        parameters=before.parameters + node.parameters,
        macs=before.macs + node.macs,
        saved=before.saved + node.saved,
    )


def _padded_window(before: Node, node: Node) -> Window | None:
    """The window of an unpadded convolution or pooling together with the padding before it; None for other nodes."""
    window, single = node.window, len(before.inputs) == 1
    if node.op not in ("conv", "pool") or not window or before.op != "crop" or not before.crop or not single:
        return None
    axes = zip(before.crop, window.kernel, window.dilation, window.before, strict=True)
    narrow = all(
        max(sides) <= 0 and (not any(sides) or (own == 0 and -min(sides) <= dilation * (kernel - 1)))
        for sides, kernel, dilation, own in axes
    )
    pads = (front for front, _ in before.crop)
    return replace(window, before=tuple(a - b for a, b in zip(window.before, pads, strict=True))) if narrow else None


def _strided_twice(first: Window, second: Window) -> Window:
    """One slice that has the effect of two slices with steps, one after the other."""
    before = tuple(a + s * b for a, s, b in zip(first.before, first.stride, second.before, strict=True))
    return replace(first, before=before, stride=tuple(a * b for a, b in zip(first.stride, second.stride, strict=True)))


def _crop_sum(first: Pairs, second: Pairs) -> Pairs:
    return tuple((a + c, b + d) for (a, b), (c, d) in zip(first, second, strict=True))
