"""Instances in a prediction: connected components with numbers, an optional watershed, and a table of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from math import isfinite, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import check_probabilities

AXES = "zyx"


class InstanceMap(NamedTuple):
    """The instances of an image: ``labels`` (*size) holds the number of each pixel's instance, and 0 elsewhere.

    The numbers are 1 .. n in reading order, that is, by the first pixel of each instance; uint16, or uint32 if there
    are more than 65535. ``classes`` (n,) is the class of each instance. An instance extends along the last ``rank``
    axes: if ``rank`` is 2 and the image is a stack, each slice has instances of its own, numbered through the stack.
    """

    labels: NDArray[Any]
    classes: NDArray[np.int64]
    rank: int


class InstanceRow(NamedTuple):
    """One instance: a row of the table.

    - ``pixels``: its number of pixels, or voxels.
    - ``size``: its area in µm², or its volume in µm³; None if the size of a pixel is unknown.
    - ``centre``: the mean position of its pixels, in pixels along each axis; the first pixel of an axis is at 0.
    - ``box``: its first pixel and the one after its last, along each axis.
    - ``probability``: the mean probability of its class, over its pixels.
    """

    number: int
    name: str
    pixels: int
    size: float | None
    centre: tuple[float, ...]
    box: tuple[tuple[int, int], ...]
    probability: float


def instances(
    probability: NDArray[Any],
    threshold: float = 0.5,
    *,
    rank: int = 0,
    min_size: int = 1,
    distance: float = 0,
    spacing: Sequence[float] = (),
) -> InstanceMap:
    """The instances of the foreground, whose probability (*size) is above the threshold; class 1.

    The other arguments are those of ``class_instances``. Raises ValueError for NaN and for values outside 0 to 1.

    >>> instances(np.array([[0.9, 0.2, 0.6, 0.7]])).labels.tolist()
    [[1, 0, 2, 2]]
    """
    check_probabilities("probability", probability)
    return class_instances(probability > threshold, rank=rank, min_size=min_size, distance=distance, spacing=spacing)


def class_instances(
    classes: NDArray[Any], *, rank: int = 0, min_size: int = 1, distance: float = 0, spacing: Sequence[float] = ()
) -> InstanceMap:
    """The instances of each class in a map of classes (*size), where 0 is background.

    An instance is a connected component of the pixels of one class; pixels are connected if they share a side
    (4-connected in 2D, 6-connected in 3D). Instances of fewer than ``min_size`` pixels are removed. ``rank`` is the
    number of axes of an instance, by default that of the map; with rank 2 the slices of a stack are separate.

    If ``distance`` is above 0, components are divided by a watershed, so that cells which touch become separate. The
    centres of the cells are the maxima of the distance to the background. ``distance`` is the smallest distance of two
    centres in a component, in pixels of the last axis: about the diameter of the smallest cell. ``spacing`` is the size
    of a pixel along each axis, in any unit; by default pixels are cubes.

    Raises ValueError for a ``distance`` below 0.

    >>> class_instances(np.array([[2, 2, 1, 0, 2]])).labels.tolist()
    [[1, 1, 2, 0, 3]]
    """
    if not (isfinite(distance) and distance >= 0):
        raise ValueError(f"distance {distance}: write a number of pixels, or 0 for no watershed")
    rank = rank or classes.ndim
    pixel = np.asarray(spacing[-rank:] or (1.0,) * rank, float)
    labels, kinds = np.zeros(classes.shape, np.int32), [np.zeros(0, np.int64)]
    size = classes.shape[-rank:]
    for plane, numbers in zip(classes.reshape(-1, *size), labels.reshape(-1, *size), strict=True):
        found, kind = _reading_order(*components_by_class(plane, distance, pixel / pixel[-1]), min_size)
        numbers[...] = np.where(found > 0, found + sum(map(len, kinds)), 0)
        kinds.append(kind)
    every = np.concatenate(kinds)
    return InstanceMap(labels.astype(np.uint16 if len(every) < 2**16 else np.uint32), every, rank)


def layer_instances(
    layers: NDArray[Any], find: Callable[[NDArray[Any]], InstanceMap] = class_instances
) -> list[InstanceMap]:
    """The instances of each layer (L, *size) of 0 and 1; their class is the number of the layer.

    Layers may overlap, so each has a label image of its own. ``find`` is ``class_instances``, with its options.
    """
    found = [find(layer) for layer in layers]
    return [each._replace(classes=np.full_like(each.classes, number)) for number, each in enumerate(found)]


def components_by_class(
    plane: NDArray[Any], distance: float = 0, pixel: Sequence[float] | NDArray[Any] = ()
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The components 1 .. n of all classes in one label image (*size), in any order, and the class (n,) of each.

    ``distance`` is that of ``class_instances``, and ``pixel`` the size of a pixel along each axis, in pixels of the
    last axis; it is needed only with a distance.
    """
    labels, kinds = np.zeros(plane.shape, np.int32), [np.zeros(0, np.int64)]
    for kind in np.unique(plane[plane > 0]):
        found = _components(plane == kind, distance, np.asarray(pixel))
        labels += np.where(found > 0, found + sum(map(len, kinds)), 0).astype(np.int32)
        kinds.append(np.full(found.max(), kind, np.int64))
    return labels, np.concatenate(kinds)


