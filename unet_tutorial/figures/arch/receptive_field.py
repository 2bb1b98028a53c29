"""Receptive field of each map: interval arithmetic backwards through the graph.

A pixel sees the input pixels on which its value depends: its receptive field. The size of the receptive field is a
range, because a pooling divides the image into a fixed grid, and the position of the pixel in that grid matters.

Means, softmax over pixels and attention (``Node.global_axes``) extend it to all pixels along their axes, and so does an
attention within windows. Norm layers (batch, instance, group, layer norm) do not extend it, although the statistics of
an instance or group norm depend on all pixels. Inputs without spatial axes, such as a time, do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from unet_tutorial.figures.arch.ir import ArchIR, Node, Window

Interval = tuple[int, int]
NOTHING: Interval = (0, -1)
WHOLE = None  # all pixels along an axis


def with_receptive_fields(arch: ArchIR, ids: Sequence[str] | None = None) -> ArchIR:
    """The architecture with ``Node.field`` set, for all nodes or for those with these ids."""
    chosen = {node.id for node in arch.nodes} if ids is None else set(ids)
    return replace(
        arch,
        nodes=tuple(replace(n, field=node_receptive_field(arch, n)) if n.id in chosen else n for n in arch.nodes),
    )


def node_receptive_field(arch: ArchIR, node: Node) -> tuple[Interval, ...]:
    """Smallest and largest number of input pixels seen by a pixel of this map far from the border, per axis."""
    ancestors = _ancestors(arch, node)
    computed: dict[object, Interval] = {}
    field = []
    for axis in range(len(node.size) if node.scale else 0):
        key = tuple(_geometry(each, axis) for each in ancestors)  # equal axes are computed once
        if key not in computed:
            computed[key] = _range(ancestors, node, axis)
        field.append(computed[key])
    return tuple(field)


def seen_interval(ancestors: Sequence[Node], axis: int, position: int) -> Interval | None:
    """First and last input pixel along ``axis`` that a pixel of ``ancestors[0]`` sees; None if it sees all pixels.

    ``ancestors`` are the node and its ancestors, last first; other nodes in the list are ignored. The maps are
    treated as infinite. If there are several inputs, their first pixels are at the same position, and the pixels are
    those of an input with scale 1.
    """
    needed: dict[str, Interval | None] = {ancestors[0].id: (position, position)}
    seen: Interval | None = NOTHING
    for node in ancestors:
        if node.id not in needed:
            continue
        interval = needed[node.id]
        if node.op == "input" and len(node.size) > axis:
            seen = _hull(seen, _in_pixels(node, axis, interval))
        interval = WHOLE if axis in node.global_axes else _input_interval(node, axis, interval)
        for key in node.inputs[:1] if node.op == "crop" else node.inputs:
            needed[key] = _hull(needed.get(key, NOTHING), interval)
    return seen


def _ancestors(arch: ArchIR, node: Node) -> list[Node]:
    """The node and all nodes that it is computed from, last first."""
    ids, found = {node.id}, []
    for each in reversed(arch.nodes):
        if each.id in ids:
            found.append(each)
            ids |= set(each.inputs)
    return found


def _geometry(node: Node, axis: int) -> object:
    """The values of a node that determine the receptive field along an axis."""
    spans = axis in node.global_axes
    if len(node.size) <= axis:
        return spans
    window = node.window
    own = (window.kernel, window.stride, window.before, window.dilation, window.up) if window else ()
    crop = node.crop[axis] if node.crop else (0, 0)
    length = node.size[axis] if node.op == "input" else 0
    return (*(values[axis] for values in own), crop, spans, length, node.scale[axis : axis + 1])


def _range(ancestors: list[Node], node: Node, axis: int) -> Interval:
    """Smallest and largest number of pixels seen, over all positions in the grid of the coarsest ancestor."""
    scales = [Fraction(each.scale[axis]) for each in ancestors if len(each.scale) > axis]
    period = max(1, ceil(max(scales) / Fraction(node.scale[axis])))
    intervals = [seen_interval(ancestors, axis, position) for position in range(period)]
    whole = max(each.size[axis] for each in ancestors if each.op == "input" and len(each.size) > axis)
    counts = [whole if interval is None else interval[1] - interval[0] + 1 for interval in intervals]
    return min(counts), max(counts)


def _hull(one: Interval | None, other: Interval | None) -> Interval | None:
    if one is WHOLE or other is WHOLE:
        return WHOLE
    if one == NOTHING:
        return other
    return min(one[0], other[0]), max(one[1], other[1])


def _in_pixels(node: Node, axis: int, interval: Interval | None) -> Interval | None:
    """An interval of pixels of an input, in pixels of an input with scale 1."""
    if interval is WHOLE or not node.scale:
        return interval
    scale = Fraction(node.scale[axis])
    return floor(interval[0] * scale), ceil((interval[1] + 1) * scale) - 1


def _input_interval(node: Node, axis: int, interval: Interval | None) -> Interval | None:
    """The interval of input pixels from which an interval of output pixels is computed."""
    if interval is WHOLE:
        return WHOLE
    first, last = interval
    if node.crop:
        return first + node.crop[axis][0], last + node.crop[axis][0]
    if node.window is None:
        return interval
    resized = node.op == "resize" or (node.op == "view" and node.window.up[axis] > 1)
    return _through_window(node.window, axis, interval, resized=resized)


def _through_window(window: Window, axis: int, interval: Interval, *, resized: bool) -> Interval:
    kernel, stride, before, dilation, up = (
        values[axis] for values in (window.kernel, window.stride, window.before, window.dilation, window.up)
    )
    first, last = interval
    extent = dilation * (kernel - 1)
    if resized:
        return _through_interpolation(kernel, Fraction(stride, up), interval)
    if up > 1:  # input pixel i of a transposed convolution adds to `kernel` output pixels, starting at up · i - before
        return ceil((first + before - extent) / up), floor((last + before) / up)
    return first * stride - before, last * stride - before + extent


def _through_interpolation(kernel: int, step: Fraction, interval: Interval) -> Interval:
    """Nearest (kernel 1), linear (2) or cubic (4) interpolation, with ``align_corners=False``.

    Neighbours in the output are ``step`` pixels apart in the input.
    """
    first, last = interval
    if kernel == 1:
        return floor(first * step), floor(last * step)
    margin = kernel // 2 - 1
    low, high = (step * (n + Fraction(1, 2)) - Fraction(1, 2) for n in (first, last))
    return floor(low) - margin, ceil(high) + margin
