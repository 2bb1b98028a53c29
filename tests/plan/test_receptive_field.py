"""Receptive fields against gradients of networks that are run, and against the paper's network."""

from collections.abc import Callable
from operator import eq, le

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.one_channel_nets import MeanPool, narrow
from tests.oracles.random_plans import PAPER, plans
from unet_tutorial.nets.resample import Up, resize_conv, transposed
from unet_tutorial.plan.levels import Level, Size, pyramid
from unet_tutorial.plan.receptive_field import accumulated_reach, receptive_field, seen_by
from unet_tutorial.plan.sizes import Padding, valid_sizes


@settings(max_examples=60, deadline=None)
@given(plans(), st.integers(0, 40))
def test_field_of_a_pixel_equals_the_support_of_its_gradient(
    plan: tuple[tuple[Level, ...], Padding], index: int
) -> None:
    levels, padding = plan
    net = narrow(levels, padding, MeanPool)
    (valid,) = valid_sizes(levels, padding=padding)
    image = torch.zeros(1, 1, valid[-(-2000 // valid.step)], requires_grad=True)
    logits = net(image)[0, 0]
    position = len(logits) // 2 + index % valid.step
    logits[position].backward()
    assert image.grad is not None
    touched = image.grad[0, 0].nonzero().flatten()
    assert (int(touched[0]), int(touched[-1])) == seen_by(position, levels, padding=padding)


def test_field_of_the_paper_is_188_or_204() -> None:
    assert receptive_field(PAPER, padding="valid") == ((188, 204), (188, 204))
    fields = [seen_by(position, PAPER, padding="valid") for position in range(388)]
    counts = [last - first + 1 for first, last in fields]
    assert (counts.count(188), counts.count(204)) == (100, 288)
    assert (fields[0][0], fields[-1][1]) == (0, 571)


@pytest.mark.parametrize(
    ("up", "reach", "compare"),
    [
        (transposed, (), eq),
        (resize_conv("nearest", kernel=3), (1,), eq),
        (resize_conv("nearest", kernel=5), (2,), eq),
        (resize_conv("linear", kernel=1), (2,), le),
        (resize_conv("linear", kernel=3), (3,), le),
    ],
)
def test_accumulated_reach_is_what_gradients_reach_beyond_the_intervals(
    up: Up, reach: Size, compare: Callable[[int, int], bool]
) -> None:
    """Of eight neighbouring outputs, so of all phases, the farthest pixel; for linear interpolation it is a bound."""
    levels = pyramid((1, 1, 1, 1), rank=1)
    net = narrow(levels, "same", MeanPool, up).double()
    image = torch.zeros(1, 1, 512, dtype=torch.float64, requires_grad=True)
    logits, outputs = net(image)[0, 0], range(256, 264)
    touched = [torch.autograd.grad(logits[p], image, retain_graph=True)[0][0, 0].nonzero().flatten() for p in outputs]
    (extra,) = accumulated_reach(levels, [[reach, ()]] * 3)
    assert net.extra_reach == (extra,)
    fields = [seen_by(p, levels, padding="same") for p in outputs]
    left = max(p - int(t[0]) for p, t in zip(outputs, touched, strict=True))
    right = max(int(t[-1]) - p for p, t in zip(outputs, touched, strict=True))
    left_bound = max(p - f[0] for p, f in zip(outputs, fields, strict=True)) + extra
    right_bound = max(f[1] - p for p, f in zip(outputs, fields, strict=True)) + extra
    assert compare(left, left_bound)
    assert compare(right, right_bound)
