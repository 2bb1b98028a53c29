"""The content of the label files of one image, and its values as integers or as colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.colours import packed
from unet_tutorial.datasets.annotations.labels import Instances
from unet_tutorial.datasets.images.files import require_finite
from unet_tutorial.datasets.images.image import Array

MOST_VALUES = 12  # in a message
LARGEST = 2**63  # integers below it fit into int64
GREY_LEVELS = 256


@dataclass(frozen=True)
class RawLabels:
    """The content of the label files of one image, before its meaning is known.

    ``array`` holds the values: (*size) integers, booleans or floats; (L, *size) if ``layered``, one layer per class;
    (*size, 3) uint8 if ``coloured``. With a ``palette`` (n, 3) uint8 the values are positions in it. ``name`` stands in
    messages, ``remarks`` are sentences for the user. ``spacing`` is the size of a pixel in µm along each axis, or ().

    For layers ``names`` holds their names, or () if they have none. Outlines have ``instances`` (*size) int32, the
    numbers of the cells; the array then holds the class of each pixel, 0 or 1 + its position in ``names``.
    """

    name: str
    array: Array
    layered: bool = False
    coloured: bool = False
    palette: Array | None = None
    instances: Instances | None = None
    names: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    spacing: tuple[float, ...] = ()


class KnownValues(NamedTuple):
    """Integers of at least 0, and True where pixels are unlabelled; there the value is 0."""

    array: Array
    missing: NDArray[np.bool_]


def integers(name: str, array: Array, unlabelled: int | None) -> KnownValues:
    """The values of a mask as integers; pixels of the value ``unlabelled`` are missing.

    ValueError, with the ``name`` of the file, for NaN and infinity, fractions, and values below 0.
    """
    if array.dtype.kind not in "buif" or not array.size:
        raise ValueError(f"{name}: expected a mask of integers, got an array of shape {array.shape} and {array.dtype}")
    require_finite(array, name)
    missing = np.zeros(array.shape, bool) if unlabelled is None else np.asarray(array == unlabelled)
    values = np.where(missing, np.zeros((), array.dtype), array)
    if array.dtype.kind == "f" and (values != np.rint(values)).any():
        raise ValueError(
            f"{name}: expected a mask of integers, got values from {values.min()} to {values.max()} with fractions, as "
            "those of probabilities or of an image; save the classes or the numbers of the cells as integers"
        )
    if values.min() < 0:
        negative = np.unique(values[values < 0])
        advice = (
            f"give --unlabelled {int(negative[0])} if these pixels are unlabelled"
            if len(negative) == 1 and unlabelled is None
            else "export it again"
        )
        raise ValueError(
            f"{name}: expected a mask of integers of at least 0, got values from {values.min()} to {values.max()}; "
            f"{advice}"
        )
    if array.dtype.kind == "f" and values.max() > 2.0 ** (np.finfo(array.dtype).nmant + 1):
        raise ValueError(
            f"{name}: its values up to {values.max():.0f} are too large for {array.dtype}, which rounds them, so cells "
            "may have become one; save the numbers of the cells as integers"
        )
    if float(values.max()) >= LARGEST:
        raise ValueError(f"{name}: the value {values.max()} is too large; number the cells from 1")
    kept = values.dtype in (np.uint8, np.uint16)
    return KnownValues(values if kept else values.astype(np.uint8 if values.dtype == bool else np.int64), missing)


def grey_values(raw: RawLabels) -> Array | None:
    """The values (*size) of a file that is not coloured, else None.

    An RGB image is not coloured if its channels are equal. A palette of different greys gives these greys.
    """
    if raw.palette is not None:
        used = np.unique(raw.array)
        colours = _palette(raw)[used]
        equal = (colours == colours[:, :1]).all()
        return _palette(raw)[raw.array, 0] if equal and len(np.unique(colours[:, 0])) == len(used) else None
    if raw.coloured:
        return raw.array[..., 0] if (raw.array == raw.array[..., :1]).all() else None
    return raw.array


def colour_values(raw: RawLabels) -> NDArray[np.int64]:
    """The packed colour of each pixel (*size); a grey value of at most 255 is a colour too.

    ValueError for greater values, and for colours of more than 8 bits per channel.
    """
    if raw.palette is not None:
        return packed(_palette(raw))[raw.array]
    array = raw.array if raw.coloured else integers(raw.name, raw.array, None).array[..., None]
    if array.shape[-1] not in (1, 3) or array.max() >= GREY_LEVELS or array.dtype.kind not in "bui":
        raise ValueError(
            f"{raw.name}: expected colours of 8 bits per channel, got values up to {array.max()} in "
            f"{array.shape[-1]} channels ({array.dtype}); save it as an RGB image of 8 bits"
        )
    return packed(np.broadcast_to(array, (*array.shape[:-1], 3)))


def colour_ids(raw: RawLabels) -> NDArray[np.int64]:
    """A number for each colour of a coloured file (*size), 0 for black: the numbers of cells that are shown in colours.

    In a file with a palette the positions are counted, since a palette may give two cells the same colour.
    """
    colours = colour_values(raw)
    return colours if raw.palette is None else np.where(colours == 0, 0, raw.array.astype(np.int64) + 1)


def layer_values(raw: RawLabels, unlabelled: int | None) -> KnownValues:
    """The layers (L, *size), uint8 0 or 1; a file with one value per pixel is one layer, an RGB file three.

    A pixel is missing, (*size), if it is unlabelled in one of the layers. ValueError for a layer with several values
    other than 0, such as one with smooth edges.
    """
    array = np.moveaxis(raw.array, -1, 0) if raw.coloured else raw.array if raw.layered else raw.array[None]
    layers, missing = integers(raw.name, array, unlabelled)
    for number, layer in enumerate(layers):
        values = np.unique(layer)
        if len(values[values > 0]) > 1:
            raise ValueError(
                f"{raw.name}: its layer {raw.names[number] if raw.names else number + 1} holds "
                f"{shown(values.tolist())}, but a layer is 0 outside its class and one other value inside; threshold "
                "it to 0 and 255"
            )
    unknown = np.asarray(missing.any(axis=0))
    return KnownValues(((layers > 0) & ~unknown).astype(np.uint8), unknown)


def _palette(raw: RawLabels) -> Array:
    """The palette, with a colour for every value in the file. ValueError if it has too few."""
    palette = np.asarray(raw.palette)
    if raw.array.size and int(raw.array.max()) >= len(palette):
        raise ValueError(
            f"{raw.name}: the value {raw.array.max()} has no colour in its palette of {len(palette)}; export it again"
        )
    return palette


def shown(values: Sequence[int]) -> str:
    """A list of sorted values, of which at most `MOST_VALUES` are shown.

    >>> shown(range(100))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 .. 99 (100 values)'
    """
    if len(values) <= MOST_VALUES + 2:
        return ", ".join(map(str, values))
    return f"{', '.join(map(str, values[: MOST_VALUES - 1]))} .. {values[-1]} ({len(values)} values)"
