"""A recorded pass as a graph of feature maps: whoever made a tensor, or wrote into its memory, is an input of whoever
reads it."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.tracing.axes import (
    Layout,
    Ratios,
    axis_of,
    batch,
    first,
    grid,
    moved,
    plain,
    resized,
    settled,
)
from unet_tutorial.figures.tracing.in_place import Writes, combined, covers
from unet_tutorial.figures.tracing.meta import storage
from unet_tutorial.figures.tracing.operators import (
    by_pixel,
    cut,
    macs,
    meaning,
    rank_of,
    refined,
    regridded,
    same_window,
    window,
)
from unet_tutorial.figures.tracing.record import Op, Record
from unet_tutorial.plan.levels import Size

FACTORY = re.compile(r"new_.*|.*_like")  # they read no numbers of the tensor they are given


class Graph:
    """Nodes from a record, in its order; ``rank`` is the number of spatial axes."""

    def __init__(self, found: Record) -> None:
        self.rank = rank_of(found)
        self.nodes: list[Node] = []
        self.maker: dict[int, str] = {}  # of the tensor with this id
        self.layouts: dict[int, Layout] = {}
        self.writes = Writes()
        self.carried = {id(tensor): {name} for name, tensor in found.weights.items()}
        self.debts: dict[int, int] = {}  # MACs that went into a tensor made of weights alone
        self.sizes = {name: w.numel() for name, w in found.weights.items() if isinstance(w, nn.Parameter)}
        self.owner: dict[int, str] = {}  # of the memory with this key
        for tensor in sorted(found.inputs, key=lambda each: -each.ndim):
            layout = first(tensor.shape, self.rank)
            self._add(Node("", "input", "input", (), self._shape(layout, tensor)), [tensor], layout)
        for op in found.ops:
            self._read(op)
        outputs = {self._of(tensor) for tensor in found.outputs}
        self.nodes = [replace(n, folded=("output",)) if n.id in outputs else n for n in self.nodes]

    def keeps(self, found: Record) -> dict[str, int]:
        """Bytes that the backward pass keeps, by the node whose output they are."""
        kept: dict[str, int] = {}
        for key, size in found.saved.items():
            node = self.owner.get(key, "")
            kept[node] = kept.get(node, 0) + size
        return kept

    def _add(self, node: Node, outs: list[Tensor], layout: Layout) -> str:
        key = str(len(self.nodes))
        self.nodes.append(replace(node, id=key, bytes=sum(out.numel() * out.element_size() for out in outs)))
        self._name(outs, key, layout)
        for out in outs:
            self.owner.setdefault(storage(out), key)
        return key

    def _name(self, outs: list[Tensor], key: str, layout: Layout) -> None:
        for out in outs:
            self.maker[id(out)] = key
            self.layouts[id(out)] = layout if len(layout) == out.ndim else plain(out.shape)
            self.writes.read(out)

    def _of(self, tensor: Tensor) -> str | None:
        """Whose output a tensor holds, with all that has been written into its memory since it was made."""
        key, news = self.maker.get(id(tensor)), self.writes.news(tensor)
        if not news:
            return key
        last_key, last = news[-1]
        layout = self.layouts.get(id(tensor), self.layouts[id(last)])
        layout = resized(layout, tensor.shape) if len(layout) == tensor.ndim else plain(tensor.shape)
        if covers(last, tensor):
            self._name([tensor], last_key, layout)
            return last_key
        op, crop = combined(tensor, key, news, layout)
        inputs = tuple(dict.fromkeys(each for each in (key, *(k for k, _ in news)) if each))
        node = Node("", op, "written", inputs, self._shape(layout, tensor), crop=crop)
        return self._add(node, [tensor], layout)

    def _read(self, op: Op) -> None:
        given = [leaf for leaf in tree_leaves((op.args, op.kwargs)) if isinstance(leaf, Tensor)]
        given = [] if FACTORY.fullmatch(op.name) else given
        makers = {id(t): key for t in given if (key := self._of(t)) is not None}
        names: set[str] = set().union(*(self.carried.get(id(tensor), set()) for tensor in given))
        cost = macs(op, meaning(op)) + sum(self.debts.pop(id(tensor), 0) for tensor in given)
        if not makers:
            self.carried |= {id(out): names for out in op.outs}
            self.debts |= {id(op.outs[0]): cost} if cost and op.outs else {}
        elif op.outs:
            own = sum(self.sizes.pop(name, 0) for name in sorted(names))
            self._note(op, [tensor for tensor in given if id(tensor) in makers], makers, own, cost)

    def _note(self, op: Op, read: list[Tensor], makers: dict[int, str], own: int, cost: int) -> None:
        if op.name == "copy_" and id(op.args[1]) in makers:
            read, makers = [op.args[1]], {id(op.args[1]): makers[id(op.args[1])]}
        meant, inputs = meaning(op), tuple(dict.fromkeys(makers.values()))
        main = read[0] if "max_unpool" in op.name else max(read, key=self._weight)
        idle = meant == "same" or (meant in ("add", "gate") and len(inputs) < 2 and not own)
        for outs in [[out] for out in op.outs] if meant == "split" else [op.outs]:
            layout, ratios = settled(moved(op.name, op.args, self.layouts[id(main)], outs[0], main))
            if idle and outs[0].shape == main.shape and not cost:
                self._name(outs, makers[id(main)], layout)
                continue
            node = self._node(op, main, outs[0], layout, ratios, made=len(read))
            self._add(replace(node, inputs=inputs, parameters=own, macs=cost), outs, layout)
            own = cost = 0
        for tensor in op.written:
            self.writes.add(self.maker[id(tensor)], tensor)

    def _weight(self, tensor: Tensor) -> tuple[bool, int]:
        return grid(self.layouts[id(tensor)], self.rank) is not None, tensor.numel()

    def _node(self, op: Op, main: Tensor, out: Tensor, layout: Layout, ratios: Ratios, made: int) -> Node:
        meant, before, shape = meaning(op), self.layouts[id(main)], self._shape(layout, out)
        kept = grid(before, self.rank) is not None and grid(layout, self.rank) is not None
        seen = window(op, meant, [axis_of(dim) for dim in before], self.rank) if kept else None
        crop = cut(op, main, out, before) if kept and meant in ("crop", "split") and not seen else ()
        if by_pixel(op, main, made, kept=kept):
            return Node("", "conv", op.name, (), shape, op.path, same_window(self.rank))
        if seen is None and kept and ratios:
            seen = regridded(ratios, self.rank)
        refinement = refined(op, meant, seen, crop, kept=kept, changed=shape != self._shape(before, main))
        return Node("", refinement, op.name, (), shape, op.path, seen, crop)

    def _shape(self, layout: Layout, out: Tensor) -> Size:
        """(C, *size); where the axes are lost, the tensor's own without the batch."""
        size = grid(layout, self.rank)
        if size is not None:
            return (out.numel() // max(1, batch(layout) * prod(size)), *size)
        return tuple(out.shape[1:])
