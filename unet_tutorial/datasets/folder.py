"""Reads a user's own folder of images and masks, matched by name, as pairs to train on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import READABLE, explain_permission_error, read_image, require_finite
from unet_tutorial.datasets.image import GREY
from unet_tutorial.datasets.labels import Instances, Labels
from unet_tutorial.datasets.masks import UNLABELLED, read_cells
from unet_tutorial.datasets.scheme import LabelScheme

IMAGES, MASKS = ("images", "image"), ("labels", "label", "masks", "mask")  # accepted names of the folders
STACKS = ("train-volume.tif", "train-labels.tif")  # as ISBI 2012 was released


class Pair(NamedTuple):
    """An image with its labels; `size` is (H, W), or (D, H, W) for a volume.

    `image` is (C, *size). `labels` (*size) uint8 holds the class of each pixel, or for layers (multi-label) 0 or 1 for
    each class, (L, *size). `instances` (*size) int32 holds the numbers of the cells, 1 .. n, and 0 elsewhere. `known`
    (*size) is False for unlabelled pixels, where `labels` and `instances` are 0. `spacing` is the size of a pixel along
    each axis in µm, or () if it is unknown.
    """

    name: str
    image: Array
    labels: Labels
    instances: Instances
    known: NDArray[np.bool_]
    spacing: tuple[float, ...] = ()

    @property
    def size(self) -> tuple[int, ...]:
        """The number of pixels along each spatial axis."""
        return self.known.shape

    def crop(self, name: str, where: tuple[slice, ...]) -> Pair:
        """All arrays cropped to the slices `where`, one per spatial axis, under a new name."""
        inside: Any = (..., *where)
        return Pair(
            name, self.image[inside], self.labels[inside], self.instances[where], self.known[where], self.spacing
        )


def paired(name: str, image: Array, cells: Instances) -> Pair:
    """A grey image (*size) with its numbered cells, 0 in the background and -1 where unlabelled, as of `read_cells`.

    >>> paired("a", np.zeros((1, 3)), np.array([[0, 7, -1]], np.int32)).labels.tolist()
    [[0, 1, 0]]
    """
    return Pair(name, image[None], (cells > 0).astype(np.uint8), np.maximum(cells, 0), cells != UNLABELLED)


@dataclass(frozen=True)
class Reading:
    """The options with which a folder is read; the texts are those of ``unet train``, "" stands for the default.

    ``labels`` is the kind of the labels, ``classes`` holds names of classes, ``colours`` a colour table, ``unlabelled``
    the value of pixels without a label, and ``channels`` picks channels of the images.
    """

    labels: str = ""
    classes: str = ""
    colours: str = ""
    unlabelled: int | None = None
    channels: str = ""


class Collection(NamedTuple):
    """The images of a folder with their labels.

    ``parts`` holds them under the names "train", "val" and "test", if the folder has such parts, otherwise under "".
    ``scheme`` says how their labels were read, ``channels`` are the names of their channels, and ``remarks`` are
    sentences for the user.
    """

    parts: dict[str, list[Pair]]
    scheme: LabelScheme
    channels: tuple[str, ...]
    remarks: list[str]


def read_collection(path: str | Path, rank: int = 2, reading: Reading = Reading()) -> Collection:
    """All images of a folder, and of its train/, val/ and test/ if it has them, read in the same way."""
    path = Path(path)
    if has_masks(path / "train"):
        parts = {part: path / part for part in ("train", "val", "test") if has_masks(path / part)}
    else:
        parts = {"": path}
    pairs = {part: read_folder(where, rank, unlabelled=reading.unlabelled) for part, where in parts.items()}
    return Collection(pairs, LabelScheme(unlabelled=reading.unlabelled), GREY, [])


def read_folder(path: str | Path, rank: int = 2, *, unlabelled: int | None = None) -> list[Pair]:
    """All images of a folder with their masks, in the order of their names.

    The folder holds `images/` and `labels/` (or `masks/`) with PNG or TIFF files of equal names, either directly or in
    `train/`; or the two stacks of ISBI 2012, train-volume.tif and train-labels.tif. A stack gives one pair per slice,
    or with ``rank`` 3 one pair for the volume. `read_cells` describes the masks: two values for cell and background, or
    the number of a cell in each pixel; ``unlabelled`` is the value of pixels without a label. An image or slice without
    any labelled pixel is left out.

    ValueError for a missing or empty folder, an image without its mask (or a mask without its image), sizes that
    differ, a single slice where ``rank`` is 3, pixels that are NaN or infinite, a mask that is not a label image, and a
    file that cannot be read.
    """
    path = Path(path)
    with explain_permission_error(path):
        pairs = [pair for image, mask in _matches(path) for pair in _pairs(image, mask, rank, unlabelled)]
    labelled = [pair for pair in pairs if pair.known.any()]
    if not labelled:
        raise ValueError(
            f"{path}: every pixel of its masks has the value {unlabelled}, so nothing is labelled; give another value"
        )
    return labelled


def has_masks(path: str | Path) -> bool:
    """Whether a folder holds both a folder of images and one of masks, under the names that `read_folder` accepts."""
    path = Path(path)
    with explain_permission_error(path):
        return all(_subfolder(path, names) is not None for names in (IMAGES, MASKS))


def _matches(path: Path) -> list[tuple[Path, Path]]:
    """The file of each image, and the file of its mask."""
    if not path.is_dir():
        raise ValueError(f"{path}: there is no such folder; check the name")
    stacks = (path / STACKS[0], path / STACKS[1])
    if all(stack.is_file() for stack in stacks):
        return [stacks]
    images, masks = _subfolder(path, IMAGES), _subfolder(path, MASKS)
    if images is None or masks is None:
        if (path / "train").is_dir():
            return _matches(path / "train")
        raise ValueError(
            f"{path}: no images/ and labels/ (or masks/) were found in it, nor {STACKS[0]} and {STACKS[1]}; "
            "put the images into images/ and the masks, under the same names, into labels/"
        )
    return _by_stem(images, masks)


def _subfolder(path: Path, names: tuple[str, ...]) -> Path | None:
    return next((path / name for name in names if (path / name).is_dir()), None)


def _by_stem(images: Path, masks: Path) -> list[tuple[Path, Path]]:
    """The files of two folders, matched by their names without the suffix."""
    image_files, mask_files = _stems(images), _stems(masks)
    if not image_files:
        raise ValueError(f"{images}: no images found; put files with one of the suffixes {', '.join(READABLE)} into it")
    for files, others, folder, kind in (
        (image_files, mask_files, masks, "mask"),
        (mask_files, image_files, images, "image"),
    ):
        unmatched = next((file for stem, file in files.items() if stem not in others), None)
        if unmatched:
            raise ValueError(
                f"{unmatched}: there is no {kind} of this name in {folder}; "
                f"name its {kind} {unmatched.stem}.png or {unmatched.stem}.tif, or remove the file"
            )
    return [(file, mask_files[stem]) for stem, file in image_files.items()]


def _stems(folder: Path) -> dict[str, Path]:
    """The image files of a folder by their names without the suffix, sorted."""
    files: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or file.suffix.lower() not in READABLE:
            continue
        if file.stem in files:
            raise ValueError(f"{file}: {files[file.stem].name} has the same name; keep one of the two")
        files[file.stem] = file
    return files


def _pairs(image_file: Path, mask_file: Path, rank: int, unlabelled: int | None) -> list[Pair]:
    """One pair for an image, one per slice for a stack with rank 2, one for a volume with rank 3."""
    image, cells = read_image(image_file), read_cells(mask_file, rank, unlabelled=unlabelled)
    require_finite(image, str(image_file))
    if image.shape != cells.shape:
        raise ValueError(
            f"{mask_file}: the mask has shape {cells.shape} and its image {image.shape}; "
            "the shapes must be equal, so export the mask again at the size of the image"
        )
    if image.ndim < rank:
        raise ValueError(
            f"{image_file}: expected a volume (D, H, W), got a single slice {image.shape}; "
            "save the whole stack as one TIFF file"
        )
    if image.ndim == rank:
        return [paired(image_file.stem, image, cells)]
    names = (f"{image_file.stem}-{number:02}" for number in range(len(image)))
    return [paired(*parts) for parts in zip(names, image, cells, strict=True)]
