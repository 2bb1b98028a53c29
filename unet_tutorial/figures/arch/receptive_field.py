"""What a pixel of each map sees of the input, by interval arithmetic backwards through the graph; without torch.

It is a range, for a pooling lays a fixed grid over the image: what a pixel sees depends on its place in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from unet_tutorial.figures.arch.ir import ArchIR, Node, Window

Interval = tuple[int, int]
GLOBAL = ("linear", "reduce")  # a pixel of such a map sees everything


def with_fields(arch: ArchIR, wanted: Sequence[str] | None = None) -> ArchIR:
    """The architecture with the receptive field of each map (or those wanted): (smallest, largest) per axis."""
    chosen = {node.id for node in arch.nodes} if wanted is None else set(wanted)
    return replace(arch, nodes=tuple(replace(n, field=field_of(arch, n)) if n.id in chosen else n for n in arch.nodes))


def field_of(arch: ArchIR, node: Node) -> tuple[Interval, ...]:
    """Per axis the smallest and the largest number of input pixels that an inner pixel of this map sees."""
    before = _ancestors(arch, node)
    found: dict[object, Interval] = {}
    out = []
    for axis in range(len(node.size) if node.scale else 0):
        key = tuple(_seen_along(each, axis) for each in before)  # equal axes are computed once
        if key not in found:
            found[key] = _range(before, node, axis)
        out.append(found[key])
    return tuple(out)


def _seen_along(node: Node, axis: int) -> object:
    if len(node.size) <= axis:
        return node.op
    window = node.window
    own = (window.kernel, window.stride, window.before, window.dilation, window.up) if window else ()
    return (*(values[axis] for values in own), node.crop[axis] if node.crop else (0, 0), node.scale[axis : axis + 1])


def _ancestors(arch: ArchIR, node: Node) -> list[Node]:
    """The node and all that it is made of, last first."""
    wanted, found = {node.id}, []
    for each in reversed(arch.nodes):
        if each.id in wanted:
            found.append(each)
            wanted |= set(each.inputs)
    return found


def _range(before: list[Node], node: Node, axis: int) -> Interval:
    """Over all places in the grid of the coarsest map it is made of."""
    scales = [Fraction(each.scale[axis]) for each in before if len(each.scale) > axis]
    period = max(1, ceil(max(scales) / Fraction(node.scale[axis])))
    sizes = [seen(before, axis, place) for place in range(period)]
    whole = max(each.size[axis] for each in before if each.op == "input" and len(each.size) > axis)
    counts = [whole if size is None else size[1] - size[0] + 1 for size in sizes]
    return min(counts), max(counts)


def seen(before: list[Node], axis: int, place: int) -> Interval | None:
    """First and last input pixel that the pixel at this place of the first node sees, were the maps endless; None for
    all of them. Several inputs are counted from a common origin."""
    wanted: dict[str, Interval] = {before[0].id: (place, place)}
    hull: Interval | None = None
    for node in before:
        interval = wanted.get(node.id)
        if interval is None:
            continue
        if node.op in GLOBAL or len(node.size) <= axis:
            return None
        if node.op == "input":
            hull = _hull(hull, interval)
        reads = _reads(node, axis, interval)
        for key in node.inputs:
            wanted[key] = _hull(wanted.get(key), reads)
    return hull


def _hull(one: Interval | None, other: Interval) -> Interval:
    return (min(one[0], other[0]), max(one[1], other[1])) if one else other


def _reads(node: Node, axis: int, interval: Interval) -> Interval:
    """The pixels of its input that an interval of a map is computed from."""
    first, last = interval
    if node.crop:
        return first + node.crop[axis][0], last + node.crop[axis][0]
    if node.window is None:
        return interval
    return _through(node.window, axis, interval, resized=node.op in ("resize", "view"))


def _through(window: Window, axis: int, interval: Interval, *, resized: bool) -> Interval:
    kernel, stride, before, dilation, up = (
        values[axis] for values in (window.kernel, window.stride, window.before, window.dilation, window.up)
    )
    first, last = interval
    reach = dilation * (kernel - 1)
    if resized and up > 1:
        return _blended(kernel, up, interval)
    if up > 1:  # each input pixel paints `kernel` pixels, from up · i - before on
        return ceil((first + before - reach) / up), floor((last + before) / up)
    return first * stride - before, last * stride - before + reach


def _blended(kernel: int, up: int, interval: Interval) -> Interval:
    """Nearest (kernel 1), linear (2) or cubic (4) enlargement, pixel centres aligned."""
    first, last = interval
    if kernel == 1:
        return first // up, last // up
    more = kernel // 2 - 1
    low, high = ((Fraction(2 * n + 1, 2 * up) - Fraction(1, 2)) for n in (first, last))
    return floor(low) - more, ceil(high) + more
