"""Weight maps for the loss: class balance plus large weights on the borders between touching cells (equation 2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

ClassWeighting = Callable[[NDArray[Any]], NDArray[np.float32]]  # labels of an image -> weights (classes,)
BALANCED = "balanced"
NEGLIGIBLE = 1e-7  # border weights below this times w0 are treated as 0


def border_weights(instances: NDArray[Any], *, w0: float = 10.0, sigma: float = 5.0) -> NDArray[np.float32]:
    """The second term of equation 2, w0·exp(-(d1 + d2)² / 2σ²), on background pixels; 0 inside the cells.

    ``instances`` (*spatial) is 0 on background and i on cell i, which may consist of several pieces. d1 and d2 are the
    Euclidean distances in pixels, between pixel centres, to the nearest cell and to the second nearest cell. ``w0`` is
    the height of the term, ``sigma`` its width in pixels. With fewer than two cells it is 0 everywhere. Cells so far
    away that the term is below 1e-7·w0 are ignored. Any number of spatial axes. Returns float32 (*spatial).

    Raises ValueError for labels that are not integers, negative, or empty, for w0 < 0 and for sigma <= 0.
    Source: arXiv 1505.04597, section 3, equation 2.

    >>> gap_of_three = np.array([[1, 1, 0, 0, 0, 2, 2]])
    >>> print(border_weights(gap_of_three).round(2))         # d1 + d2 = 4 everywhere in the gap: 10·exp(-16/50)
    [[0.   0.   7.26 7.26 7.26 0.   0.  ]]
    """
    check_integer_labels(instances)
    check_border_parameters(w0, sigma)
    d1, d2 = two_nearest(instances, reach=sigma * math.sqrt(-2 * math.log(NEGLIGIBLE)))
    term = w0 * np.exp(-(((d1 + d2) / sigma) ** 2) / 2)
    return np.where(instances == 0, term, 0).astype(np.float32)


def two_nearest(instances: NDArray[Any], *, reach: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances of each pixel to the nearest and the second nearest cell: two arrays (*spatial), in pixels.

    Distances up to ``reach`` are exact; larger ones may be returned as infinity. For each cell, distances are computed
    only in its bounding box plus a margin of ``reach``, which is much faster than in the whole image.
    """
    from scipy.ndimage import distance_transform_edt, find_objects

    numbered = compact_labels(instances)
    d1, d2 = np.full(instances.shape, np.inf), np.full(instances.shape, np.inf)
    margin = math.ceil(min(reach, max(instances.shape)))
    for cell, box in enumerate(find_objects(numbered), start=1):
        if box is not None:
            near = tuple(slice(max(side.start - margin, 0), side.stop + margin) for side in box)
            d = distance_transform_edt(numbered[near] != cell)
            d2[near] = np.minimum(d2[near], np.maximum(d1[near], d))
            d1[near] = np.minimum(d1[near], d)
    return d1, d2


def compact_labels(instances: NDArray[Any]) -> NDArray[np.int64]:
    """Renumber the cells as 1, 2, … if the largest label is above the number of pixels.

    ``find_objects`` returns a list as long as the largest label, which could fill the memory.
    """
    if instances.max() <= instances.size:
        return instances.astype(np.int64)
    known = np.unique(np.append(instances, np.zeros(1, instances.dtype)))  # starts with 0, also without background
    return np.searchsorted(known, instances)


def class_weights(labels: NDArray[Any], classes: int = 2) -> NDArray[np.float32]:
    """One weight per class, N / (K·n_c), so that the total weight of each class is the same: (classes,).

    ``labels`` (*spatial) holds the classes 0 to K-1 of N pixels; n_c of them are of class c. The mean weight of a pixel
    is 1 if all classes occur. A class that does not occur has weight 0. Raises ValueError for labels outside 0 to K-1.
    Source: arXiv 1505.04597, section 3, w_c "to balance the class frequencies"; its formula is not printed.

    >>> print(class_weights(np.array([0, 1, 1, 1])).round(3))
    [2.    0.667]
    """
    check_integer_labels(labels)
    if labels.max() >= classes:
        raise ValueError(
            f"the largest label is {labels.max()}, the largest class {classes - 1}; increase classes ({classes})"
        )
    counts = np.bincount(labels.ravel().astype(np.int64), minlength=classes)  # (classes,)
    shares = labels.size / (classes * np.maximum(counts, 1))
    return np.where(counts > 0, shares, 0).astype(np.float32)


