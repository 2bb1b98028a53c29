"""Folders with planted faults: each is one that users of U-Nets ask about in public."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom

from unet_tutorial.datasets.annotations.labels import separated
from unet_tutorial.datasets.generators.synthetic import em_membranes, touching_cells
from unet_tutorial.datasets.generators.tissue import stained_tissue
from unet_tutorial.datasets.generators.walls import cell_walls
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.jobs.recipe import Recipe

Array = NDArray[Any]
SIDE = 96  # pixels


class Files(NamedTuple):
    """An image and its mask as they are stored: (H, W) or (H, W, 3), and (H, W); volumes (D, H, W)."""

    image: Array
    mask: Array


Folder = dict[str, Files]  # by name; a name "test/00" is in the test part


@cache
def membranes() -> Mapping[str, Files]:
    """Eight grey images, masks of 0 and 255."""
    drawn = [em_membranes(seed, SIDE) for seed in range(8)]
    return {f"{i:02}": Files(each.image, 255 * (each.instances > 0).astype(np.uint8)) for i, each in enumerate(drawn)}


@cache
def cells() -> Mapping[str, Files]:
    """Eight grey images of touching cells, masks of 0 and 255."""
    drawn = [touching_cells(seed, SIDE) for seed in range(8)]
    masks = [255 * (separated(each.instances) > 0).astype(np.uint8) for each in drawn]
    return {f"{i:02}": Files(each.image, mask) for i, (each, mask) in enumerate(zip(drawn, masks, strict=True))}


@cache
def tissue() -> Mapping[str, Files]:
    """Eight colour images with four classes."""
    drawn = [stained_tissue(seed, SIDE) for seed in range(8)]
    return {f"{i:02}": Files(np.moveaxis(each.image, 0, -1), each.labels) for i, each in enumerate(drawn)}


@cache
def walls() -> Mapping[str, Files]:
    """Two volumes whose slices are 3 pixels apart, with numbered cells."""
    drawn = [cell_walls(seed, (24, 72, 72), cells=60) for seed in range(2)]
    return {str(i): Files(each.image, separated(each.instances).astype(np.uint16)) for i, each in enumerate(drawn)}


def divided(files: Mapping[str, Files]) -> Folder:
    """The last two images are the test part."""
    names = list(files)
    return {f"{'test' if name in names[-2:] else 'train'}/{name}": files[name] for name in names}


def write(folder: Path, files: Mapping[str, Files], spacing: tuple[float, ...] = ()) -> Path:
    """Write the files into images/ and labels/ of the folder, or of its parts."""
    for name, each in files.items():
        part, _, stem = name.rpartition("/")
        for kind, array in (("images", each.image), ("labels", each.mask)):
            path = folder / part / kind / f"{stem}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if array.ndim == 3 and array.shape[-1] == 3:
                Image.fromarray(array).save(path)
            elif array.ndim == 3 or array.dtype.kind == "f":
                write_image(path.with_suffix(".tif"), array, spacing)
            else:
                write_image(path, array)
    return folder


def changed(files: Mapping[str, Files], names: str, change: Callable[[Files], Files]) -> Folder:
    """The files, of which those with the names (separated by blanks; "" stands for all) are changed."""
    chosen = names.split() or list(files)
    return {name: change(each) if name in chosen else each for name, each in files.items()}


def masks_changed(change: Callable[[Array], Array]) -> Callable[[Files], Files]:
    return lambda each: Files(each.image, np.ascontiguousarray(change(each.mask)))


def images_changed(change: Callable[[Array], Array]) -> Callable[[Files], Files]:
    return lambda each: Files(np.ascontiguousarray(change(each.image)), each.mask)


def with_masks_of(files: Mapping[str, Files], others: Mapping[str, str]) -> Folder:
    """The files, of which some have the masks of others."""
    return {name: Files(each.image, files[others.get(name, name)].mask) for name, each in files.items()}


def jpeg(image: Array, quality: int) -> Array:
    """The image after a JPEG compression."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def shifted(mask: Array) -> Array:
    return np.roll(mask, (9, -5), (0, 1))


