"""Solutions of lesson 19 beside brute force, the library's search for leaks, and the check of reports."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unet_tutorial.jobs.leaks import symmetries
from unet_tutorial.metrics.pixels import iou
from unet_tutorial.teaching.checking.check import hidden
from unet_tutorial.teaching.checking.report_claims import rounds_to
from unet_tutorial.teaching.exercises import lesson_19

Array = NDArray[Any]


def leaked_copies(train: dict[str, Array], test: dict[str, Array]) -> list[tuple[str, str]]:
    """By the correlation with each of the eight views of the library."""
    found = set()
    for (name, image), (other, trained) in product(test.items(), train.items()):
        for view in symmetries(image[None]):
            if view[0].shape == trained.shape and np.corrcoef(view[0].ravel(), trained.ravel())[0, 1] > 1 - 1e-9:
                found.add((name, other))
    return sorted(found)


def honest_threshold(
    thresholds: list[float], validation: list[tuple[Array, Array]], test: list[tuple[Array, Array]]
) -> tuple[float, float]:
    """With the IoU of the library."""
    table = {
        threshold: [
            np.mean([iou((p > threshold).astype(int), truth.astype(int), label=1) for p, truth in pairs])
            for pairs in (validation, test)
        ]
        for threshold in thresholds
    }
    best = max(score for score, _ in table.values())
    return next((threshold, float(score)) for threshold, (own, score) in table.items() if own == best)


def order_of_work(findings: list[tuple[float, str, str]]) -> list[str]:
    """Data and training one after the other."""
    ordered = sorted((each for each in findings if each[0] >= 0.5), reverse=True)
    commands = [command for _, _, command in ordered]
    repairs = [command for command in commands if "doctor" in command]
    trainings = [command for command in commands if "doctor" not in command]
    return [c for i, c in enumerate(repairs) if c not in repairs[:i]] + [
        c for i, c in enumerate(trainings) if c not in trainings[:i]
    ]


ORACLES = {
    "leaked_copies": leaked_copies,
    "honest_threshold": honest_threshold,
    "order_of_work": order_of_work,
    "agrees": lambda stated, value: rounds_to(stated, value),
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"


def test_the_examples_of_the_text() -> None:
    image = np.array([[0, 1, 5], [2, 9, 4]])
    assert lesson_19.leaked_copies({"01": image}, {"07": image.T + 3, "08": -image}) == [("07", "01")]
    assert lesson_19.agrees("0.79", 0.7881)
    assert not lesson_19.agrees("0.79", 0.7999)