def class_weighting(text: str, classes: int) -> ClassWeighting:
    """A function that maps the labels of an image to one weight per class, from a text.

    ``balanced`` is ``class_weights``, computed for each image; ``none`` is 1 for every class; numbers separated by
    commas, such as ``1,4,2``, are the weights themselves. Raises ValueError for any other text, as ``fixed_weights``.

    >>> class_weighting("1,4,2", 3)(np.array([0, 2])).tolist()
    [1.0, 4.0, 2.0]
    """
    if text.strip() == BALANCED:
        return partial(class_weights, classes=classes)
    fixed = fixed_weights(text, classes)
    return lambda _labels: fixed


def fixed_weights(text: str, classes: int) -> NDArray[np.float32]:
    """The weights in a text, (classes,): one number per class, separated by commas, or ``none`` for weights of 1.

    Raises ValueError for any other text or number of weights, and unless they are finite, at least 0 and not all 0.
    """
    try:
        numbers = [1.0] * classes if text.strip() == "none" else [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"class weights {text!r}: expected {BALANCED}, none, or one number per class, such as 1,4,2"
        ) from error
    with np.errstate(over="ignore"):
        weights = np.array(numbers).astype(np.float32)
    if len(weights) != classes:
        raise ValueError(f"class weights {text!r}: {len(weights)} numbers for {classes} classes; write one per class")
    if not (np.isfinite(weights).all() and weights.min() >= 0 and weights.max() > 0):
        raise ValueError(
            f"class weights {text!r}: they must be finite numbers of at least 0, and one of them above 0; "
            f"write {BALANCED} to have them computed"
        )
    return weights


def weight_map(instances: NDArray[Any], *, w0: float = 10.0, sigma: float = 5.0) -> NDArray[np.float32]:
    """The weight map of equation 2, (*spatial): class weight of each pixel (background or cell) plus border term.

    Arguments and errors are those of ``border_weights``.

    >>> print(weight_map(np.array([[1, 1, 0, 2]])).round(2))
    [[ 0.67  0.67 11.23  0.67]]
    """
    check_integer_labels(instances)
    cell = (instances > 0).astype(np.int64)
    return class_weights(cell)[cell] + border_weights(instances, w0=w0, sigma=sigma)


def check_integer_labels(labels: NDArray[Any]) -> None:
    """Raise ValueError unless the labels are integers of at least 0, on at least one pixel."""
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"labels of {labels.dtype} are not integers; number the cells of a mask with "
            "scipy.ndimage.label(mask)[0], or call .astype(int) if the values are cell numbers already"
        )
    if labels.size == 0:
        raise ValueError(f"labels of shape {labels.shape} hold no pixel; check how the image was read or cropped")
    if labels.min() < 0:
        raise ValueError(
            f"the smallest label is {labels.min()}, background is 0; set unlabelled pixels to 0 or mask them"
        )


def check_border_parameters(w0: float, sigma: float) -> None:
    """Raise ValueError unless ``w0`` is finite and at least 0, and ``sigma`` is finite and above 0."""
    if not (math.isfinite(w0) and w0 >= 0):
        raise ValueError(f"w0 = {w0} is not a finite number of at least 0; the paper uses w0=10")
    if not (math.isfinite(sigma) and sigma > 0):
        raise ValueError(f"sigma = {sigma} is not a finite number of pixels above 0; the paper uses sigma=5")
