"""The data that comes with the course, made anew by `python -m unet_tutorial.datasets.ship [FOLDER]`."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from unet_tutorial.datasets.files import write_image
from unet_tutorial.datasets.labels import connected_cells
from unet_tutorial.datasets.noise import Ids
from unet_tutorial.datasets.synthetic import SyntheticImage, em_membranes, touching_cells
from unet_tutorial.disk import make_folder

DATA = Path(__file__).parents[2] / "data"
CROP = 256  # pixels; cut from slices of 512, so that every cell may reach beyond the image as in a real one

# Folder: the generator and the seeds of its images. No seed is in two folders.
SHIPPED = {
    "em/train": ("em", range(12)),
    "em/test": ("em", range(100, 104)),
    "cells/train": ("cells", range(6)),
    "cells/test": ("cells", range(100, 102)),
}


def shipped_sample(kind: str, seed: int) -> SyntheticImage:
    """One image as it is shipped, 256 × 256; `kind` is a key of `GENERATORS`."""
    return GENERATORS[kind](seed, CROP)


def ship(folder: Path = DATA) -> dict[str, str]:
    """Write every image and its instances below `folder`; the sha256 of the instances of each set."""
    digests = {}
    for name, (kind, seeds) in SHIPPED.items():
        instances = []
        for number, seed in enumerate(seeds):
            sample = shipped_sample(kind, seed)
            for part, array in (("images", sample.image), ("labels", sample.instances.astype(np.uint16))):
                write_image(make_folder(folder / name / part) / f"{number:02}.png", array)
            instances.append(sample.instances)
        digests[name] = digest(np.stack(instances))
    return digests


def digest(instances: Ids) -> str:
    """The sha256 of integer labels, as little-endian uint16 in C order."""
    return hashlib.sha256(instances.astype("<u2").tobytes()).hexdigest()


def _em_crop(seed: int, size: int) -> SyntheticImage:
    whole = em_membranes(seed, 2 * size)
    middle = (slice(size // 2, size // 2 + size),) * 2
    return SyntheticImage(whole.image[middle], connected_cells(whole.instances[middle]))


GENERATORS: dict[str, Callable[[int, int], SyntheticImage]] = {"em": _em_crop, "cells": touching_cells}


if __name__ == "__main__":
    try:
        for name, value in ship(*map(Path, sys.argv[1:2])).items():
            print(f"{value}  {name}/labels")
    except ValueError as error:
        sys.exit(str(error))
