"""Faults that the losses of a run show: no progress, jumps, an early end, overfitting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import numpy as np

from unet_tutorial.jobs.doctor.finding import Finding, train_command
from unet_tutorial.jobs.recipe import Recipe

LEARNED = 0.9  # last loss relative to the first, below which a run has learned something
FIRST, LAST = 5, 0.2  # number of first steps, and share of last ones, that are averaged
FALLING = 0.8  # loss of the last fifth of the steps relative to the fifth before it
GOOD = 0.8  # mean IoU on training images of a network that is trained to the end
OVERFITTED = 1.25  # last validation loss relative to the smallest one
JUMP = 3.0  # largest loss relative to the first


def interrupted(losses: Sequence[float], recipe: Recipe, folder: Path, *, stopped_early: bool) -> list[Finding]:
    """A run that did not reach its last step."""
    if len(losses) >= recipe.last_step or stopped_early:
        return []
    return [
        Finding(
            0.93,
            "the run was interrupted",
            f"{len(losses)} of {recipe.last_step} steps are done",
            f"unet train --resume {quote(str(folder))}",
        )
    ]


def no_progress(losses: Sequence[float], recipe: Recipe) -> list[Finding]:
    """A loss that hardly decreased."""
    if len(losses) < 2 * FIRST:
        return []
    first, last = (float(np.median(part)) for part in (losses[:FIRST], losses[-max(FIRST, int(LAST * len(losses))) :]))
    if last < LEARNED * first:
        return []
    largest = float(np.max(losses))
    jumped = largest > JUMP * first
    return [
        Finding(
            0.72,
            "the loss jumped up and did not come down again" if jumped else "the loss did not decrease",
            f"median of the first {FIRST} steps {first:.3g}, of the last fifth {last:.3g}"
            + (f", largest {largest:.3g}" if jumped else ""),
            train_command(recipe, rate=recipe.rate / 10) if jumped else train_command(recipe, steps=4 * recipe.steps),
        )
    ]


def overfitting(validation: Sequence[tuple[int, float, float]], recipe: Recipe) -> list[Finding]:
    """A validation loss that rises again; ``validation`` holds step, loss and mean IoU."""
    if len(validation) < 3:
        return []
    steps, values = [int(row[0]) for row in validation], [float(row[1]) for row in validation]
    best = int(np.argmin(values))
    last = float(np.mean(values[-2:]))
    if best > 0.7 * len(values) or last < OVERFITTED * values[best]:
        return []
    return [
        Finding(
            0.78,
            f"the network learns the training images by heart after step {steps[best]}",
            f"validation loss {values[best]:.3g} at step {steps[best]}, {last:.3g} at the end",
            train_command(recipe, patience=3, rotate=180.0, scale=0.2, elastic=0.02),
        )
    ]


def still_falling(losses: Sequence[float], mean_iou: float, recipe: Recipe) -> list[Finding]:
    """A run whose loss was still falling at its end, with a low ``mean_iou`` on training images."""
    fifth = len(losses) // 5
    if fifth < 2 or mean_iou > GOOD:
        return []
    last, before = (float(np.mean(part)) for part in (losses[-fifth:], losses[-2 * fifth : -fifth]))
    if last > FALLING * before:
        return []
    return [
        Finding(
            0.6,
            "the network is not trained to the end: the loss was still falling",
            f"mean loss of the last fifth of the steps {last:.3g}, of the fifth before {before:.3g}; mean IoU on "
            f"training images {mean_iou:.2f}",
            train_command(recipe, steps=4 * recipe.steps),
        )
    ]
