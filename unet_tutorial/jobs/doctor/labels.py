"""Faults of the labels: nothing or little to learn from, missing classes, specks, sizes of cells that differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import find_objects

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.image import Array
from unet_tutorial.datasets.wording import listed
from unet_tutorial.jobs.doctor.content import left_out
from unet_tutorial.jobs.doctor.finding import Finding, Key, check_again, corrected_copy, counted, train_command
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.task import Task

TINY = 0.004  # share of foreground pixels
RARE = 0.001  # share of a class
SPECK, SPECKS = 4, 30  # pixels, and number in an image on average
SCALES = 2.5  # factor between the typical sizes of cells in two groups of images
FEW = 5  # cells from which their median size is meaningful
FLAT = 1.8  # factor between the lengths of cells in µm along two axes
CELLS = 6  # inside a volume, for measuring these lengths

Images = Mapping[Key, Pair]


def shares(pair: Pair, task: Task) -> Array:
    """The share of labelled pixels of each class, or of each layer: (K,)."""
    if task.scheme.layered:
        return np.array([layer[pair.known].mean() for layer in pair.labels])
    counts = np.bincount(pair.labels[pair.known].ravel(), minlength=len(task.classes))
    return np.asarray(counts[: len(task.classes)] / max(1, counts.sum()))


def little_foreground(task: Task, pairs: Images, recipe: Recipe) -> list[Finding]:
    """Masks without foreground, and sets in which foreground is very rare."""
    values = {key: shares(pair, task) for key, pair in pairs.items()}
    foreground = {key: float(v.sum() if task.scheme.layered else v[1:].sum()) for key, v in values.items()}
    empty = [key for key, share in foreground.items() if share == 0]
    total = float(np.mean(list(foreground.values())))
    if len(empty) == len(pairs):
        return [
            Finding(
                0.99,
                "no mask has any foreground, so there is nothing to learn",
                f"{counted(len(pairs), 'mask')} with 0 % foreground",
                f"check the values in the files, or say which one is which: {train_command(recipe, labels='classes')}",
            )
        ]
    found = []
    if 2 * len(empty) > len(pairs):
        found.append(
            Finding(
                0.86,
                f"most masks are empty: {listed([key.name for key in empty])}",
                f"{len(empty)} of {len(pairs)} masks have no foreground",
                f"draw them or leave most of them out: {corrected_copy(recipe.data)}",
                dict.fromkeys(empty, left_out),
            )
        )
    if 0 < total < TINY:
        pixels = np.mean([share * pairs[key].known.sum() for key, share in foreground.items()])
        found.append(
            Finding(
                0.82,
                "the foreground is tiny, so a network that predicts only background has a small loss",
                f"{total:.2%} of the labelled pixels, about {pixels:.0f} in an image",
                f"use a loss of overlap: {train_command(recipe, loss='dice+cross_entropy')}",
            )
        )
    return found


def missing_classes(train: Images, others: Images, task: Task, recipe: Recipe) -> list[Finding]:
    """Classes that the training images do not show, or hardly."""
    names = task.classes
    if not train or (len(names) < 3 and not task.scheme.layered):
        return []
    total = np.mean([shares(pair, task) for pair in train.values()], axis=0)
    elsewhere = np.max([shares(pair, task) for pair in others.values()], axis=0) if others else np.zeros(len(names))
    absent = [i for i in range(len(names)) if total[i] == 0]
    rare = [i for i in range(len(names)) if 0 < total[i] < RARE]
    found = []
    if absent:
        held_out = [names[i] for i in absent if elsewhere[i] > 0]
        found.append(
            Finding(
                0.88,
                f"no training image shows {listed([names[i] for i in absent])}, so the network cannot learn it",
                f"0 pixels in {counted(len(train), 'training image')}"
                + (f"; the held-out images show {listed(held_out)}" if held_out else ""),
                "draw the test images at random: " + train_command(recipe, split="random")
                if held_out
                else f"leave the name out of --classes, or add images that show it: {check_again(recipe.data)}",
            )
        )
    if rare:
        found.append(
            Finding(
                0.75,
                f"{listed([names[i] for i in rare])} is very rare in the training images",
                ", ".join(f"{names[i]}: {total[i]:.3%} of the pixels" for i in rare),
                f"use a loss of overlap: {train_command(recipe, loss='dice+cross_entropy')}",
            )
        )
    return found


def specks(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Masks with many pieces of a few pixels, such as thresholded JPEG files."""
    numbers = {}
    for key, pair in pairs.items():
        sizes = np.bincount(pair.instances.ravel())[1:]
        small = int(((sizes > 0) & (sizes <= SPECK)).sum())
        if small >= SPECKS and small > (sizes > SPECK).sum():
            numbers[key] = small
    if not numbers or 4 * len(numbers) < len(pairs):
        return []
    return [
        Finding(
            0.7,
            f"the masks hold many specks of at most {SPECK} pixels: {listed([key.name for key in numbers])}",
            f"on average {np.mean(list(numbers.values())):.0f} specks in a mask",
            f"save masks as PNG or TIFF and never as JPEG, and remove specks, then: {check_again(recipe.data)}",
        )
    ]


