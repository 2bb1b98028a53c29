"""Faults of the split: test images that also stand in training, and test images of another brightness."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.wording import listed
from unet_tutorial.jobs.doctor.content import left_out
from unet_tutorial.jobs.doctor.finding import Finding, Key, corrected_copy, counted, train_command
from unet_tutorial.jobs.leaks import ALIKE, SLICE, symmetries, thumbnail
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.split import group_of

FAR = 3.0  # spreads of the training images' means

Images = Mapping[Key, Pair]


def leaked_images(train: Images, held_out: Images, recipe: Recipe) -> list[Finding]:
    """Images for testing or validation that are also trained on, perhaps mirrored, rotated or saved again.

    Slices of a stack of which others are trained on are not compared: `read_data` has a remark about them.
    """
    if not train or not held_out:
        return []
    stacks = {group_of(key.name, SLICE) for key in train} - {""}
    small = np.stack([thumbnail(pair.image).ravel() for pair in train.values()])  # (N, pixels)
    names, found = list(train), []
    for key, pair in held_out.items():
        if group_of(key.name, SLICE) in stacks:
            continue
        views = np.stack([view.ravel() for view in symmetries(thumbnail(pair.image)[None])])
        likeness = (small @ views.T).max(1)
        if likeness.max() > ALIKE:
            found.append((key, names[int(likeness.argmax())], float(likeness.max())))
    if not found:
        return []
    one = len(found) == 1
    return [
        Finding(
            0.96,
            f"{len(found)} of {counted(len(held_out), 'held-out image')} {'is' if one else 'are'} also trained on, so "
            f"the scores are too good: {listed([f'{key.name} = {twin.name}' for key, twin, _ in found])}",
            f"correlation of the images at least {min(value for _, _, value in found):.2f}",
            f"leave {'it' if one else 'them'} out: {corrected_copy(recipe.data)}",
            {key: left_out for key, _, _ in found},
        )
    ]


def unlike_training(train: Images, held_out: Images, recipe: Recipe) -> list[Finding]:
    """Held-out images that are much brighter or darker than training, with a normaliser that keeps this difference."""
    if recipe.normalise not in ("data", "none") or len(train) < 3:
        return []
    means = np.array([pair.image.mean() for pair in train.values()])
    spread = max(float(means.std()), float(np.mean([pair.image.std() for pair in train.values()])) / 2)
    far = [key for key, pair in held_out.items() if abs(float(pair.image.mean()) - means.mean()) > FAR * spread]
    if not far:
        return []
    mean = np.mean([held_out[key].image.mean() for key in far])
    return [
        Finding(
            0.8,
            f"held-out images are much brighter or darker than the training images: {listed([k.name for k in far])}",
            f"mean {mean:.4g}, in training {means.min():.4g} to {means.max():.4g}",
            train_command(recipe, normalise="image"),
        )
    ]
