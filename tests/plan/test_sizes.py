"""Size arithmetic against networks that are run, and against the paper's table and figure."""

import subprocess
import sys
from itertools import count
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.one_channel_nets import narrow, run
from tests.oracles.random_plans import PADDINGS, PAPER, plans
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import Padding, nearest_valid, output_size, size_error, size_steps, valid_sizes


def predicted(size: tuple[int, ...], levels: tuple[Level, ...], padding: Padding) -> tuple[int, ...] | None:
    return None if size_error(size, levels, padding=padding) else output_size(size, levels, padding=padding)


@pytest.mark.slow
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("depth", range(6))
def test_every_size_up_to_the_third_valid_one_equals_the_network_that_is_run(depth: int, padding: Padding) -> None:
    """All sizes below the smallest valid one, and then each remainder of the division by 2^depth twice."""
    levels = pyramid((1,) * (depth + 1), rank=1)
    net = narrow(levels, padding)
    (valid,) = valid_sizes(levels, padding=padding)
    accepted = []
    for n in range(1, valid[2] + 1):
        assert predicted((n,), levels, padding) == run(net, (n,)), n
        accepted += [n] if predicted((n,), levels, padding) else []
    assert accepted == list(valid[:3])


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("planar", [(), (0,), (1,), (0, 1), (0, 1, 2)])
def test_volumes_with_planar_levels(planar: tuple[int, ...], padding: Padding) -> None:
    levels = pyramid((1, 1, 1), rank=3, planar=planar)
    net = narrow(levels, padding)
    legal = [valid[0] for valid in valid_sizes(levels, padding=padding)]
    for axis in range(3):
        for n in range(1, legal[axis] + 10):
            size = (*legal[:axis], n, *legal[axis + 1 :])
            assert predicted(size, levels, padding) == run(net, size), size


@settings(max_examples=60, deadline=None)
@given(plans(), st.integers(1, 200))
def test_random_plans(plan: tuple[tuple[Level, ...], Padding], n: int) -> None:
    levels, padding = plan
    assert predicted((n,), levels, padding) == run(narrow(levels, padding), (n,))


@settings(max_examples=25, deadline=None)
@given(plans(), st.integers(1, 300))
def test_neighbours_are_the_nearest_valid_sizes(plan: tuple[tuple[Level, ...], Padding], n: int) -> None:
    levels, padding = plan
    near = nearest_valid((n,), levels, padding=padding)[0]
    below = next(([m] for m in range(n, 0, -1) if predicted((m,), levels, padding)), [])
    above = next([m] for m in count(n) if predicted((m,), levels, padding))
    assert list(near) == ([n] if above == [n] else below + above)


@pytest.mark.parametrize(
    ("depth", "smallest", "crops"),
    [
        (0, (5, 1), []),
        (1, (18, 2), [4]),
        (2, (44, 4), [4, 16]),
        (3, (92, 4), [4, 16, 40]),
        (4, (188, 4), [4, 16, 40, 88]),
        (5, (380, 4), [4, 16, 40, 88, 184]),
    ],
)
def test_the_papers_table(depth: int, smallest: tuple[int, int], crops: list[int]) -> None:
    levels = pyramid((1,) * (depth + 1), rank=1)
    (valid,) = valid_sizes(levels, padding="valid")
    assert (valid[0], valid.step) == (smallest[0], 2**depth)
    for n in valid[:4]:
        steps = size_steps((n,), levels, padding="valid")
        assert n - steps[-1].size[0] == 12 * 2**depth - 8
        assert [step.crop[0] for step in steps if step.op == "crop"] == crops
    assert output_size((smallest[0],), levels, padding="valid") == (smallest[1],)


def test_figure_1_step_by_step() -> None:
    sides = [step.size[0] for step in size_steps((572, 572), PAPER, padding="valid") if step.op != "crop"]
    down = [572, 570, 568, 284, 282, 280, 140, 138, 136, 68, 66, 64, 32, 30, 28]
    assert sides == [*down, 56, 54, 52, 104, 102, 100, 200, 198, 196, 392, 390, 388, 388]


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        (
            (570, 572),
            "axis 0 = 570 does not pass 4 poolings; the nearest sizes that do are 556 and 572 (572 gives 388)",
        ),
        ((572, 100), "axis 1 = 100 does not pass 4 poolings; the smallest size that does is 188 (188 gives 4)"),
        ((572,), "1 spatial axes, and this network has 2"),
    ],
)
def test_a_refusal_names_the_neighbours(size: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match="size") as caught:
        output_size(size, PAPER, padding="valid")
    assert sentence in str(caught.value)


def test_a_refusal_counts_a_single_pooling_in_the_singular() -> None:
    message = size_error((19,), pyramid((4, 8), rank=1), padding="valid")
    assert message == "axis 0 = 19 does not pass 1 pooling; the nearest sizes that do are 18 and 20 (20 gives 4)"


def test_an_unknown_padding_is_refused() -> None:
    with pytest.raises(ValueError, match="padding 'full' is unknown; write 'same' or 'valid'"):
        valid_sizes(PAPER, padding=cast("Padding", "full"))


def test_sizes_do_not_need_torch() -> None:
    code = "import unet_tutorial.plan.sizes, unet_tutorial.plan.receptive_field, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
