"""Turns the values of a label file into class maps and numbered cells, as their scheme says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.class_tables import BACKGROUND, marks_unlabelled
from unet_tutorial.datasets.annotations.colours import colour_of, hex_colour
from unet_tutorial.datasets.annotations.label_values import (
    KnownValues,
    RawLabels,
    colour_ids,
    colour_values,
    grey_values,
    integers,
    layer_values,
)
from unet_tutorial.datasets.annotations.labels import Instances, Labels, connected_cells, separated
from unet_tutorial.datasets.annotations.polygons import painted, whole
from unet_tutorial.datasets.annotations.scheme import CELL, UNCLASSIFIED, LabelScheme
from unet_tutorial.datasets.images.image import Array


class Encoded(NamedTuple):
    """The labels of one image.

    ``labels`` uint8 holds the class of each pixel (*size), or 0 and 1 for each layer (L, *size). ``instances`` (*size)
    int32 holds the numbers of the cells, 1 .. n; it is 0 everywhere for layers. ``known`` (*size) is False where pixels
    are unlabelled; there the other two are 0.
    """

    labels: Labels
    instances: Instances
    known: NDArray[np.bool_]


def encode(scheme: LabelScheme, raw: RawLabels, rank: int = 2) -> Encoded:
    """The labels of one image, whose files are read as ``scheme`` says.

    With ``rank`` 2 each slice of a stack is numbered separately, with 3 the stack is one volume. Cells that touch are
    separated by a line of background, one pixel on each side. In a map of classes the cells are the connected regions
    of each class but the background; two regions with only unlabelled pixels between them count as one, because no
    border between them is known.

    ValueError for values and colours that the scheme does not have, and for values that are not integers of at least 0.
    """
    if scheme.layered:
        return _layers(scheme, raw)
    if raw.instances is not None:
        classes, missing = _classes_of_outlines(scheme, raw)
        if scheme.kind == "classes":
            return _class_map(classes, missing, rank)
        return _cells(raw.instances * (classes > 0), missing, rank, classes)
    if raw.layered:
        layers, missing = layer_values(raw, scheme.unlabelled)
        return _cells(painted([whole(layer > 0) for layer in layers], missing.shape).instances, missing, rank)
    if scheme.values or scheme.colours:
        return _class_map(*_classes_of_values(scheme, raw), rank)
    grey = grey_values(raw)
    return _cells(*integers(raw.name, colour_ids(raw) if grey is None else grey, scheme.unlabelled), rank)


def _layers(scheme: LabelScheme, raw: RawLabels) -> Encoded:
    layers, missing = layer_values(raw, scheme.unlabelled)
    if len(layers) != len(scheme.names):
        raise ValueError(
            f"{raw.name}: expected the {len(scheme.names)} layers {', '.join(scheme.names)}, got {len(layers)}; "
            "save a file or channel for each, all 0 if the image has no such pixels"
        )
    return Encoded(layers.astype(np.uint8), np.zeros(missing.shape, np.int32), ~missing)


def _classes_of_outlines(scheme: LabelScheme, raw: RawLabels) -> tuple[Labels, NDArray[np.bool_]]:
    """The class of each pixel by the names of the outlines, and where they mark pixels without a label."""
    numbers = [0]
    unlabelled = [number for number, name in enumerate(raw.names, start=1) if marks_unlabelled(name)]
    for name in raw.names:
        if name.lower() == BACKGROUND or marks_unlabelled(name):
            numbers.append(0)
        elif name in scheme.names:
            numbers.append(scheme.names.index(name))
        elif not name and UNCLASSIFIED in scheme.names:
            numbers.append(scheme.names.index(UNCLASSIFIED))
        elif not name and len(scheme.names) == 2:
            numbers.append(1)
        elif not (raw.array == len(numbers)).any():
            numbers.append(0)  # a class without outlines in this image
        else:
            raise ValueError(
                f"{raw.name}: it has outlines of the class {name or CELL}, which is not among "
                f"{', '.join(scheme.names)}; correct the name, or leave the file out"
            )
    return np.array(numbers, np.uint8)[raw.array], np.isin(raw.array, unlabelled)


def _classes_of_values(scheme: LabelScheme, raw: RawLabels) -> KnownValues:
    """The number of the class of each pixel, from its value or colour."""
    if scheme.colours:
        keys = np.array([colour_of(colour) for colour in scheme.colours])
        values, missing = integers(raw.name, colour_values(raw), scheme.unlabelled)
    else:
        keys, grey = np.array(scheme.values), grey_values(raw)
        if grey is None:
            raise ValueError(
                f"{raw.name}: the mask is coloured, but the others are grey; save it with the values of the others"
            )
        values, missing = integers(raw.name, grey, scheme.unlabelled)
    order = np.argsort(keys)
    places = np.minimum(np.searchsorted(keys[order], values), len(keys) - 1)
    wrong = (keys[order][places] != values) & ~missing
    if wrong.any():
        found, counts = np.unique(values[wrong], return_counts=True)
        key, kind = (hex_colour(int(found[0])), "colour") if scheme.colours else (str(found[0]), "value")
        known = ", ".join(scheme.colours or map(str, scheme.values))
        raise ValueError(
            f"{raw.name}: {counts[0]} pixels have the {kind} {key}, which is not among those of the classes ({known}); "
            "correct the mask, or train with this class"
        )
    return KnownValues(np.where(missing, 0, order[places]).astype(np.uint8), missing)


def _class_map(classes: Labels, missing: NDArray[np.bool_], rank: int) -> Encoded:
    """A map of classes, whose connected regions are the cells."""
    regions, gaps = _regions(classes, rank), _regions(missing, rank)
    cells = np.zeros(regions.shape, np.int32)
    for region, gap, numbers in zip(regions, gaps, cells, strict=True):
        last = 0
        for number in np.flatnonzero(np.bincount(region.ravel())[1:]) + 1:
            inside = region == number
            found = connected_cells(inside | gap)[inside]
            consecutive = np.cumsum(np.bincount(found) > 0)  # gaps have numbers of their own in `connected_cells`
            numbers[inside] = consecutive[found] + last
            last += int(consecutive[-1])
    return Encoded(classes, cells.reshape(classes.shape), ~missing)


def _cells(numbers: Array, missing: NDArray[np.bool_], rank: int, classes: Labels | None = None) -> Encoded:
    """Numbered cells, of one class or with their ``classes``."""
    regions = _regions(numbers, rank)
    # numbered again after `separated`, which may remove all pixels of a thin cell
    cells = np.stack([_numbered(separated(_numbered(region))) for region in regions]).reshape(numbers.shape)
    cells = np.where(missing, 0, cells).astype(np.int32)
    labels = np.where(cells > 0, 1 if classes is None else classes, 0).astype(np.uint8)
    return Encoded(labels, cells, ~missing)


def _regions(array: Array, rank: int) -> Array:
    """The parts that are numbered separately, along a new first axis: slices with ``rank`` 2, the volume with 3."""
    return array.reshape(-1, *array.shape[-rank:])


def _numbered(region: Array) -> Instances:
    """The values above 0 replaced by 1 .. n in the same order."""
    values, ranks = np.unique(region, return_inverse=True)
    numbers: Instances = (ranks.reshape(region.shape) + (values[0] != 0)).astype(np.int32)
    return numbers
