"""Scales, levels and the main path of a network.

The main path leads from the input through the coarsest map to the output. It is found backwards, from the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import log, prod

from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.plan.levels import Size

# Activations with bounded output. If their output is multiplied with a feature map, the product is a gate.
BOUNDED = ("sigmoid", "softmax", "tanh", "clamp", "hardsigmoid", "hardtanh", "relu6")
SUMS_WITH_MASK = ("lerp", "addcmul", "addcdiv")  # of maps that are scaled in the same operation
AFTER_MASK = ("view", "resize", "pool", "crop", "split", "concat", "add", "other")  # may follow its activation
SAME_GRID = ("concat", "crop")  # they may change the size, but not the scale

Scale = tuple[Fraction, ...]


def with_scales(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Set ``Node.scale``, the accumulated stride per axis; () for nodes without spatial axes, such as a global mean.

    The first input has scale 1. A further one has the scale at which its maps are merged with maps of their size.
    """
    given: dict[str, Scale] = {}
    for further in [node for node in nodes if node.op == "input" and node.size][1:]:
        given[further.id] = _scale_of_input(nodes, further, given)
    scales = _scales(nodes, given)
    return tuple(replace(n, scale=tuple(float(s) for s in scales[n.id])) for n in nodes)


def _scales(nodes: tuple[Node, ...], given: dict[str, Scale]) -> dict[str, Scale]:
    """The scales of all nodes by id; ``given`` are those of inputs with another scale than 1."""
    scales: dict[str, Scale] = {}
    earlier: dict[str, Node] = {}
    for node in nodes:
        one = (Fraction(1),) * len(node.size)
        if node.op == "view" and node.global_axes and not any(scales[key] for key in node.inputs):
            scales[node.id] = _scale_of_new_image(_largest_on_grid(node, nodes), earlier, scales)
        else:
            scales[node.id] = given.get(node.id, one) if node.op == "input" else _scale(node, earlier, scales)
        earlier[node.id] = node
    return scales


def _scale_of_input(nodes: tuple[Node, ...], further: Node, given: dict[str, Scale]) -> Scale:
    """The scale of an input relative to the first one; ``given`` are those of the inputs before it.

    If its maps are merged with no others, it is the ratio of the sizes, or 1 where this is not a whole number.
    """
    ratios = [Fraction(n, m) for n, m in zip(nodes[0].size, further.size, strict=False)]
    whole = len(ratios) == len(further.size) and all(1 in (each.numerator, each.denominator) for each in ratios)
    guess = tuple(ratios) if whole else (Fraction(1),) * len(further.size)
    scales = _scales(nodes, given | {further.id: guess})
    index, own = {node.id: node for node in nodes}, {further.id}
    for node in nodes:
        maps = [key for key in node.inputs if scales[key]]
        others = [key for key in maps if key not in own]
        if maps and not others:
            own.add(node.id)
        for key, other in ((a, b) for a in maps if a in own for b in others if index[a].size == index[b].size):
            return tuple(n * s / t for n, s, t in zip(guess, scales[other], scales[key], strict=True))
    return guess


def _scale(node: Node, earlier: dict[str, Node], scales: dict[str, Scale]) -> Scale:
    rank = len(node.size)
    inputs = [(earlier[key], scales[key]) for key in node.inputs]
    known = [(each, scale) for each, scale in inputs if len(scale) == rank == len(each.size) and rank]
    if not known or node.op == "reduce":
        return ()
    largest, scale = max(known, key=lambda pair: prod(pair[0].size))  # the largest input, since a gate may be 1 pixel
    if node.op == "resize":
        return _scale_after_resize(node, largest, scale, [(each, scales[key]) for key, each in earlier.items()])
    if node.window:
        return tuple(s * Fraction(d, u) for s, d, u in zip(scale, node.window.stride, node.window.up, strict=True))
    return scale if node.size == largest.size or node.op in SAME_GRID or "fft" in node.kind else ()


