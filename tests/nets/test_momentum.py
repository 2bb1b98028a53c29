"""The paper's optimiser, gradient descent with momentum 0.99 on single images (section 3)."""

import pytest
import torch

from tests.learning.test_train import squares
from unet_tutorial.learning.batches import tile_batches
from unet_tutorial.learning.train import Training, fit
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.plan.levels import pyramid


def test_a_gradient_moves_a_weight_a_hundredfold_and_half_of_it_within_69_steps() -> None:
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.SGD([weight], lr=1.0, momentum=0.99)
    moved = []
    for step in range(1600):
        weight.grad = torch.full_like(weight, -1.0 if step == 0 else 0.0)
        descent.step()
        moved.append(weight.item())
    assert moved[-1] == pytest.approx(100)
    assert moved[67] < 50 < moved[68]  # after 68 and 69 steps


def test_the_loop_learns_with_it_from_one_image_at_a_time() -> None:
    torch.manual_seed(0)
    net = paper_unet(widths=(4, 8))
    training = Training(net, torch.optim.SGD(net.parameters(), momentum=0.99))
    draw = tile_batches([squares(0)], pyramid((4, 8)), "valid", tile=(24, 24), seed=3, sd=0.0)
    assert len(draw(0, 1).images) == 1
    fit(training, lambda step: draw(step, 1), lambda _step: 3e-4, steps=300, save=lambda _now: None)
    assert sum(training.losses[-30:]) < 0.5 * sum(training.losses[:30])
