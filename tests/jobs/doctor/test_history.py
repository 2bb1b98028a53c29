"""Faults in the losses: each series has a healthy neighbour."""

import numpy as np
import pytest

from tests.jobs.doctor.in_memory import DATA
from unet_tutorial.jobs.doctor.history import interrupted, no_progress, overfitting, still_falling
from unet_tutorial.jobs.recipe import Recipe

RECIPE = Recipe(DATA, steps=100)
STEPS = np.arange(100)
NOISE = np.random.default_rng(0).normal(0, 0.02, 100)
LEARNING = (0.3 + 0.7 * np.exp(-STEPS / 15) + NOISE).tolist()


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (LEARNING, ""),
        ((1.0 + NOISE).tolist(), "did not decrease"),
        (LEARNING[50::-1], "did not decrease"),
        ([1.0] * 10 + [9.0] * 20 + [2.0] * 70, "jumped up"),
        ([1.0] * 8, ""),  # too short for a verdict
    ],
)
def test_progress(losses: list[float], words: str) -> None:
    found = no_progress(losses, RECIPE)
    assert [words in finding.sentence for finding in found] == [True] * bool(words)


@pytest.mark.parametrize(("steps", "early", "count"), [(100, False, 0), (60, False, 1), (60, True, 0), (0, False, 1)])
def test_interruptions(steps: int, count: int, *, early: bool) -> None:
    found = interrupted(LEARNING[:steps], RECIPE, DATA, stopped_early=early)
    assert len(found) == count
    assert all(f"{steps} of 100 steps" in finding.evidence for finding in found)
    assert all(finding.cure == "unet train --resume 'my data'" for finding in found)


@pytest.mark.parametrize(
    ("losses", "step"),
    [
        ([1.0, 0.6, 0.5, 0.6, 0.7, 0.8, 0.9], 30),
        ([1.0, 0.6, 0.5, 0.45, 0.4, 0.4, 0.41], None),
        ([1.0, 0.6, 0.5, 0.52, 0.51, 0.55, 0.54], None),
        ([0.4, 0.9], None),
    ],
)
def test_overfitting(losses: list[float], step: int | None) -> None:
    found = overfitting([(10 * i, loss, 0.5) for i, loss in enumerate(losses, 1)], RECIPE)
    assert [f"after step {step}" in finding.sentence for finding in found] == [True] * (step is not None)


@pytest.mark.parametrize(("scale", "iou", "count"), [(40, 0.6, 1), (40, 0.9, 0), (8, 0.6, 0)])
def test_losses_that_still_fall(scale: float, iou: float, count: int) -> None:
    assert len(still_falling(np.exp(-STEPS / scale).tolist() + NOISE * 0 + (scale < 10), iou, RECIPE)) == count