def unfinished(mask: Array) -> Array:
    """Only a corner of the mask."""
    result = np.zeros_like(mask)
    result[:24, :24] = mask[:24, :24]
    return result


def specked(mask: Array) -> Array:
    noise = np.random.default_rng(0).random(mask.shape) < 0.03
    return np.where(noise, 255, mask).astype(np.uint8)


def spot(each: Files) -> Files:
    """The image with a bright spot, which is the foreground, at a place that depends on the image."""
    row, column = divmod(int(each.image.sum()) % 8000, 90)
    image, mask = each.image.copy(), np.zeros_like(each.mask)
    for array in (image, mask):
        array[row : row + 5, column : column + 5] = 255
    return Files(image, mask)


def without_class(number: int) -> Callable[[Array], Array]:
    return lambda mask: np.where(mask == number, 1, mask).astype(np.uint8)


def two_magnifications() -> Folder:
    """Four images with numbered cells, and two at a third of their magnification, each a mosaic of 9 small ones."""
    drawn = [touching_cells(seed, 144) for seed in range(9)]
    small = [[zoom(array, 1 / 3, order=0) for array in (each.image, each.instances)] for each in drawn]
    numbers = [np.where(mask > 0, mask + 100 * i, 0) for i, (_, mask) in enumerate(small)]
    mosaics = {}
    for name, order in (("s1", slice(None)), ("s2", slice(None, None, -1))):
        images, masks = [part[0] for part in small][order], numbers[order]
        image, mask = (np.block([parts[:3], parts[3:6], parts[6:]]) for parts in (images, masks))
        mosaics[name] = Files(image, mask.astype(np.uint16))
    return {f"{i}": Files(each.image, each.instances.astype(np.uint16)) for i, each in enumerate(drawn[:4])} | mosaics


def nuclei_in_the_first_row(mask: Array) -> Array:
    return np.concatenate([mask[:1], without_class(3)(mask[1:])])


def unknown_at_the_left(mask: Array) -> Array:
    return np.where(np.arange(SIDE) < 9, 255, mask).astype(np.uint8)


def smoothed(mask: Array) -> Array:
    return np.asarray(gaussian_filter(mask.astype(float), 1.0)).astype(np.uint8)


def mirrored(each: Files) -> Files:
    """A brighter image, mirrored with its mask."""
    return Files(np.minimum(each.image, 225)[:, ::-1] + 30, each.mask[:, ::-1])


def overexposed(image: Array) -> Array:
    return np.minimum(2.2 * image.astype(float), 255).astype(np.uint8)


def sixteen_bits(image: Array) -> Array:
    return (image.astype(np.uint16) * 200).astype(np.uint16)


def with_hole(image: Array) -> Array:
    values = image.astype(np.float32)
    values[3, 4] = np.nan
    return values


@dataclass(frozen=True)
class Case:
    """A planted fault: its name, the files, the options of training, and words of the finding and of its cure.

    ``source`` is a public question about it.
    """

    name: str
    files: Callable[[], Mapping[str, Files]]
    sentence: str
    cure: str
    source: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    spacing: tuple[float, ...] = ()

    def recipe(self, folder: Path) -> Recipe:
        """Write the files into a folder; returns the recipe that trains on them."""
        return Recipe(write(folder, self.files(), self.spacing), **self.options)


MILESIAL, NNUNET = "https://github.com/milesial/Pytorch-UNet/issues/", "https://github.com/MIC-DKFZ/nnUNet/issues/"

