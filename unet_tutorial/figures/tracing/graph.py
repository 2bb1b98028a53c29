"""Builds the data-flow graph of a recorded pass; nodes that write in place become inputs of later consumers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from math import prod

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.tracing.axes import (
    Layout,
    Ratios,
    axis_of,
    batch_size,
    channel_layout,
    grid_size,
    heads_and_tokens,
    input_layout,
    output_layout,
    resized,
    with_shuffles,
)
from unet_tutorial.figures.tracing.in_place import Writes, same_elements, written_op
from unet_tutorial.figures.tracing.meta import storage
from unet_tutorial.figures.tracing.operators import (
    crop_of,
    is_pointwise_product,
    macs,
    operation_type,
    pointwise_window,
    refined_type,
    shuffle_window,
    spatial_rank,
    window_of,
)
from unet_tutorial.figures.tracing.record import Op, Record
from unet_tutorial.plan.levels import Size

FACTORY = re.compile(r"new_.*|.*_like")  # creates a tensor without reading the values of its argument


class Graph:
    """The nodes of a record, in execution order; ``rank`` is the number of spatial axes.

    ``outputs`` are the ids of the nodes whose maps the network returns, in the order in which it returns them.
    ``names`` are those of the inputs, in the order of ``found.inputs``; an input without a name is called "input".

    Operators on weights alone, such as weight normalisation, give no node: their parameters and MACs count for the
    first operator that combines their result with a feature map.
    """

    def __init__(self, found: Record, names: Sequence[str] = ()) -> None:
        self.rank = spatial_rank(found)
        self.nodes: list[Node] = []
        self.producers: dict[int, str] = {}  # id of a tensor: id of the node that computed it
        self.layouts: dict[int, Layout] = {}  # id of a tensor: its layout
        self.writes = Writes()
        # id of a weight, or of a tensor made from weights alone: names of these weights
        self.weight_names = {id(tensor): {name} for name, tensor in found.weights.items()}
        self.weight_macs: dict[int, int] = {}  # id of a tensor made from weights alone: MACs to compute it
        self.counts = {name: w.numel() for name, w in found.weights.items() if isinstance(w, nn.Parameter)}
        self.owners: dict[int, str] = {}  # storage: id of the first node whose output is in it
        named = zip_longest(found.inputs, names, fillvalue="input")
        for tensor, name in sorted(named, key=lambda pair: -pair[0].ndim):
            layout = input_layout(tensor.shape, self.rank)
            self._add_node(Node("", "input", name, (), self._shape(layout, tensor)), [tensor], layout)
        for op in found.ops:
            self._add_operator(op)
        ends = (self._producer(tensor) for tensor in found.outputs)
        self.outputs = tuple(dict.fromkeys(end for end in ends if end is not None))

    def saved_bytes(self, found: Record) -> dict[str, int]:
        """Bytes saved for the backward pass, by id of the node whose output is saved."""
        saved: dict[str, int] = {}
        for key, size in found.saved.items():
            node_id = self.owners.get(key, "")
            saved[node_id] = saved.get(node_id, 0) + size
        return saved

    def _add_node(self, node: Node, outs: list[Tensor], layout: Layout) -> str:
        node_id = str(len(self.nodes))
        self.nodes.append(replace(node, id=node_id, bytes=sum(out.numel() * out.element_size() for out in outs)))
        self._set_producer(outs, node_id, layout)
        for out in outs:
            self.owners.setdefault(storage(out), node_id)
        return node_id

    def _set_producer(self, outs: list[Tensor], node_id: str, layout: Layout) -> None:
        for out in outs:
            self.producers[id(out)] = node_id
            self.layouts[id(out)] = layout if len(layout) == out.ndim else channel_layout(out.shape)
            self.writes.mark_current(out)

    def _producer(self, tensor: Tensor) -> str | None:
        """The id of the node whose output a tensor holds, including later writes into it; None for a weight."""
        node_id, writes = self.producers.get(id(tensor)), self.writes.since(tensor)
        if not writes:
            return node_id
        last_id, last = writes[-1]
        layout = self.layouts.get(id(tensor), self.layouts[id(last)])
        layout = resized(layout, tensor.shape) if len(layout) == tensor.ndim else channel_layout(tensor.shape)
        if same_elements(last, tensor):
            self._set_producer([tensor], last_id, layout)
            return last_id
        op, crop = written_op(tensor, node_id, writes, layout)
        inputs = tuple(dict.fromkeys(each for each in (node_id, *(writer for writer, _ in writes)) if each))
        node = Node("", op, "written", inputs, self._shape(layout, tensor), crop=crop)
        return self._add_node(node, [tensor], layout)

    def _add_operator(self, op: Op) -> None:
        given = [leaf for leaf in tree_leaves((op.args, op.kwargs)) if isinstance(leaf, Tensor)]
        given = [] if FACTORY.fullmatch(op.name) else given
        producers = {id(tensor): node_id for tensor in given if (node_id := self._producer(tensor)) is not None}
        names: set[str] = set().union(*(self.weight_names.get(id(tensor), set()) for tensor in given))
        cost = macs(op, operation_type(op)) + sum(self.weight_macs.pop(id(tensor), 0) for tensor in given)
        if not producers:
            self.weight_names |= {id(out): names for out in op.outs}
            self.weight_macs |= {id(op.outs[0]): cost} if cost and op.outs else {}
        elif op.outs:
            parameters = sum(self.counts.pop(name, 0) for name in sorted(names))
            self._add_outputs(op, [tensor for tensor in given if id(tensor) in producers], producers, parameters, cost)

    def _add_outputs(self, op: Op, maps: list[Tensor], producers: dict[int, str], parameters: int, cost: int) -> None:
        """Add a node per output of a split, else one for all outputs; none for an operator without effect."""
        if op.name == "copy_" and id(op.args[1]) in producers:
            maps, producers = [op.args[1]], {id(op.args[1]): producers[id(op.args[1])]}
        op_type, inputs = operation_type(op), tuple(dict.fromkeys(producers.values()))
        main = maps[0] if "max_unpool" in op.name else max(maps, key=self._size_key)
        no_effect = op_type == "same" or (op_type in ("add", "gate") and len(inputs) < 2 and not parameters)
        for outs in [[out] for out in op.outs] if op_type == "split" else [op.outs]:
            layout, ratios = with_shuffles(output_layout(op.name, op.args, self.layouts[id(main)], outs[0], main))
            if no_effect and outs[0].shape == main.shape and not cost:
                self._set_producer(outs, producers[id(main)], layout)
                continue
            node = self._node(op, main, outs[0], layout, ratios, maps)
            self._add_node(replace(node, inputs=inputs, parameters=parameters, macs=cost), outs, layout)
            parameters = cost = 0  # counted once, with the first output
        for tensor in op.written:
            self.writes.add(self.producers[id(tensor)], tensor)

    def _size_key(self, tensor: Tensor) -> tuple[bool, int]:
        """Sorts operands: those with spatial axes last, then by number of elements."""
        return grid_size(self.layouts[id(tensor)], self.rank) is not None, tensor.numel()

    def _node(self, op: Op, main: Tensor, out: Tensor, layout: Layout, ratios: Ratios, maps: list[Tensor]) -> Node:
        op_type, before, shape = operation_type(op), self.layouts[id(main)], self._shape(layout, out)
        spatial = grid_size(before, self.rank) is not None and grid_size(layout, self.rank) is not None
        window = window_of(op, op_type, [axis_of(dim) for dim in before], self.rank) if spatial else None
        crop = crop_of(op, main, out, before) if spatial and op_type in ("crop", "split") and not window else ()
        if is_pointwise_product(op, main, len(maps), spatial=spatial):
            return Node("", "conv", op.name, (), shape, op.path, pointwise_window(self.rank))
        if window is None and spatial and ratios:
            window = shuffle_window(ratios, self.rank)
        reshaped = shape != self._shape(before, main)
        refined = refined_type(op, op_type, window, crop, spatial=spatial, reshaped=reshaped)
        heads, tokens = heads_and_tokens(before, self.rank) if refined == "linear" and len(maps) > 1 else (0, ())
        return Node("", refined, op.name, (), shape, op.path, window, crop, heads=heads, tokens=tokens)

    def _shape(self, layout: Layout, out: Tensor) -> Size:
        """(C, *size); without spatial axes, the tensor's shape without the batch."""
        size = grid_size(layout, self.rank)
        if size is not None:
            return (out.numel() // max(1, batch_size(layout) * prod(size)), *size)
        return tuple(out.shape[1:])
