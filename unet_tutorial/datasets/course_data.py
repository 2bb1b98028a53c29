"""Generates the images of `data/`: `python -m unet_tutorial.datasets.course_data [FOLDER]`."""

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.class_tables import CLASSES_FILE
from unet_tutorial.datasets.annotations.labels import connected_cells
from unet_tutorial.datasets.generators import tissue
from unet_tutorial.datasets.generators.overlapping import overlapping_discs
from unet_tutorial.datasets.generators.synthetic import SyntheticImage, em_membranes, touching_cells
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.disk import complete_file, make_folder

DATA = Path(__file__).parents[2] / "data"
CROP = 256  # pixels; the middle of a 512 × 512 slice, so that cells are cut off at the border as in a real image
SMALL = 128  # pixels; side of the images with several classes

# Folder -> (generator, seeds of its images). Folders of the same generator share no seed.
SHIPPED = {  # with numbered cells
    "em/train": ("em", range(12)),
    "em/test": ("em", range(100, 104)),
    "cells/train": ("cells", range(6)),
    "cells/test": ("cells", range(100, 102)),
}
SHIPPED_CLASSES = {  # with several classes
    "tissue/train": ("tissue", range(12)),
    "tissue/test": ("tissue", range(100, 104)),
    "discs/train": ("discs", range(12)),
    "discs/test": ("discs", range(100, 104)),
}
CLASS_NAMES = {"tissue": tissue.CLASSES}  # of the values in labels/; layers have a folder for each class instead


class LabelledImage(Protocol):
    """An image with its labels."""

    @property
    def files(self) -> dict[str, NDArray[Any]]:
        """Folder -> array of the file in it: the image in "images", and its labels in "labels" or subfolders of it."""


def shipped_sample(kind: str, seed: int) -> LabelledImage:
    """One image of `data/`, from its kind (a key of `GENERATORS`) and its seed."""
    return GENERATORS[kind](seed, CROP if kind in ("em", "cells") else SMALL)


def write_course_data(folder: Path = DATA) -> dict[str, str]:
    """Write all images and their labels as PNG files into `folder`; returns the sha256 of the labels of each folder.

    ValueError if a file cannot be written.
    """
    digests = {}
    for name, (kind, seeds) in (SHIPPED | SHIPPED_CLASSES).items():
        labels = []
        for number, seed in enumerate(seeds):
            sample = shipped_sample(kind, seed)
            write_sample(folder / name, f"{number:02}.png", sample)
            labels += [array for part, array in sample.files.items() if part != "images"]
        if kind in CLASS_NAMES:
            write_class_names(folder / name, CLASS_NAMES[kind])
        digests[name] = digest(np.stack(labels))
    return digests


def write_sample(folder: Path, name: str, sample: LabelledImage) -> None:
    """Write the image to images/`name` in the folder, and its labels to labels/`name` or labels/CLASS/`name`."""
    for part, array in sample.files.items():
        _write(make_folder(folder / part) / name, array)


def write_class_names(folder: Path, names: Sequence[str]) -> None:
    """Write the name and the value in the labels of each class to classes.json in the folder."""
    with complete_file(folder / CLASSES_FILE) as part:
        part.write_text(json.dumps({name: value for value, name in enumerate(names)}) + "\n", encoding="utf8")


def digest(labels: NDArray[Any]) -> str:
    """The sha256 of labels as little-endian uint16 in C order."""
    return hashlib.sha256(labels.astype("<u2").tobytes()).hexdigest()


def _write(path: Path, array: NDArray[Any]) -> None:
    """Write a grey image, or red, green and blue (H, W, 3) as PNG."""
    if path.suffix == ".png" and array.ndim == 3:
        from PIL import Image

        with complete_file(path) as part:
            Image.fromarray(array).save(part, optimize=True)
    else:
        write_image(path, array)


def _em_crop(seed: int, size: int) -> SyntheticImage:
    whole = em_membranes(seed, 2 * size)
    middle = (slice(size // 2, size // 2 + size),) * 2
    return SyntheticImage(whole.image[middle], connected_cells(whole.instances[middle]))


GENERATORS: dict[str, Callable[[int, int], LabelledImage]] = {
    "em": _em_crop,
    "cells": touching_cells,
    "tissue": tissue.stained_tissue,
    "discs": overlapping_discs,
}


if __name__ == "__main__":
    try:
        for name, value in write_course_data(*map(Path, sys.argv[1:2])).items():
            print(f"{value}  {name}/labels")
    except ValueError as error:
        sys.exit(str(error))
