"""Options of a run that do not fit its data: learning rate, steps, tile, size of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.doctor.finding import Finding, Key, train_command
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.plan.levels import Size

USUAL_RATE = 2e-3  # of Adam with the one-cycle schedule
HIGH_RATE = 10.0  # times the usual rate
LOW_TRAVEL = 0.02  # rate times steps; the sum of Adam's steps of a weight is at most about this
FEW_STEPS = 50
LEARNED = 0.5  # mean IoU on training images of a network that has learned something
DOUBTFUL = 0.45  # likelihood of unusual options of a run that went well
MIRRORED = 2.0  # factor between the sides of a tile's output and the image
WEIGHTS_PER_PIXEL = 100.0

Images = Mapping[Key, Pair]


OPTIONS = ("the learning rate is", "the run has too few steps")  # sentences about unusual options


def unsuitable_rate(recipe: Recipe) -> list[Finding]:
    """A learning rate that is far too high, or too low for the number of steps."""
    if recipe.rate > HIGH_RATE * USUAL_RATE:
        return [
            Finding(
                0.95,
                "the learning rate is too high: the loss jumps, and neurons die",
                f"--rate {recipe.rate:g} is {recipe.rate / USUAL_RATE:.0f} times the usual {USUAL_RATE:g} of Adam",
                train_command(recipe, rate=USUAL_RATE),
            )
        ]
    if recipe.rate * recipe.last_step < LOW_TRAVEL and recipe.rate < USUAL_RATE / 10:
        return [
            Finding(
                0.95,
                f"the learning rate is too low for {recipe.last_step} steps: the weights hardly change",
                f"--rate {recipe.rate:g} is {USUAL_RATE / recipe.rate:.0f} times below the usual {USUAL_RATE:g}; "
                f"Adam moves a weight by at most about {recipe.rate * recipe.last_step:.2g}",
                train_command(recipe, rate=USUAL_RATE),
            )
        ]
    return []


def few_steps(recipe: Recipe) -> list[Finding]:
    """So few steps that no network can learn."""
    if recipe.last_step >= FEW_STEPS or recipe.start_from:
        return []
    return [
        Finding(
            0.94,
            "the run has too few steps",
            f"{recipe.last_step} steps of {recipe.batch} tiles; 250 are a short run",
            train_command(recipe, steps=250),
        )
    ]


def oversized_tile(train: Images, tile: Size, recipe: Recipe) -> list[Finding]:
    """A tile whose output (``tile``, in pixels) is much larger than the images, so that most of it is mirrored."""
    if recipe.tile in ("0", "") or not train:
        return []
    largest = tuple(max(sides) for sides in zip(*(pair.size for pair in train.values()), strict=True))
    factor = max(t / n for t, n in zip(tile, largest, strict=True))
    if factor < MIRRORED:
        return []
    sizes = (" × ".join(map(str, size)) for size in (tile, largest))
    return [
        Finding(
            0.8,
            "the tile is larger than the images, so most of it is mirrored",
            "output of a tile {} pixels, largest image {}".format(*sizes),
            train_command(recipe, tile="0"),
        )
    ]


def oversized_network(train: Images, parameters: int, recipe: Recipe) -> list[Finding]:
    """A network with many more weights than the training images have labelled pixels."""
    pixels = sum(int(pair.known.sum()) for pair in train.values())
    if parameters < WEIGHTS_PER_PIXEL * pixels:
        return []
    return [
        Finding(
            0.55,
            "the network is very large for so little data, so it may learn the images by heart",
            f"{parameters:,} weights, {pixels:,} labelled training pixels",
            train_command(recipe, widths="8,16,32", rotate=180.0, scale=0.2, validate=max(1, recipe.validate))
            if not recipe.net
            else "train a smaller network, with augmentation: " + train_command(recipe, rotate=180.0, scale=0.2),
        )
    ]


def in_spite_of_learning(findings: Sequence[Finding], mean_iou: float) -> list[Finding]:
    """The findings of a run that went well, in which unusual options are less likely to be the cause of anything."""
    return [
        replace(
            finding,
            likelihood=min(finding.likelihood, DOUBTFUL),
            evidence=f"{finding.evidence}; nevertheless the mean IoU on training images is {mean_iou:.2f}",
        )
        if finding.sentence.startswith(OPTIONS)
        else finding
        for finding in findings
    ]
