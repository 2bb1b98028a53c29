"""Builds the data-flow graph of a recorded pass; nodes that write in place become inputs of later users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

from torch import Tensor, nn

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.tracing.axes import (
    Layout,
    Ratios,
    axes_in,
    axis_of,
    batch_size,
    channel_layout,
    grid_size,
    heads_and_tokens,
    output_layout,
    resized,
    with_shuffles,
)
from unet_tutorial.figures.tracing.fused import FusedOperators
from unet_tutorial.figures.tracing.images import convolved, with_missing_axes
from unet_tutorial.figures.tracing.in_place import Writes, circular_pads, interleavings, same_elements, written_op
from unet_tutorial.figures.tracing.inputs import input_layouts
from unet_tutorial.figures.tracing.meta import storage
from unet_tutorial.figures.tracing.operators import (
    crop_of,
    global_axes,
    is_factory,
    is_pointwise_product,
    macs,
    main_operand,
    operation_type,
    pointwise_window,
    refined_type,
    shuffle_window,
    window_of,
)
from unet_tutorial.figures.tracing.record import Op, Record
from unet_tutorial.plan.levels import Size

CROPPING = ("crop", "split", "concat")  # types of operators that may crop or pad a spatial axis


class Graph:
    """The nodes of a record, in execution order; ``rank`` is the number of spatial axes.

    ``outputs`` are the ids of the nodes whose maps the network returns, in the order in which it returns them.
    ``names`` are those of the inputs, in the order of ``found.inputs``; an input without a name is called "input".

    Operators on weights alone, such as weight normalisation, give no node: their parameters, MACs and saved bytes count
    for the first operator that combines their result with a feature map.
    """

    def __init__(self, found: Record, names: Sequence[str] = ()) -> None:
        self.rank, layouts = input_layouts(found)
        self.nodes: list[Node] = []
        self.producers: dict[int, str] = {}  # id of a tensor: id of the node that computed it
        self.layouts: dict[int, Layout] = {}  # id of a tensor: its layout
        self.writes = Writes()
        # id of a weight, or of a tensor made from weights alone: names of these weights
        self.weight_names = {id(tensor): {name} for name, tensor in found.weights.items()}
        self.weight_macs: dict[int, int] = {}  # id of a tensor made from weights alone: MACs to compute it
        self.weight_storages: dict[int, set[int]] = {}  # the same id: storages of the tensors on the way to it
        self.weight_labels = found.weight_labels
        self.counts = {name: w.numel() for name, w in found.weights.items() if isinstance(w, nn.Parameter)}
        self.owners: dict[int, str] = {}  # storage: id of the first node whose output is in it
        self.images = convolved(found.ops, self.rank)  # ids of tensors
        named = zip(found.inputs, layouts, [*names, *["input"] * len(layouts)], strict=False)
        for tensor, layout, name in sorted(named, key=lambda each: -len(axes_in(each[1], 1))):
            self._add_node(Node("", "input", name, (), self._shape(layout, tensor)), [tensor], layout)
        written = circular_pads(found.ops) | interleavings(found.ops)
        for op, inner in FusedOperators(found, self.layouts, self.writes):
            joined = written.get(id(inner[-1]), op)
            if joined is not None:
                self._add_operator(joined, inner)
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
        node_id, spatial = str(len(self.nodes)), grid_size(layout, self.rank) is not None
        size = sum(out.numel() * out.element_size() for out in outs)
        self.nodes.append(replace(node, id=node_id, bytes=size, spatial=spatial))
        self._set_producer(outs, node_id, layout)
        for out in outs:
            self.owners.setdefault(storage(out), node_id)
        return node_id

    def _set_producer(self, outs: list[Tensor], node_id: str, layout: Layout) -> None:
        for out in outs:
            self.producers[id(out)] = node_id
            fits = len(layout) == out.ndim and out.shape == outs[0].shape
            self.layouts[id(out)] = layout if fits else channel_layout(out.shape)
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

    def _add_operator(self, op: Op, inner: Sequence[Op]) -> None:
        """Add an operator, which stands for those in ``inner``."""
        given = [] if is_factory(op) else op.tensors
        producers = {id(tensor): node_id for tensor in given if (node_id := self._producer(tensor)) is not None}
        names: set[str] = set().union(*(self.weight_names.get(id(tensor), set()) for tensor in given))
        cost = sum(macs(each, operation_type(each)) for each in inner)
        cost += sum(self.weight_macs.pop(id(tensor), 0) for tensor in given)
        storages = {storage(tensor) for each in inner for tensor in (*each.outs, *given)}
        storages |= set().union(*(self.weight_storages.get(id(tensor), set()) for tensor in given))
        if not producers:
            self.weight_names |= {id(out): names for out in op.outs}
            self.weight_storages |= {id(out): storages for out in op.outs}
            self.weight_macs |= {id(op.outs[0]): cost} if cost and op.outs else {}
        elif op.outs:
            parameters = sum(self.counts.pop(name, 0) for name in sorted(names))
            self._add_outputs(op, [tensor for tensor in given if id(tensor) in producers], producers, parameters, cost)
            for key in storages:
                self.owners.setdefault(key, self.producers[id(op.outs[0])])

    def _add_outputs(self, op: Op, maps: list[Tensor], producers: dict[int, str], parameters: int, cost: int) -> None:
        """Add a node per output of a split, else one for all outputs; none for an operator without effect."""
        if op.name == "copy_" and id(op.arguments["src"]) in producers:
            maps = [op.arguments["src"]]
            producers = {id(maps[0]): producers[id(maps[0])]}
        op_type, inputs = operation_type(op), tuple(dict.fromkeys(producers.values()))
        main = main_operand(op, maps, self.layouts)
        no_effect = op_type == "same" or (op_type in ("add", "gate") and len(inputs) < 2 and not parameters)
        for outs in [[out] for out in op.outs] if op_type == "split" else [op.outs]:
            layout, ratios = with_shuffles(output_layout(op, self.layouts[id(main)], outs[0], main))
            if no_effect and outs[0].shape == main.shape and not cost:
                self._set_producer(outs, producers[id(main)], layout)
                continue
            made: Size = ()  # axes that appear here
            if op_type == "view" and id(outs[0]) in self.images and self._holds_whole_image(producers[id(main)]):
                layout, made = with_missing_axes(layout, self.rank)
            node = self._node(op, main, outs[0], layout, ratios, maps)
            node = replace(node, global_axes=tuple(sorted({*node.global_axes, *made})))
            if node.op == "crop":  # a padding reads its map first, then the maps that fill its border
                inputs = tuple(dict.fromkeys((producers[id(main)], *inputs)))
            labels = self.weight_labels.get(op.path, ()) if op_type in ("conv", "linear") else ()
            costs: dict[str, Any] = {"parameters": parameters, "macs": cost}
            self._add_node(replace(node, inputs=inputs, folded=labels, **costs), outs, layout)
            parameters = cost = 0  # counted once, with the first output
        for tensor in op.written:
            self.writes.add(self.producers[id(tensor)], tensor)

    def _holds_whole_image(self, node_id: str) -> bool:
        """Whether a node holds values of a linear layer that computes a vector, or each value from all pixels."""
        node = self.nodes[int(node_id)]
        while node.op in ("view", "act", "norm", "split", "add", "gate", "concat", "other") and node.inputs:
            node = self.nodes[int(node.inputs[0])]
        return node.op == "linear" and (len(node.shape) == 1 or bool(node.global_axes))

    def _node(self, op: Op, main: Tensor, out: Tensor, layout: Layout, ratios: Ratios, maps: list[Tensor]) -> Node:
        op_type, before, shape = operation_type(op), self.layouts[id(main)], self._shape(layout, out)
        spatial = grid_size(before, self.rank) is not None and grid_size(layout, self.rank) is not None
        window = window_of(op, op_type, [axis_of(dim) for dim in before], self.rank) if spatial else None
        axes = global_axes(op, op_type, main, self.layouts, layout)
        cropping = op_type in CROPPING and not (window or (op_type == "concat" and axes))
        crop = crop_of(op, main, out, before) if spatial and cropping else ()
        if is_pointwise_product(op, main, len(maps), before, spatial=spatial):
            return Node("", "conv", op.name, (), shape, op.path, pointwise_window(self.rank))
        if window is None and spatial and ratios:
            window = shuffle_window(ratios, self.rank)
        axes = () if crop else axes
        reshaped = shape != self._shape(before, main)
        refined = refined_type(op, op_type, window, crop, axes, spatial=spatial, reshaped=reshaped)
        heads, tokens = heads_and_tokens(before, self.rank) if refined == "linear" and len(maps) > 1 else (0, ())
        node = Node("", refined, op.label or op.name, (), shape, op.path, window, crop, heads=heads, tokens=tokens)
        return replace(node, global_axes=axes)

    def _shape(self, layout: Layout, out: Tensor) -> Size:
        """(C, *size); without spatial axes, the tensor's shape without the batch."""
        size, batch = grid_size(layout, self.rank), max(1, batch_size(layout))
        if size is not None:
            return (out.numel() // (batch * prod(size)), *size)
        first = [source for source, _, _ in layout[0]] if layout else []
        joined = "n" in first and out.shape[0] > batch  # the batch and another dimension
        return (out.shape[0] // batch, *out.shape[1:]) if joined else tuple(out.shape[1:])