def _scale_after_resize(node: Node, given: Node, scale: Scale, earlier: list[tuple[Node, Scale]]) -> Scale:
    """The scale after a resize.

    If the ratio of the sizes is a whole number, it is the resize factor. Otherwise the map was probably resized to the
    size of a skip, and unpadded convolutions in between distort the ratio: take the scale of an earlier map of that
    size, if it is near the scale that the ratio gives.
    """
    ratios = [Fraction(m, n) for m, n in zip(node.size, given.size, strict=True)]
    factors = [near_whole(ratio) for ratio in ratios]
    guess = tuple(s / f for s, f in zip(scale, factors, strict=True))
    whole = all(r.denominator == 1 or r.numerator == 1 for r in ratios)
    if whole and guess in {s for _, s in earlier}:
        return guess
    same_size = sorted(s for each, s in earlier if each.size == node.size and len(s) == len(guess))
    best = min(same_size, key=lambda s: _distance(s, guess), default=guess)
    return best if _distance(best, guess) < len(guess) * log(2.1) else guess


def _scale_of_new_image(size: Size, earlier: dict[str, Node], scales: dict[str, Scale]) -> Scale:
    """The scale of an image made from a vector: that of an earlier map of its size, or else the ratio to the input.

    () if the first input has no axes.
    """
    first = next(iter(earlier.values()))
    if len(first.size) != len(size):
        return ()
    ratios = (Fraction(n, m) for n, m in zip(first.size, size, strict=True))
    guess = tuple(s * near_whole(ratio) for s, ratio in zip(scales[first.id], ratios, strict=True))
    same_size = sorted(scales[key] for key, each in earlier.items() if each.size == size and scales[key])
    return min(same_size, key=lambda s: _distance(s, guess), default=guess)


def _largest_on_grid(image: Node, nodes: Sequence[Node]) -> Size:
    """The largest size of an image and the maps computed from it at its scale, as by a transposed convolution."""
    same_grid, largest = {image.id}, image.size
    for node in nodes:
        rescaled = node.op == "reduce" or (node.window is not None and node.window.stride != node.window.up)
        if node.spatial and not rescaled and same_grid & set(node.inputs):
            same_grid.add(node.id)
            largest = max(largest, node.size, key=prod)
    return largest


def near_whole(ratio: Fraction) -> Fraction:
    """n or 1/n, with n a whole number, if it differs from the ratio by at most 20 %; else the ratio."""
    near = Fraction(round(ratio)) if abs(ratio - round(ratio)) <= ratio / 5 and round(ratio) else ratio
    inverse = 1 / ratio
    if ratio < 1 and abs(inverse - round(inverse)) <= inverse / 5:
        return 1 / Fraction(round(inverse))
    return near


def _distance(one: Scale, other: Scale) -> float:
    return sum(abs(log(a / b)) for a, b in zip(one, other, strict=True))


def with_levels(nodes: tuple[Node, ...], path: Sequence[Node]) -> tuple[Node, ...]:
    """Set ``Node.level``: the position, from the finest, of the scale on the path that is nearest to the node's."""
    scales = sorted({n.scale for n in path if n.scale} or {()}, key=lambda s: (prod(s), s))
    nearest = {(): 0} | {
        scale: min(range(len(scales)), key=lambda i: abs(log(prod(scales[i]) / prod(scale))) if scales[i] else 0)
        for scale in {n.scale for n in nodes if n.scale} - set(scales)
    }
    return tuple(replace(n, level=scales.index(n.scale) if n.scale in scales else nearest[n.scale]) for n in nodes)


def main_path(nodes: tuple[Node, ...], outputs: Sequence[str]) -> list[Node]:
    """The nodes from the input to the output; at each merge, the operand that came from the coarsest map.

    If several operands came from equally coarse maps, it is the one with more operations before it. Of several
    outputs it is the largest; of equally large ones the same rule holds, then the first one returned. An output that is
    only another form of an output, such as its sigmoid, does not count.
    """
    index = {node.id: node for node in nodes}
    priority: dict[str, tuple[float, int]] = {}  # coarsest scale up to the node, number of operations up to it
    for node in nodes:
        before = [priority[each.id] for each in feature_inputs(node, index)]
        own = prod(node.scale) if node.scale else 0.0
        priority[node.id] = (
            max([own, *(scale for scale, _ in before)]),
            1 + max((steps for _, steps in before), default=0),
        )
    returned = [index[key] for key in outputs]
    ends = [node for node in returned if node.scale and not _derived(node, outputs, index)] or returned
    node = max(ends or nodes[-1:], key=lambda n: (prod(n.size), priority[n.id]))
    path = [node]
    while inputs := feature_inputs(node, index):
        node = max(inputs, key=lambda each: priority[each.id])
        path.append(node)
    return path[::-1]


