"""Averages over classes, against sums written out."""

from __future__ import annotations

import pytest
import torch

from unet_tutorial.learning.losses.averages import over_all, over_classes, over_present

LOSSES = torch.tensor([[0.1, 0.2, 0.6], [0.3, 0.5, 1.0]])
VOLUMES = torch.tensor([[4.0, 0.0, 1.0], [4.0, 0.0, 0.0]])


def test_averages_are_these_numbers() -> None:
    assert float(over_all(LOSSES, VOLUMES)) == pytest.approx(2.7 / 6)
    assert float(over_present(LOSSES, VOLUMES)) == pytest.approx((0.1 + 0.6 + 0.3) / 3)
    assert float(over_present(LOSSES, 0 * VOLUMES)) == 0
    assert float(over_classes(0, 1, 1)(LOSSES, VOLUMES)) == pytest.approx((0.2 + 0.6 + 0.5 + 1.0) / 4)
    assert float(over_classes(0.2, 0.8, 0)(LOSSES, VOLUMES)) == pytest.approx((0.02 + 0.16 + 0.06 + 0.4) / 2)
    assert float(over_classes(7, 7, 7)(LOSSES, VOLUMES)) == pytest.approx(2.7 / 6)


@pytest.mark.parametrize("weights", [(), (0, 0), (1, -1), (1, float("nan")), (float("inf"), 1)])
def test_class_weights_without_a_mean_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"class weights .* are not finite numbers of at least 0"):
        over_classes(*weights)


def test_one_weight_per_class_is_needed() -> None:
    with pytest.raises(ValueError, match="2 class weights for 3 classes"):
        over_classes(1, 1)(LOSSES, VOLUMES)