CASES = [
    Case(
        "some masks shifted",
        lambda: changed(membranes(), "01 04", masks_changed(shifted)),
        "2 of 8 masks are shifted against their images: 01 fits after a move by 9 pixels up and 5 to the right",
        "--corrected",
    ),
    Case(
        "all masks shifted",
        lambda: changed(membranes(), "", masks_changed(shifted)),
        "the masks are shifted against their images: all 8 fit after a move by 9 pixels up and 5 to the right",
        "--corrected",
    ),
    Case(
        "some masks mirrored",
        lambda: changed(cells(), "03", masks_changed(np.fliplr)),
        "1 of 8 masks is flipped or turned against its image: 03 fits after a flip from left to right",
        "--corrected",
    ),
    Case(
        "all masks transposed",
        lambda: changed(membranes(), "", masks_changed(np.transpose)),
        "all 8 fit after swapping rows and columns",
        "--corrected",
        NNUNET + "1995",
    ),
    Case(
        "two masks exchanged",
        lambda: with_masks_of(membranes(), {"02": "05", "05": "02"}),
        "2 of 8 masks belong to other images: 02 fits after an exchange with 05",
        "--corrected",
    ),
    Case(
        "all masks of the next image",
        lambda: with_masks_of(cells(), {f"{i:02}": f"{(i + 1) % 8:02}" for i in range(8)}),
        "8 of 8 masks belong to other images",
        "--corrected",
        NNUNET + "2623",
    ),
    Case(
        "one mask for several images",
        lambda: with_masks_of(membranes(), {"02": "05"}),
        "different images have the same mask: 02 and 05",
        "unet doctor",
    ),
    Case(
        "some masks inverted",
        lambda: changed(membranes(), "01 06", masks_changed(lambda mask: 255 - mask)),
        "2 of 8 masks are inverted against the others",
        "--corrected",
        "https://github.com/Project-MONAI/tutorials/issues/433",
    ),
    Case(
        "masks forgotten",
        lambda: changed(membranes(), "01 06", masks_changed(np.zeros_like)),
        "2 masks lack cells that the image shows: 01 (empty), 06 (empty)",
        "--corrected",
        MILESIAL + "442",
    ),
    Case(
        "a mask unfinished",
        lambda: changed(membranes(), "02", masks_changed(unfinished)),
        "1 mask lacks cells that the image shows: 02 (unfinished)",
        "--corrected",
    ),
    Case(
        "all masks empty",
        lambda: changed(membranes(), "", masks_changed(np.zeros_like)),
        "every pixel has the value 0, so there is nothing to learn",
        "unet",
        MILESIAL + "118",
    ),
    Case(
        "tiny foreground",
        lambda: changed(membranes(), "", spot),
        "the foreground is tiny, so a network that predicts only background has a small loss",
        "--loss dice+cross_entropy",
        "https://datascience.stackexchange.com/q/129632",
    ),
    Case(
        "constant images",
        lambda: changed(membranes(), "00 03", images_changed(np.zeros_like)),
        "2 of 8 images are constant",
        "--corrected",
    ),
    Case(
        "saturated images",
        lambda: changed(membranes(), "", images_changed(overexposed)),
        "8 of 8 images are saturated, so details are lost",
        "unet doctor",
    ),
    Case(
        "mixed bit depths",
        lambda: changed(membranes(), "02 03 05", images_changed(sixteen_bits)),
        "the images have different bit depths or ranges: uint16, uint8",
        "--normalise image",
        options={"normalise": "data"},
    ),
    Case(
        "values not normalised",
        membranes,
        "the values of the files enter the network without normalisation",
        "--normalise image",
        options={"normalise": "none"},
    ),
    Case(
        "RGB and BGR",
        lambda: changed(tissue(), "02 05", images_changed(lambda image: image[..., ::-1])),
        "2 of 8 images are in BGR order, the others in RGB",
        "--corrected",
        options={"labels": "classes"},
    ),
    Case(
        "strong JPEG compression",
        lambda: changed(membranes(), "", images_changed(lambda image: jpeg(image, 8))),
        "8 of 8 images are compressed by JPEG so strongly that",
        "unet doctor",
    ),
    Case(
        "a test image in training",
        lambda: divided(membranes()) | {"train/copy": membranes()["07"]},
        "1 of 2 held-out images is also trained on, so the scores are too good: 07 = copy",
        "--corrected",
    ),
    Case(
        "a test image in training, mirrored and brighter",
        lambda: divided(membranes()) | {"train/copy": mirrored(membranes()["07"])},
        "1 of 2 held-out images is also trained on, so the scores are too good: 07 = copy",
        "--corrected",
    ),
    Case(
        "copies with different masks",
        lambda: dict(membranes()) | {"00b": Files(membranes()["00"].image, unfinished(membranes()["00"].mask))},
        "1 image is a copy of another one with a different mask: 00 = 00b",
        "--corrected",
    ),
    Case(
        "a class only in the test images",
        lambda: changed(tissue(), "00 01 02 03 04 05", masks_changed(without_class(3))),
        "no training image shows class 3",
        "--split random",
        NNUNET + "2530",
        options={"held_out": 2, "labels": "classes"},
    ),
    Case(
        "a class that is rare",
        lambda: changed(tissue(), "", masks_changed(nuclei_in_the_first_row)),
        "class 3 is very rare in the training images",
        "--loss dice+cross_entropy",
        NNUNET + "2263",
        options={"labels": "classes"},
    ),
    Case(
        "masks full of specks",
        lambda: changed(cells(), "", masks_changed(specked)),
        "the masks hold many specks of at most 4 pixels",
        "unet doctor",
    ),
    Case(
        "mixed magnifications",
        two_magnifications,
        "the images have different magnifications",
        "--scale 0.5",
        MILESIAL + "442",
        options={"labels": "instances"},
    ),
    Case(
        "wrong voxel size",
        walls,
        "the voxel size does not fit the cells: the files give 1,1,1",
        "--spacing",
        NNUNET + "2318",
        options={"preset": "unet3d", "widths": "4,8", "labels": "instances"},
        spacing=(1.0, 1.0, 1.0),
    ),
    Case(
        "smoothed masks",
        lambda: changed(membranes(), "", masks_changed(smoothed)),
        "masks are smoothed (anti-aliased or resized)",
        "unet doctor",
        NNUNET + "2623",
    ),
    Case(
        "images in place of masks",
        lambda: changed(membranes(), "", lambda each: Files(each.image, each.image)),
        "label files are copies of the images",
        "unet doctor",
    ),
    Case(
        "NaN in an image",
        lambda: changed(membranes(), "", images_changed(with_hole)),
        "NaN",
        "unet doctor",
        MILESIAL + "506",
    ),
    Case(
        "an unknown value in the masks",
        lambda: changed(tissue(), "02", masks_changed(unknown_at_the_left)),
        "255",
        "--unlabelled 255",
        "https://github.com/frankkramer-lab/MIScnn/issues/93",
    ),
    Case(
        "learning rate 100 times too high",
        membranes,
        "the learning rate is too high",
        "--rate 0.002",
        NNUNET + "2318",
        options={"rate": 0.2},
    ),
    Case(
        "learning rate 100 times too low",
        membranes,
        "the learning rate is too low for 250 steps",
        "--rate 0.002",
        options={"rate": 2e-5},
    ),
    Case(
        "too few steps", membranes, "the run has too few steps", "--steps 250", MILESIAL + "170", options={"steps": 20}
    ),
    Case(
        "tile larger than the images",
        membranes,
        "the tile is larger than the images, so most of it is mirrored",
        "--tile 0",
        options={"tile": "300"},
    ),
    Case(
        "network too large for the data",
        lambda: {name: membranes()[name] for name in ("00", "01", "02")},
        "the network is very large for so little data",
        "--widths 8,16,32",
        MILESIAL + "221",
        options={"widths": "64,128,256,512"},
    ),
]
