"""The reason why a folder cannot be read, if its label files show one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import grey_dilation, grey_erosion

from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.images.files import read, read_values
from unet_tutorial.datasets.layouts.find import parts
from unet_tutorial.datasets.wording import listed
from unet_tutorial.jobs.doctor.finding import Finding, check_again
from unet_tutorial.jobs.recipe import Recipe

EXAMINED = 8  # files
COPIED = 0.98  # correlation of a label file with its image
LEVELS = 8  # values of a smoothed mask of two values
EDGE = 2  # pixels on both sides of an edge


def unreadable(error: Exception, recipe: Recipe) -> list[Finding]:
    """The refusal as a finding; smoothed masks, and masks that are copies of the image, are named first."""
    refusal = Finding(1.0, str(error), "the data cannot be read", _with_options(str(error), recipe.data))
    smoothed, copied = [], []
    for name, image, mask in _files(recipe.data):
        if image.shape[1:] == mask.shape and image_copy(image, mask) > COPIED:
            copied.append(name)
        elif (share := smoothed_edges(mask)) > 0:
            smoothed.append((name, share))
    again = check_again(recipe.data)
    if copied:
        sentence = f"label files are copies of the images: {listed(copied)}"
        evidence = f"correlation of label file and image above {COPIED}"
        return [Finding(1.0, sentence, evidence, f"put the masks into their place, then: {again}"), refusal]
    if smoothed:
        sentence = f"masks are smoothed (anti-aliased or resized): {listed([name for name, _ in smoothed])}"
        evidence = f"{np.mean([share for _, share in smoothed]):.1%} of the pixels have values between two labels"
        cure = f"export the masks without smoothing (resize with nearest neighbour), as PNG, then: {again}"
        return [Finding(1.0, sentence, evidence, cure), refusal]
    return [refusal]


def _with_options(message: str, data: Path) -> str:
    """The command that examines a folder again, once with each option that the message of an error names.

    >>> _with_options("write --labels classes, or --unlabelled 255", Path("a"))
    'unet doctor a --labels classes, or unet doctor a --unlabelled 255'
    >>> _with_options("write --colours '#000000=background,#ff0000=class 1' with your names", Path("a"))
    "unet doctor a --colours '#000000=background,#ff0000=class 1'"
    """
    options = list(
        dict.fromkeys(
            re.findall(r"--(?:labels (?:classes|instances|layers)|unlabelled [0-9]+|colours '[^']+')", message)
        )
    )
    again = check_again(data) if data.exists() else "unet doctor FOLDER, with the folder of your data"
    return ", or ".join([f"{check_again(data)} {option}" for option in options] or [again])


def _files(folder: Path) -> Iterator[tuple[str, Array, Array]]:
    """Name, image (C, *size) and values (*size) of the first files that can be read."""
    try:
        entries = [entry for layout in parts(folder).values() for entry in layout.entries]
    except (ValueError, OSError):
        return
    for entry in entries[:EXAMINED]:
        try:
            values = read_values(entry.labels[0])
            if not values.coloured and not values.layered:
                yield entry.labels[0].name, read(entry.images[0]).array, values.array
        except (ValueError, OSError):
            continue


def image_copy(image: Array, mask: Array) -> float:
    """The largest correlation of a mask (*size) with a channel of its image (C, *size); 0 if one is constant."""
    values = mask.ravel().astype(np.float64)
    channels = [channel.ravel().astype(np.float64) for channel in image]
    if len(np.unique(values[:10_000])) < LEVELS:
        return 0.0
    return max((float(np.corrcoef(each, values)[0, 1]) for each in channels if each.std() > 0), default=0.0)


def smoothed_edges(mask: Array) -> float:
    """The share of pixels between the smallest and the largest value of a mask of two values whose edges are smoothed.

    0 for any other mask: one with few values, or with other values far from edges.

    >>> smoothed_edges(np.repeat([[0] * 6 + [40, 80, 120, 160, 200, 240] + [255] * 6], 9, axis=0)) > 0.3
    True
    """
    low, high = int(mask.min()), int(mask.max())
    between = (mask > low) & (mask < high)
    share = float(between.mean())
    if len(np.unique(mask)) < LEVELS or share > 0.5:
        return 0.0
    size = (1,) * (mask.ndim - 2) + (2 * EDGE + 3,) * 2
    varied = grey_dilation(mask, size) > grey_erosion(mask, size) + (high - low) // 2
    return share if (varied | ~between).mean() > 0.99 else 0.0