def mixed_magnifications(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Images whose cells, or whose pixels in µm, are several times as large as those of the others."""
    stated = {key: pair.spacing[-1] for key, pair in pairs.items() if pair.spacing}
    if len(stated) == len(pairs) and max(stated.values()) > 2 * min(stated.values()):
        fine, coarse = (pick(stated, key=lambda key: stated[key]) for pick in (min, max))
        evidence = f"a pixel of {fine.name} is {stated[fine]:.3g} µm wide, one of {coarse.name} {stated[coarse]:.3g} µm"
        return [_magnification(0.7, evidence, recipe)]
    widths = {key: width for key, pair in pairs.items() if (width := typical_width(pair))}
    if len(widths) < 4:
        return []
    order = sorted(widths, key=lambda key: widths[key])
    values = np.array([widths[key] for key in order])
    jump = int((values[1:] / values[:-1]).argmax())
    below, above = values[: jump + 1], values[jump + 1 :]
    alike = all(group.max() / group.min() < SCALES for group in (below, above))
    if not alike or np.median(above) / np.median(below) < SCALES or values[jump + 1] / values[jump] < 2:
        return []
    small, large = order[0], order[-1]
    evidence = (
        f"cells of {small.name} are about {widths[small]:.0f} pixels wide, those of {large.name} {widths[large]:.0f}"
    )
    return [_magnification(0.6, evidence, recipe)]


def _magnification(likelihood: float, evidence: str, recipe: Recipe) -> Finding:
    return Finding(
        likelihood,
        "the images have different magnifications",
        evidence,
        "resize them to one pixel size, or train with changes of size: " + train_command(recipe, scale=0.5),
    )


def typical_width(pair: Pair) -> float:
    """The median width of the cells in pixels (the root of the area in the largest slice); 0 for fewer than `FEW`."""
    plane = pair.instances.reshape(-1, *pair.size[-2:])
    middle = plane[len(plane) // 2]
    sizes = np.bincount(middle.ravel())[1:]
    sizes = sizes[sizes > SPECK]
    return float(np.sqrt(np.median(sizes))) if len(sizes) >= FEW else 0.0


def wrong_spacing(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Volumes whose cells would be much longer along one axis than along another with the given voxel size."""
    volumes = [pair for pair in pairs.values() if len(pair.size) == 3]
    if not volumes:
        return []
    lengths = np.concatenate([inner_lengths(pair) for pair in volumes])  # (cells, 3) in voxels
    if len(lengths) < CELLS:
        return []
    typical = np.median(lengths, axis=0)
    measured = typical[1:].mean() / typical[0]  # distance of slices in pixels
    given = recipe.spacing or ",".join(f"{step:.3g}" for step in volumes[0].spacing)
    if not given:
        return []
    spacing = [float(part) for part in given.split(",")]
    stated = spacing[0] / np.mean(spacing[1:])
    if 1 / FLAT < measured / stated < FLAT:
        return []
    source = "--spacing" if recipe.spacing else "the files"
    return [
        Finding(
            0.84,
            f"the voxel size does not fit the cells: {source} {'is' if recipe.spacing else 'give'} {given}",
            f"cells are about {typical[0]:.0f} slices long and {typical[1:].mean():.0f} pixels wide, so slices are "
            f"about {measured:.1f} pixels apart, not {stated:.1f}",
            train_command(recipe, spacing=f"{measured:.2g},1,1"),
        )
    ]


def inner_lengths(pair: Pair) -> Array:
    """Lengths along each axis of the cells that do not touch the border of the volume: (cells, 3) in voxels."""
    boxes = [box for box in find_objects(pair.instances) if box]
    inside = [
        [side.stop - side.start for side in box]
        for box in boxes
        if all(side.start > 0 and side.stop < n for side, n in zip(box, pair.size, strict=True))
    ]
    return np.array(inside, float).reshape(-1, len(pair.size))
