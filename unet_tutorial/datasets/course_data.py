"""Generates the images of `data/`: `python -m unet_tutorial.datasets.course_data [FOLDER]`."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from unet_tutorial.datasets.files import write_image
from unet_tutorial.datasets.labels import Instances, connected_cells
from unet_tutorial.datasets.synthetic import SyntheticImage, em_membranes, touching_cells
from unet_tutorial.disk import make_folder

DATA = Path(__file__).parents[2] / "data"
CROP = 256  # pixels; the middle of a 512 × 512 slice, so that cells are cut off at the border as in a real image

# Folder -> (generator, seeds of its images). Folders of the same generator share no seed.
SHIPPED = {
    "em/train": ("em", range(12)),
    "em/test": ("em", range(100, 104)),
    "cells/train": ("cells", range(6)),
    "cells/test": ("cells", range(100, 102)),
}


def shipped_sample(kind: str, seed: int) -> SyntheticImage:
    """One image of `data/`, 256 × 256, from its kind (a key of `GENERATORS`) and its seed."""
    return GENERATORS[kind](seed, CROP)


def write_course_data(folder: Path = DATA) -> dict[str, str]:
    """Write all images and their instances as PNG files into `folder`; returns the sha256 of each folder's instances.

    ValueError if a file cannot be written.
    """
    digests = {}
    for name, (kind, seeds) in SHIPPED.items():
        instances = []
        for number, seed in enumerate(seeds):
            sample = shipped_sample(kind, seed)
            write_sample(folder / name, f"{number:02}.png", sample)
            instances.append(sample.instances)
        digests[name] = digest(np.stack(instances))
    return digests


def write_sample(folder: Path, name: str, sample: SyntheticImage) -> None:
    """Write the image to images/`name` and its instances, as uint16, to labels/`name` in the folder."""
    for part, array in (("images", sample.image), ("labels", sample.instances.astype(np.uint16))):
        write_image(make_folder(folder / part) / name, array)


def digest(instances: Instances) -> str:
    """The sha256 of instances as little-endian uint16 in C order."""
    return hashlib.sha256(instances.astype("<u2").tobytes()).hexdigest()


def _em_crop(seed: int, size: int) -> SyntheticImage:
    whole = em_membranes(seed, 2 * size)
    middle = (slice(size // 2, size // 2 + size),) * 2
    return SyntheticImage(whole.image[middle], connected_cells(whole.instances[middle]))


GENERATORS: dict[str, Callable[[int, int], SyntheticImage]] = {"em": _em_crop, "cells": touching_cells}


if __name__ == "__main__":
    try:
        for name, value in write_course_data(*map(Path, sys.argv[1:2])).items():
            print(f"{value}  {name}/labels")
    except ValueError as error:
        sys.exit(str(error))
