"""Plans of levels, and planar levels by voxel spacing: wrong arguments are refused, right ones give the known plans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unet_tutorial.plan.levels import Level, plan_for, pyramid

NAN, INFINITY = float("nan"), float("inf")
COARSE = "only the first axis may be the coarse one"
LENGTH = "each axis needs a length above 0"
WHOLE = "is not a whole number of at least 1"
plan: Any = pyramid  # with arguments that its types forbid
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: pyramid(()), "at least one level"),
    (lambda: plan("64"), "at least one level"),
    (lambda: plan(64), r"channels 64: .* pass for example \[64, 128, 256\]"),
    (lambda: plan((64.0, 128)), f"channels = 64.0 {WHOLE}"),
    (lambda: plan((64, None)), f"channels = None {WHOLE}"),
    (lambda: plan((8, True)), f"channels = True {WHOLE}"),
    (lambda: pyramid((8, 0)), f"channels = 0 {WHOLE}"),
    (lambda: pyramid((8, -16)), f"channels = -16 {WHOLE}"),
    (lambda: pyramid((4, 8), rank=0), f"rank = 0 {WHOLE}"),
    (lambda: Level(8, (3, 3), (2,)), "need one number per spatial axis"),
    (lambda: pyramid((4, 8), 3, planar=(2,)), "planar level 2 does not exist; the levels are 0 to 1"),
    (lambda: pyramid((4, 8), 3, planar=(0, -1)), "planar level -1 does not exist"),
    (lambda: plan((4, 8), 3, planar=0), r"planar 0 is not a list of levels; pass for example \[0, 1\]"),
    (lambda: plan((4, 8), 3, planar=True), r"planar True is not a list of levels; pass for example \[0, 1\]"),
    (lambda: pyramid((4, 8), 2, planar=(0,)), "planar levels need three axes or more, and rank is 2"),
    (lambda: plan_for((), 3), LENGTH),
    (lambda: plan_for((0, 1, 1), 3), LENGTH),
    (lambda: plan_for((1, -1, 1), 3), LENGTH),
    (lambda: plan_for((1, NAN, 1), 3), LENGTH),
    (lambda: plan_for((NAN, 1, 1), 3), LENGTH),
    (lambda: plan_for((INFINITY, 1, 1), 3), LENGTH),
    (lambda: plan_for((1, 5, 1), 3), COARSE),
    (lambda: plan_for((1, 1, 5), 3), COARSE),
    (lambda: plan_for((1, 5, 5), 3), COARSE),
    (lambda: plan_for((5, 1, 1), 0), f"depth = 0 {WHOLE}"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_wrong_plan_is_refused(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_planar_levels_end_where_slices_are_less_than_two_pixels_apart() -> None:
    assert plan_for((3, 1, 1.9), 3) == plan_for((5,), 3) == ()
    assert [plan_for((z, 1, 1), 4) for z in (0.6, 1, 1.9, 2, 4, 9)] == [(), (), (), (0,), (0, 1), (0, 1, 2)]
