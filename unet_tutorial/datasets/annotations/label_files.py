"""Reads the label files of one image: a mask, a mask per layer or per cell, or outlines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unet_tutorial.datasets.annotations.label_values import RawLabels, grey_values, layer_values
from unet_tutorial.datasets.annotations.outlines.read import OUTLINES, SMALLEST, read_outlines
from unet_tutorial.datasets.annotations.polygons import painted, whole
from unet_tutorial.datasets.images.files import explain_permission_error, read_values, stem
from unet_tutorial.datasets.images.image import Array


def raw_labels(
    paths: Sequence[Path], size: tuple[int, ...], image_name: str, *, one_file_per_cell: bool = False
) -> RawLabels:
    """The content of the label files of an image of the ``size`` (H, W) or (D, H, W) with this name.

    One file holds values or colours; several hold a layer each, or with ``one_file_per_cell`` a cell each. Files of
    COCO, labelme, QuPath or ImageJ hold outlines. Layers are named by their files, or by the folders of files of equal
    names.

    ValueError for files that cannot be read, and for several files of which one does not have the ``size`` or holds
    more than a mask.
    """
    paths = list(paths)
    with explain_permission_error(paths[0]):
        if all(path.suffix.lower() in OUTLINES for path in paths):
            found = read_outlines(paths, size, image_name)
            return RawLabels(
                str(paths[0]), found.classes, instances=found.instances, names=found.names, remarks=found.remarks
            )
        if len(paths) == 1 and not one_file_per_cell:
            values = read_values(paths[0])
            return RawLabels(
                str(paths[0]),
                values.array,
                values.layered,
                values.coloured,
                values.palette,
                names=values.names,
                spacing=values.spacing,
            )
        masks = RawLabels(
            str(paths[0]), np.stack([_mask(path, size) for path in paths]), True, names=layer_names(paths, image_name)
        )
    return _one_cell_each(masks) if one_file_per_cell else masks


def _one_cell_each(masks: RawLabels) -> RawLabels:
    """Masks of one cell each as outlines, without names of classes."""
    layers = layer_values(masks, None).array
    instances, shared = painted([whole(layer > 0) for layer in layers], layers.shape[1:])
    remark = f"{masks.name} and the other cells of this image: {shared} pixels lie in several cells; {SMALLEST}"
    return RawLabels(
        masks.name,
        (instances > 0).astype(np.uint8),
        instances=instances,
        names=("",),
        remarks=(remark,) if shared else (),
    )


def layer_names(paths: Sequence[Path], image_name: str) -> tuple[str, ...]:
    """The names of layers: those of the files without the name of the image, or of the folders if these are equal.

    >>> layer_names([Path("labels/a_nucleus.png"), Path("labels/a_membrane.png")], "a")
    ('nucleus', 'membrane')
    >>> layer_names([Path("nucleus/a.png"), Path("membrane/a.png")], "a")
    ('nucleus', 'membrane')
    """
    names = [stem(path) for path in paths]
    if len(set(names)) < len(names):
        names = [path.parent.name for path in paths]
    image = Path(image_name).name
    start = len(image) if all(name.startswith(image) for name in names) else 0
    cut = [name[start:].strip("_-. ") for name in names]
    return tuple(cut if all(cut) and len(set(cut)) == len(cut) else names)


def _mask(path: Path, size: tuple[int, ...]) -> Array:
    """True in the class or cell of a file that holds only this one."""
    values = read_values(path)
    raw = RawLabels(str(path), values.array, values.layered, values.coloured, values.palette)
    mask = grey_values(raw)
    if mask is None or raw.layered:
        raise ValueError(
            f"{path}: expected a grey mask of one class or cell, got colours or channels; save it as a grey mask"
        )
    if mask.shape != size:
        raise ValueError(
            f"{path}: the mask has shape {mask.shape} and its image {size}; export it at the size of the image"
        )
    return mask
