"""Solutions of lesson 01 beside the library's arithmetic of sizes, and the numbers of the paper."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from tests.oracles.one_channel_nets import MeanPool, narrow
from tests.oracles.torch_counts import footprints
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import output_size, size_error, size_steps, valid_sizes
from unet_tutorial.teaching.checking.check import hidden
from unet_tutorial.teaching.exercises import lesson_01


def plan(depth: int) -> tuple[Level, ...]:
    return pyramid((1,) * (depth + 1), rank=1)


def valid_size(n: int, depth: int) -> bool:
    return not size_error((n,), plan(depth), padding="valid")


def output_side(n: int, depth: int) -> int:
    return output_size((n,), plan(depth), padding="valid")[0]


def input_for(wanted: int, depth: int) -> int:
    (valid,) = valid_sizes(plan(depth), padding="valid")
    return next(n for n in valid if output_side(n, depth) >= wanted)


def crop_margin(depth: int, level: int) -> int:
    (valid,) = valid_sizes(plan(depth), padding="valid")
    steps = size_steps((valid[8],), plan(depth), padding="valid")
    return next(step.crop[0] for step in steps if step.op == "crop" and step.level == level)


def field_of_view(depth: int) -> tuple[int, int]:
    """By the gradients of a network with average pooling."""
    (valid,) = valid_sizes(plan(depth), padding="valid")
    return footprints(narrow(plan(depth), "valid", MeanPool), (valid[8],), 2**depth)[0]


ORACLES = {
    "valid_size": valid_size,
    "output_side": output_side,
    "input_for": input_for,
    "crop_margin": crop_margin,
    "field_of_view": field_of_view,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_the_library(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"


@pytest.mark.parametrize("depth", range(1, 6))
def test_valid_sizes_are_those_that_run_through_the_levels(depth: int) -> None:
    def runs_through(n: int) -> bool:
        for _ in range(depth):
            n -= 4
            if n % 2 or n <= 0:
                return False
            n //= 2
        for _ in range(depth):
            n = 2 * (n - 4)
        return n > 4

    assert [lesson_01.valid_size(n, depth) for n in range(1, 500)] == [runs_through(n) for n in range(1, 500)]


def test_numbers_of_the_paper() -> None:
    assert lesson_01.output_side(572, 4) == 388
    assert next(n for n in count(573) if lesson_01.valid_size(n, 4)) == 588
    assert [lesson_01.crop_margin(4, level) for level in range(4)] == [88, 40, 16, 4]