def _components(mask: NDArray[np.bool_], distance: float, pixel: NDArray[Any]) -> NDArray[Any]:
    from scipy.ndimage import distance_transform_edt, label

    components, _ = label(mask)  # scipy's default: pixels that share a side
    if not distance or not mask.any():
        return np.asarray(components)
    from skimage.segmentation import watershed

    # pixels beyond the border of the image count as background
    inner = (slice(1, -1),) * mask.ndim
    depth = distance_transform_edt(np.pad(mask, 1), sampling=pixel)[inner]
    return np.asarray(watershed(-depth, _seeds(depth, components, distance, pixel), mask=mask))


def _seeds(depth: NDArray[Any], components: NDArray[Any], distance: float, pixel: NDArray[Any]) -> NDArray[np.int32]:
    """The centres in each component, as pixels with the numbers 1, 2, …, and 0 elsewhere.

    The local maxima of ``depth``, the distance to the background, are taken from the largest on; one that is closer
    than ``distance`` to a centre of the same component is left out.
    """
    from scipy.ndimage import maximum_filter
    from scipy.spatial import KDTree

    at = np.argwhere((depth == maximum_filter(depth, 3)) & (components > 0))  # (maxima, rank), in reading order
    where = tuple(at.T)
    tree, component = KDTree(at * pixel), components[where]
    free, seeds = np.ones(len(at), bool), np.zeros(depth.shape, np.int32)
    count = 0
    for i in np.argsort(-depth[where], kind="stable"):
        if free[i]:
            count += 1
            seeds[tuple(at[i])] = count
            near = np.array(tree.query_ball_point(at[i] * pixel, np.nextafter(distance, 0)))
            free[near[component[near] == component[i]]] = False
    return seeds


def _reading_order(
    labels: NDArray[Any], kinds: NDArray[np.int64], min_size: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The instances of at least ``min_size`` pixels, numbered 1 .. n by their first pixel, and their classes."""
    flat = labels.ravel()
    sizes = np.bincount(flat, minlength=len(kinds) + 1)[1:]
    first = np.zeros(len(kinds) + 1, np.int64)
    first[flat[::-1]] = np.arange(flat.size)[::-1]  # of equal indices, the last one counts
    kept = np.flatnonzero(sizes >= min_size)
    kept = kept[np.argsort(first[1:][kept])]
    number = np.zeros(len(kinds) + 1, np.int32)
    number[kept + 1] = np.arange(1, len(kept) + 1)
    return number[labels], kinds[kept]


def table(
    found: InstanceMap, probabilities: NDArray[Any], names: Sequence[str], *, spacing: Sequence[float] = ()
) -> list[InstanceRow]:
    """The rows of all instances, by number.

    ``probabilities`` (K, *size) are those of all classes, or layers, whose ``names`` are given. ``spacing`` is the size
    of a pixel along each axis of an instance in µm, or () if it is unknown.
    """
    from scipy.ndimage import find_objects

    n = len(found.classes)
    at = np.flatnonzero(found.labels)  # (pixels of instances,)
    which = found.labels.ravel()[at].astype(np.int64) - 1
    chance = probabilities.reshape(len(probabilities), -1)[found.classes[which], at]
    pixels = np.bincount(which, minlength=n)
    centres = [
        np.bincount(which, along, n) / pixels for along in np.unravel_index(at, found.labels.shape)
    ]  # one (n,) per axis
    means = np.bincount(which, chance, n) / pixels
    unit = prod(spacing[-found.rank :]) if spacing else None
    return [
        InstanceRow(
            i + 1,
            names[found.classes[i]],
            int(pixels[i]),
            unit and int(pixels[i]) * unit,
            tuple(float(along[i]) for along in centres),
            tuple((part.start, part.stop) for part in box),
            float(means[i]),
        )
        for i, box in enumerate(find_objects(found.labels.astype(np.int32)))
    ]


def to_csv(rows: Sequence[InstanceRow], found: InstanceMap) -> str:
    """The table of the instances as CSV with a header; the column of the area, or volume, only if it is known."""
    axes, known = AXES[-found.labels.ndim :], bool(rows) and rows[0].size is not None
    size = ["area_um2" if found.rank == 2 else "volume_um3"] * known
    centre, box = ([f"centre_{a}" for a in axes], [f"{a}_{end}" for a in axes for end in ("start", "stop")])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "class", "pixels", *size, *centre, *box, "mean_probability"])
    for row in rows:
        sizes = [] if row.size is None else [f"{row.size:.6g}"]
        ends = [end for along in row.box for end in along]
        where = [f"{along:.2f}" for along in row.centre]
        writer.writerow([row.number, row.name, row.pixels, *sizes, *where, *ends, f"{row.probability:.4f}"])
    return text.getvalue()
