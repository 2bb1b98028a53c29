"""Three small synthetic volumes, and a folder of them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.generators.walls import cell_walls
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.disk import make_folder

VOLUMES = [cell_walls(seed, (8, 32, 36), cells=8) for seed in (0, 1, 2)]
THIN_3D = ["--labels", "instances", "--preset", "unet3d", "--widths", "2,4,4", "--batch", "1", "--steps", "2"]
UNLABELLED = 65535  # in a mask: the value of unlabelled voxels


def write_volumes(folder: Path, numbers: range = range(3)) -> Path:
    """The folder, with TIFF stacks of these volumes in images/ and labels/."""
    for number in numbers:
        for part, array in (("images", VOLUMES[number].image), ("labels", VOLUMES[number].instances.astype(np.uint16))):
            write_image(make_folder(folder / part) / f"{number}.tif", array)
    return folder


def write_sparse_volumes(folder: Path) -> Path:
    """The folder, with two volumes of which every second slice is labelled."""
    write_volumes(folder, range(2))
    for number in range(2):
        mask = VOLUMES[number].instances.astype(np.uint16)
        mask[1::2] = UNLABELLED
        write_image(folder / "labels" / f"{number}.tif", mask)
    return folder


def put(folder: Path, mask: NDArray[np.uint16], name: str = "0") -> Path:
    """The folder, with the mask and an image of its size."""
    for part, array in (("images", np.full(mask.shape, 9, np.uint8)), ("labels", mask)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        write_image(folder / part / f"{name}.tif", array)
    return folder
