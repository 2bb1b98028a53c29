"""The training loop against torch's schedule and optimisers, and its reaction to numbers that are not finite."""

from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.oracles.random_samples import matching_sample
from unet_tutorial.learning.batches import tile_batches
from unet_tutorial.learning.train import Batch, Training, Validation, adam, best, fit, is_stale, one_cycle
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid

WIDTHS = (2, 4)
DRAW = tile_batches([matching_sample(0), matching_sample(1)], pyramid(WIDTHS), "valid", tile=(24, 24), seed=3)


def batches(step: int) -> Batch:
    return DRAW(step, 2)


def start() -> Training:
    torch.manual_seed(0)
    return adam(paper_unet(widths=WIDTHS))


def rates(step: int) -> float:
    return one_cycle(step, 9, 1e-2)


@pytest.mark.parametrize("steps", [4, 10, 37])
def test_one_cycle_is_torchs(steps: int) -> None:
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=0.3, total_steps=steps)
    for step in range(steps):
        assert one_cycle(step, steps, 0.3) == pytest.approx(schedule.get_last_lr()[0], abs=1e-12)
        optimiser.step()
        if step + 1 < steps:
            schedule.step()


def test_training_lowers_the_loss() -> None:
    training = start()
    fit(training, lambda _step: batches(0), lambda _step: 2e-2, steps=30, save=lambda _now: None)
    assert sum(training.losses[-5:]) < 0.7 * sum(training.losses[:5])


def test_saves_come_every_so_many_steps_and_at_the_end() -> None:
    saved: list[int] = []
    fit(start(), batches, rates, steps=7, save=lambda now: saved.append(now.step), every=3)
    assert saved == [3, 6, 7]


def test_a_loss_that_is_not_finite_stops_the_training() -> None:
    def broken(step: int) -> Batch:
        images, labels, weights = batches(step)
        return Batch(images * float("nan"), labels, weights)

    with pytest.raises(ValueError, match="the loss of step 0 is nan"):
        fit(start(), broken, rates, steps=2, save=lambda _now: None)


def test_weights_that_are_not_finite_are_not_saved() -> None:
    saved: list[int] = []
    with pytest.raises(ValueError, match="weights are not finite after step 0"):
        fit(start(), batches, lambda _step: float("nan"), steps=1, save=lambda now: saved.append(now.step))
    assert saved == []


def test_a_gradient_moves_a_weight_a_hundredfold_and_half_of_it_within_69_steps() -> None:
    """The paper's momentum of 0.99 (section 3)."""
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.SGD([weight], lr=1.0, momentum=0.99)
    moved = []
    for step in range(1600):
        weight.grad = torch.full_like(weight, -1.0 if step == 0 else 0.0)
        descent.step()
        moved.append(weight.item())
    assert moved[-1] == pytest.approx(100)
    assert moved[67] < 50 < moved[68]  # after 68 and 69 steps


def test_the_default_loss_is_the_papers_and_another_one_can_be_passed() -> None:
    losses = []
    for options in ({}, {"loss": weighted_by_torch}, {"loss": lambda *given: 3 * weighted_by_torch(*given)}):
        training = start()  # sets the seed of dropout, too
        fit(training, batches, rates, **options, steps=1, save=lambda _now: None)
        losses += training.losses
    assert losses[1:] == pytest.approx([losses[0], 3 * losses[0]], rel=1e-5)