def _derived(node: Node, outputs: Sequence[str], index: dict[str, Node]) -> bool:
    """Whether an output is computed from another output of its size alone."""
    size = node.size
    while len(node.inputs) == 1:
        node = index[node.inputs[0]]
        if node.id in outputs and node.size == size and node.op != "input":
            return True
    return False


def not_a_u(path: list[Node]) -> str:
    """The reason why the main path is not U-shaped; "" if it is."""
    levels = [node.level for node in path if node.scale]
    if not levels or path[0].op != "input" or len(path[0].size) < 1:
        return "no feature map with spatial axes leads from an input to the output"
    if not path[-1].scale and len(path[-1].shape) > 1:
        if any(len(node.shape) == 1 and node.global_axes for node in path):
            return "its output is computed from a vector, and not by convolutions, so that it has no scale"
        return "its output's pixels could not be traced to the input's, as after a class token or learned queries"
    coarsest = max(levels)
    if coarsest == min(levels):
        return "no map on the way to its output is coarser than another"
    if not path[-1].scale:
        return "its output has no spatial axes, as a classifier's"
    if levels[0] == coarsest:
        return "it only goes up, as a decoder by itself does"
    if levels[-1] == coarsest:
        return "it goes down and does not come up again, as a classifier does"
    turns = [level for i, level in enumerate(levels) if i == 0 or level != levels[i - 1]]
    bottoms = sum(1 for i, level in enumerate(turns[1:-1], start=1) if level > turns[i - 1] and level > turns[i + 1])
    if bottoms > 1:
        return f"it goes down and up {bottoms} times, as a chain of U-Nets does"
    return ""


def feature_inputs(node: Node, index: dict[str, Node]) -> list[Node]:
    """The inputs that carry features into a node.

    Masks are left out, because they only scale a map in a product or in a weighted sum. The indices of an unpooling are
    left out too, and so are inputs with another scale than the output, such as the keys and values of an attention, and
    inputs without spatial axes, such as a global mean.
    """
    inputs = [index[key] for key in node.inputs]
    inputs = [each for each in inputs if each.scale or not node.scale] or inputs
    if "unpool" in node.kind or node.op == "crop":  # a padding may read its border from further maps
        return inputs[:1]
    if node.op in ("linear", "gate", "other"):
        finest = min((prod(each.scale) for each in inputs if each.scale), default=0)
        same_scale = [each for each in inputs if node.scale == each.scale != ()]
        inputs = same_scale or [each for each in inputs if prod(each.scale) == finest] or inputs
    if node.kind.strip("_") in SUMS_WITH_MASK:
        return [each for each in inputs if not mask_activation(each, index)] or inputs
    if node.op != "gate" or len(inputs) < 2:
        return inputs
    most = max(prod(each.shape) for each in inputs)
    large = [each for each in inputs if prod(each.shape) == most]
    return [each for each in large if not mask_activation(each, index)] or large[:1]


def mask_activation(node: Node, index: dict[str, Node]) -> Node | None:
    """The bounded activation from whose output a map was reshaped, repeated, resized or pooled; None if there is none.

    If several were joined, as in a sum of two masks, all must be bounded, and it is the first one.
    """
    first, waiting = None, [node]
    while waiting:
        each = waiting.pop()
        if _is_bounded(each):
            first = first or each
        elif each.op in AFTER_MASK and each.inputs:
            waiting += [index[key] for key in reversed(dict.fromkeys(each.inputs))]
        else:
            return None
    return first


def _is_bounded(node: Node) -> bool:
    """Whether a node is, or ends with, an activation with bounded output."""
    names = [name for name in (node.kind, *node.folded[-1:]) if not name.startswith("clamp_min")]
    return any(word in name for name in names for word in BOUNDED)
