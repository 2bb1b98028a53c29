"""The way through the U: down to the coarsest map and up again, found backwards from the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import log, prod

from unet_tutorial.figures.arch.ir import Node

SQUASHED = ("sigmoid", "softmax", "tanh", "clamp", "hardsigmoid", "hardtanh")  # what a mask has gone through
SUMMING = ("concat", "crop")  # they change the size and stay on the grid

Scale = tuple[Fraction, ...]


def scaled(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Each with its accumulated stride per axis; () for what is no map over the image, as a mean over all of it."""
    exact: dict[str, Scale] = {}
    sizes: dict[str, Node] = {}
    for node in nodes:
        exact[node.id] = _scale(node, [(sizes[key], exact[key]) for key in node.inputs], sizes, exact)
        sizes[node.id] = node
    return tuple(replace(n, scale=tuple(float(s) for s in exact[n.id])) for n in nodes)


def _scale(node: Node, inputs: list[tuple[Node, Scale]], sizes: dict[str, Node], exact: dict[str, Scale]) -> Scale:
    rank = len(node.size)
    if node.op == "input":
        return (Fraction(1),) * rank
    known = [(each, scale) for each, scale in inputs if len(scale) == rank == len(each.size) and rank]
    if not known or node.op == "reduce":
        return ()
    first, scale = max(known, key=lambda pair: prod(pair[0].size))  # a gate's signal may be one pixel
    if node.op == "resize":
        return _landed(node, first, scale, [(each, exact[key]) for key, each in sizes.items()])
    if node.window:
        return tuple(s * Fraction(d, u) for s, d, u in zip(scale, node.window.stride, node.window.up, strict=True))
    return scale if node.size == first.size or node.op in SUMMING else ()


def _landed(node: Node, first: Node, scale: Scale, earlier: list[tuple[Node, Scale]]) -> Scale:
    """The scale after a resize: by the ratio of the sizes where it is whole; else of the map that it was measured by,
    as unpadded convolutions in between make the ratio too large."""
    ratios = [Fraction(m, n) for m, n in zip(node.size, first.size, strict=True)]
    near = [Fraction(round(r)) if abs(r - round(r)) <= r / 5 and round(r) else r for r in ratios]
    near = [1 / Fraction(round(1 / r)) if r < 1 and abs(1 / r - round(1 / r)) <= 1 / r / 5 else n
            for r, n in zip(ratios, near, strict=True)]  # fmt: skip
    guess = tuple(s / r for s, r in zip(scale, near, strict=True))
    whole = all(r.denominator == 1 or r.numerator == 1 for r in ratios)
    if whole and guess in {s for _, s in earlier}:
        return guess
    alike = sorted(s for each, s in earlier if each.size == node.size and len(s) == len(guess))
    best = min(alike, key=lambda s: _far(s, guess), default=guess)
    return best if _far(best, guess) < len(guess) * log(2.1) else guess


def _far(one: Scale, other: Scale) -> float:
    return sum(abs(log(a / b)) for a, b in zip(one, other, strict=True))


def with_levels(nodes: tuple[Node, ...], path: Sequence[Node]) -> tuple[Node, ...]:
    """Each with its level: the rank of its scale among those on the way, 0 the finest; beside it, of the nearest."""
    scales = sorted({n.scale for n in path if n.scale} or {()}, key=lambda s: (prod(s), s))
    near = {(): 0} | {
        scale: min(range(len(scales)), key=lambda i: abs(log(prod(scales[i]) / prod(scale))) if scales[i] else 0)
        for scale in {n.scale for n in nodes if n.scale} - set(scales)
    }
    return tuple(replace(n, level=scales.index(n.scale) if n.scale in scales else near[n.scale]) for n in nodes)


def operands(node: Node, index: dict[str, Node]) -> list[Node]:
    """What a map is made of. Of a product, no masks: they only say how much of the other factor passes. Of an
    unpooling, not the places that it puts its pixels in."""
    given = [index[key] for key in node.inputs]
    if "unpool" in node.kind:
        return given[:1]
    if node.op in ("linear", "gate", "other"):  # keys and values may be on a coarser grid
        finest = min((prod(each.scale) for each in given if each.scale), default=0)
        given = (
            [e for e in given if node.scale == e.scale != ()] or [e for e in given if prod(e.scale) == finest] or given
        )
    if node.op != "gate" or len(given) < 2:
        return given
    large = [each for each in given if prod(each.shape) == max(prod(one.shape) for one in given)]
    return [each for each in large if not _mask(each)] or large[:1]


def _mask(node: Node) -> bool:
    return any(word in name for name in (node.kind, *node.folded[-1:]) for word in SQUASHED)


def way(nodes: tuple[Node, ...]) -> list[Node]:
    """From the input to the output: at each merge through whatever has been coarser, else through more operations."""
    index = {node.id: node for node in nodes}
    reach: dict[str, tuple[float, int]] = {}
    for node in nodes:
        before = [reach[each.id] for each in operands(node, index)]
        own = prod(node.scale) if node.scale else 0.0
        reach[node.id] = (max([own, *(r for r, _ in before)]), 1 + max((steps for _, steps in before), default=0))
    order = {node.id: i for i, node in enumerate(nodes)}
    ends = [n for n in nodes if "output" in n.folded and n.scale] or [n for n in nodes if "output" in n.folded]
    here = max(ends or nodes[-1:], key=lambda n: (prod(n.size), order[n.id]))
    path = [here]
    while inputs := operands(here, index):
        here = max(inputs, key=lambda each: reach[each.id])
        path.append(here)
    return path[::-1]
