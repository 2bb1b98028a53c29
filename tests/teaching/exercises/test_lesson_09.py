"""Solutions of lesson 09 beside torch's SGD, the library's metrics and brute force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from unet_tutorial.metrics.merges_and_splits import merges, splits
from unet_tutorial.metrics.pixels import iou
from unet_tutorial.metrics.rand import v_rand
from unet_tutorial.teaching.checking.check import find
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN
from unet_tutorial.teaching.exercises import lesson_09

Array = NDArray[Any]
Crop = tuple[str, int, tuple[int, int]]


def leaking(train: list[Crop], test: list[Crop]) -> list[tuple[str, int]]:
    """Every test crop beside every training crop."""
    return sorted({b[:2] for b in test if any(a[0] == b[0] and abs(a[1] - b[1]) <= 1 for a in train)})


def momentum_steps(weights: Array, gradients: Array, rate: float, momentum: float) -> Array:
    parameter = torch.from_numpy(weights.copy())
    optimiser = torch.optim.SGD([parameter], lr=rate, momentum=momentum)
    after = []
    for gradient in gradients:
        parameter.grad = torch.from_numpy(gradient)
        optimiser.step()
        after.append(parameter.numpy().copy())
    return np.stack(after)


def choose_cut(cuts: list[float], train: tuple[Array, Array], test: tuple[Array, Array]) -> tuple[float, float]:
    def error(stacks: tuple[Array, Array], cut: float) -> float:
        pairs = zip(stacks[0].flat, stacks[1].flat, strict=True)
        return sum(bool(p > cut) != bool(cell) for p, cell in pairs) / stacks[0].size

    best = min(cuts, key=lambda cut: error(train, cut))
    return best, error(test, best)


ORACLES = {
    "leaking": leaking,
    "momentum_steps": momentum_steps,
    "iou_of_class": lambda proposal, truth, label: iou(proposal, truth, label=label),
    "choose_cut": choose_cut,
    "rand_by_table": v_rand,
    "merges_and_splits": lambda truth, proposal: (merges(truth, proposal), splits(truth, proposal)),
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    free = replace(find(name), forbidden=())
    assert [judge(free, oracle, seed=seed).sentence for seed in HIDDEN] == [f"ok: {name}"] * len(HIDDEN)


@pytest.mark.parametrize("name", ["iou_of_class", "rand_by_table", "merges_and_splits"])
def test_the_library_is_refused(name: str) -> None:
    assert "this exercise forbids" in judge(find(name), ORACLES[name]).sentence


def test_the_examples_of_the_text() -> None:
    steps = lesson_09.momentum_steps(np.zeros(1), np.ones((3, 1)), 1.0, 0.5)
    assert steps.tolist() == [[-1], [-2.5], [-4.25]]
    assert lesson_09.rand_by_table(np.array([1, 1, 1, 0, 2, 2, 2]), np.ones(7, int)) == pytest.approx(2 / 3)
