"""The receptive field against gradients, and against the paper's network."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.one_channel_nets import MeanPool, narrow
from tests.oracles.random_plans import PAPER, plans
from unet_tutorial.plan.levels import Level
from unet_tutorial.plan.receptive_field import receptive_field, seen_by
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
