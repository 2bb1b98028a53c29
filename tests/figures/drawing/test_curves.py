"""Arrows keep away from boxes: brute force over the points of each curve."""

from __future__ import annotations

from itertools import product

import pytest

from tests.oracles.text_extents import touches
from unet_tutorial.figures.drawing.curves import Curve, clear_curve, cost, samples
from unet_tutorial.figures.drawing.scene import Box, Rect

LOW, HIGH = Box("low", 0, 100, 20, 20), Box("high", 200, 0, 20, 20)


def lowest(source: Box, target: Box, obstacles: list[tuple[Rect, int]], *, near: bool = True) -> Curve:
    return clear_curve(source, target, (source.y + 5, target.y + 5), obstacles, near=near)


def test_points_of_a_line_and_of_a_curve() -> None:
    line = list(samples(((0.0, 0.0), (32.0, 64.0))))
    assert line == [(float(i), 2.0 * i) for i in range(1, 32)]
    curve = list(samples(((0.0, 0.0), (0.0, 30.0), (90.0, 30.0), (90.0, 0.0))))
    assert curve[15] == (45.0, 22.5)  # the middle: (p0 + 3 p1 + 3 p2 + p3) / 8
    assert [y for _, y in curve] == pytest.approx([y for _, y in reversed(curve)])


def test_an_unobstructed_arrow_to_the_next_row_is_straight() -> None:
    assert lowest(LOW, HIGH, []) == ((20, 105), (210, 20))
    down = clear_curve(Box("a", 0, 0, 20, 20), Box("b", 200, 100, 20, 20), (5, 105), [], near=True)
    assert down == ((10, 20), (200, 105))


def test_an_arrow_to_a_far_row_is_bent() -> None:
    curve = lowest(LOW, HIGH, [], near=False)
    assert len(curve) == 4
    assert (curve[0], curve[-1]) == ((20, 105), (210, 20))
    assert all(y > 105 - (x - 20) * 85 / 190 for x, y in samples(curve))  # below the straight line


@pytest.mark.parametrize(("x", "y"), list(product((60, 100, 140), (20, 40, 60, 80))))
def test_one_box_in_between_is_avoided(x: float, y: float) -> None:
    """Wherever it is, one of the candidates passes it."""
    obstacle = [((x, y, x + 20, y + 20), 10)]
    curve = lowest(LOW, HIGH, obstacle)
    assert cost(curve, obstacle) == 0
    assert not any(x < a < x + 20 and y < b < y + 20 for a, b in samples(curve))


@pytest.mark.parametrize(("x", "y"), list(product((-160, 60, 200), (-90, 90))))
def test_arrows_begin_and_end_on_cuboids(x: float, y: float) -> None:
    """Whichever candidate a wall leaves."""
    source, target = Box("source", 0, 0, 30, 40, depth=14), Box("target", x, y, 30, 40, depth=14)
    found = set()
    for left, top in product(range(-160, 240, 10), range(-100, 140, 10)):
        wall: list[tuple[Rect, int]] = [((left, top, left + 25, top + 25), 1)]
        curve = clear_curve(source, target, (source.y + 5, target.y + 19), wall, near=True)
        assert touches(source, *curve[0])
        assert touches(target, *curve[-1])
        found.add(curve)
    assert len(found) > 2


def test_the_lighter_obstacle_is_touched() -> None:
    """With walls everywhere but one light one, the curve goes through the light one."""
    walls: list[tuple[Rect, int]] = [
        ((90.0, -500.0, 110.0, 62.0), 10),
        ((90.0, 62.0, 110.0, 80.0), 1),
        ((90.0, 80.0, 110.0, 500.0), 10),
    ]
    assert cost(lowest(LOW, HIGH, walls), walls) == 1