def weighted_by_torch(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    return (weights * F.cross_entropy(logits, labels, reduction="none", ignore_index=-1)).sum() / (labels >= 0).sum()


class Supervised(UNet):
    """Two maps of logits in training mode, as with deep supervision: those of the network, and a multiple of them."""

    def forward(self, image: Tensor) -> Any:
        logits = super().forward(image)
        return [logits, 0.5 * logits] if self.training else logits


@pytest.mark.parametrize("autocast", [nullcontext, partial(torch.autocast, "cpu", torch.bfloat16)])
def test_a_loss_receives_the_list_of_a_network_with_deep_supervision_in_the_dtype_of_the_images(autocast: Any) -> None:
    training, received = start(), []

    def loss(logits: list[Tensor], labels: Tensor, weights: Tensor) -> Tensor:
        received.append([each.dtype for each in logits])
        return torch.stack([weighted_by_torch(each, labels, weights) for each in logits]).mean()

    training.net.__class__ = Supervised
    fit(training, batches, rates, loss=loss, steps=2, save=lambda _now: None, autocast=autocast)
    assert received == [[torch.float32] * 2] * 2
    assert training.step == 2


def test_a_group_with_a_scale_has_this_multiple_of_the_rate() -> None:
    training = start()
    first, *others = training.net.parameters()
    groups: list[dict[str, Any]] = [{"params": [first], "lr_scale": 0.25}, {"params": others}]
    training.optimiser = torch.optim.SGD(groups, lr=1.0)
    fit(training, batches, lambda step: 0.01 * (step + 1), steps=2, save=lambda _now: None)
    assert [group["lr"] for group in training.optimiser.param_groups] == [0.005, 0.02]


def test_the_loop_learns_with_momentum_099_from_one_image_at_a_time() -> None:
    torch.manual_seed(0)
    net = paper_unet(widths=(4, 8))
    training = Training(net, torch.optim.SGD(net.parameters(), momentum=0.99))
    draw = tile_batches([matching_sample(0)], pyramid((4, 8)), "valid", tile=(24, 24), seed=3)
    assert len(draw(0, 1).images) == 1
    fit(training, lambda step: draw(step, 1), lambda _step: 1e-3, steps=150, save=lambda _now: None)
    assert sum(training.losses[-15:]) < 0.5 * sum(training.losses[:15])


def test_training_stops_when_it_is_asked_to_after_a_save() -> None:
    asked: list[int] = []

    def stop(now: Training) -> bool:
        asked.append(now.step)
        return now.step >= 4

    training = start()
    fit(training, batches, rates, steps=9, save=lambda _now: None, every=2, stop=stop)
    assert (training.step, asked) == (4, [0, 2, 4])
    fit(training, batches, rates, steps=9, save=lambda _now: None, every=2, stop=stop)  # as a resumed run
    assert (training.step, asked) == (4, [0, 2, 4, 4])


def test_a_save_that_validates_leaves_the_network_in_training_mode() -> None:
    modes = []

    class Watched(UNet):
        def forward(self, image: Tensor) -> Any:
            modes.append(self.training)
            return super().forward(image)

    training = start()
    training.net.__class__ = Watched

    def save(now: Training) -> None:
        now.net.eval()

    fit(training, batches, rates, steps=3, save=save, every=1)
    assert modes == [True] * 3


SCORES = [0.5, 0.7, 0.7, float("nan"), 0.6, 0.8]


def validations(*scores: float) -> list[Validation]:
    return [Validation(50 * (i + 1), 1 - score, score) for i, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("scores", "step"),
    [(SCORES, 300), (SCORES[:5], 100), ([float("nan"), 0.0], 100), ([float("nan")] * 2, 50), ([-1.0, -2.0], 50)],
)
def test_the_best_validation_has_the_highest_score_the_first_of_equal_ones(scores: list[float], step: int) -> None:
    assert best(validations(*scores)).step == step


@pytest.mark.parametrize(
    ("patience", "stale"),
    [(1, [0, 0, 1, 1, 1, 0]), (2, [0, 0, 0, 1, 1, 0]), (3, [0, 0, 0, 0, 1, 0]), (4, [0] * 6), (0, [0] * 6)],
)
def test_validations_are_stale_after_so_many_without_a_better_one(patience: int, stale: list[int]) -> None:
    found = validations(*SCORES)
    assert [is_stale(found[: n + 1], patience) for n in range(6)] == [bool(each) for each in stale]
    assert not is_stale([], patience)


def test_another_function_can_compute_the_gradients_and_another_bar_show_the_loss() -> None:
    training, shown = start(), list[str]()

    def backward(batch: Batch) -> Tensor:
        assert all(weight.grad is None for weight in training.net.parameters())
        for weight in training.net.parameters():
            weight.grad = torch.ones_like(weight)
        return batch.images.sum() * 0 + 7

    class Bar(list[int]):
        def set_postfix(self, loss: str) -> None:
            shown.append(loss)

    before = [weight.detach().clone() for weight in training.net.parameters()]
    training.optimiser = torch.optim.SGD(training.net.parameters())
    fit(
        training, batches, lambda _step: 0.5, steps=2, save=lambda _now: None, backward=backward,
        bar=lambda steps, **_given: Bar(steps),
    )  # fmt: skip
    for old, new in zip(before, training.net.parameters(), strict=True):
        torch.testing.assert_close(new, old - 1)
    assert (training.losses, shown) == ([7.0, 7.0], ["7.000", "7.000"])
