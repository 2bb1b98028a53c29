"""Arrows between boxes of a grid: of several straight lines and curves, the first that touches the least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unet_tutorial.figures.drawing.scene import Box, Point, Rect

Curve = tuple[Point, ...]  # two end points of a straight line, or four control points of a cubic Bézier curve
SAMPLES = 32  # points at which a curve is compared with the boxes


def clear_curve(
    source: Box, target: Box, ends: tuple[float, float], obstacles: Sequence[tuple[Rect, int]], *, near: bool
) -> Curve:
    """A line or curve from a box to one in another row: the simplest of those that touch obstacles of least weight.

    ``ends`` are the y at which an arrow leaves the source at its right edge and enters the target at its left edge.
    Each obstacle has a weight. ``near`` tells that the rows are neighbours; an arrow up to a farther row is preferably
    bent.
    """
    candidates = list(_candidates(source, target, ends))
    if source.y > target.y and not near:
        candidates[:2] = candidates[1::-1]
    return min(candidates, key=lambda curve: cost(curve, obstacles))


def cost(curve: Curve, obstacles: Sequence[tuple[Rect, int]]) -> int:
    """The sum of the weights of the obstacles that a curve touches."""
    xs, ys = [x for x, _ in curve], [y for _, y in curve]
    first, last, highest, lowest = min(xs), max(xs), min(ys), max(ys)  # the curve is inside its control points
    near = [
        (rect, weight)
        for rect, weight in obstacles
        if rect[0] < last and rect[2] > first and rect[1] < lowest and rect[3] > highest
    ]
    points = list(samples(curve)) if near else []
    return sum(
        weight
        for (left, top, right, bottom), weight in near
        if any(left < x < right and top < y < bottom for x, y in points)
    )


def samples(curve: Curve) -> Iterator[Point]:
    """Points on a line or curve, without its ends."""
    for t in (i / SAMPLES for i in range(1, SAMPLES)):
        s = 1 - t
        if len(curve) == 2:
            (x0, y0), (x1, y1) = curve
            yield s * x0 + t * x1, s * y0 + t * y1
        else:
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = curve
            a, b, c, d = s**3, 3 * t * s * s, 3 * t * t * s, t**3
            yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3


def _candidates(source: Box, target: Box, ends: tuple[float, float]) -> Iterator[Curve]:
    """The lines and curves to choose from, the simplest first."""
    (leaves, enters), down = ends, source.y < target.y
    right, left = (source.right, leaves), (target.x, enters)
    below = source.middle, source.bottom
    if down:
        yield below, left
        yield right, left
        yield _bent(below, left, (source.middle, enters))
        yield right, (target.top_middle, target.y)
    else:
        under = target.middle, target.bottom
        yield right, under
        yield _bent(right, under, (target.middle, leaves))
        yield right, left
    for share in (0.35, 0.6, 0.9):
        reach = share * (target.x - source.right)
        yield right, (right[0] + reach, leaves), (left[0] - reach, enters), left
    if down:
        for share in (0.2, 0.45, 0.7):
            yield below, (source.middle, enters), (left[0] - share * (left[0] - source.middle), enters), left
    else:
        for share in (0.2, 0.45, 0.7):
            high = leaves - share * (leaves - under[1])
            yield right, (target.middle, leaves), (target.middle, high), under


def _bent(start: Point, end: Point, corner: Point) -> Curve:
    """A quarter of an ellipse from ``start`` to ``end``; ``corner`` is where its tangents at the ends meet."""

    def towards(point: Point) -> Point:
        return point[0] + 0.55 * (corner[0] - point[0]), point[1] + 0.55 * (corner[1] - point[1])

    return start, towards(start), towards(end), end
