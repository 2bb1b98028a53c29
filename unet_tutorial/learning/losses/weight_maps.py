"""How much each pixel counts in the loss: class balance, plus the thin borders between touching cells (equation 2)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEGLIGIBLE = 1e-7  # of w0: float32 does not see a smaller term beside w0 itself


def border_weights(instances: NDArray[Any], *, w0: float = 10.0, sigma: float = 5.0) -> NDArray[np.float32]:
    """The second term of equation 2, w0·exp(-(d1 + d2)² / 2σ²), on background pixels; 0 inside the cells.

    ``instances`` (*spatial) is 0 on background and i on cell i, in any number of pieces. d1 and d2 are the Euclidean
    distances in pixels, from pixel centre to pixel centre, to the nearest cell and to the nearest *other* cell.
    ``sigma`` is in pixels, ``w0`` the height. With fewer than two cells the term is 0 everywhere.
    A cell farther away than its reach, where the term is under 1e-7·w0, is left out. Any rank; float32 (*spatial).

    Raises ValueError for labels that are not whole, negative or empty, w0 < 0 and sigma <= 0.
    Source: arXiv 1505.04597, section 3, equation 2.

    >>> gap_of_three = np.array([[1, 1, 0, 0, 0, 2, 2]])
    >>> print(border_weights(gap_of_three).round(2))         # d1 + d2 = 4 all the way across: 10·exp(-16/50)
    [[0.   0.   7.26 7.26 7.26 0.   0.  ]]
    """
    _refuse_labels(instances)
    _refuse_shape_of_term(w0, sigma)
    d1, d2 = two_nearest(instances, reach=sigma * math.sqrt(-2 * math.log(NEGLIGIBLE)))
    term = w0 * np.exp(-(((d1 + d2) / sigma) ** 2) / 2)
    return np.where(instances == 0, term, 0).astype(np.float32)


def two_nearest(instances: NDArray[Any], *, reach: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per pixel the distances to the nearest and second nearest different cell: both (*spatial), in pixels.

    Distances up to ``reach`` are exact; a larger one may come back as infinite. One distance transform per cell, in
    its bounding box widened by the reach: the boxes are small, where a transform of the image per cell is slow.
    """
    from scipy.ndimage import distance_transform_edt, find_objects

    numbered = _numbered(instances)
    d1, d2 = np.full(instances.shape, np.inf), np.full(instances.shape, np.inf)
    margin = math.ceil(min(reach, max(instances.shape)))
    for cell, box in enumerate(find_objects(numbered), start=1):
        if box is not None:
            near = tuple(slice(max(side.start - margin, 0), side.stop + margin) for side in box)
            d = distance_transform_edt(numbered[near] != cell)
            d2[near] = np.minimum(d2[near], np.maximum(d1[near], d))
            d1[near] = np.minimum(d1[near], d)
    return d1, d2


def _numbered(instances: NDArray[Any]) -> NDArray[np.int64]:
    """The same cells, numbered anew where the largest number would make a list of boxes longer than the image."""
    if instances.max() <= instances.size:
        return instances.astype(np.int64)
    known = np.unique(np.append(instances, np.zeros(1, instances.dtype)))  # 0 is first, there or not
    return np.searchsorted(known, instances)


def class_weights(labels: NDArray[Any], classes: int = 2) -> NDArray[np.float32]:
    """One weight per class, N / (K·n_c), so that each class present weighs the same in total: (classes,).

    ``labels`` (*spatial) holds the classes 0 to K-1 on N pixels, n_c of them of class c. The mean weight of a pixel is
    1 if all classes are there; an absent class has weight 0. Raises ValueError for labels outside the classes.
    Source: arXiv 1505.04597, section 3, w_c "to balance the class frequencies"; its formula is not printed.

    >>> print(class_weights(np.array([0, 1, 1, 1])).round(3))
    [2.    0.667]
    """
    _refuse_labels(labels)
    if labels.max() >= classes:
        raise ValueError(f"labels reach {labels.max()} and {classes} classes end at {classes - 1}; raise classes")
    counts = np.bincount(labels.ravel().astype(np.int64), minlength=classes)  # (classes,)
    shares = labels.size / (classes * np.maximum(counts, 1))
    return np.where(counts > 0, shares, 0).astype(np.float32)


def weight_map(instances: NDArray[Any], *, w0: float = 10.0, sigma: float = 5.0) -> NDArray[np.float32]:
    """Equation 2 whole: the class weight of each pixel (0 background, 1 cell) plus its border term: (*spatial).

    Arguments and errors are those of ``border_weights``.

    >>> print(weight_map(np.array([[1, 1, 0, 2]])).round(2))
    [[ 0.67  0.67 11.23  0.67]]
    """
    _refuse_labels(instances)
    cell = (instances > 0).astype(np.int64)
    return class_weights(cell)[cell] + border_weights(instances, w0=w0, sigma=sigma)


def _refuse_labels(labels: NDArray[Any]) -> None:
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"labels of {labels.dtype} are not whole numbers; number the cells of a mask with "
            "scipy.ndimage.label(mask)[0], or call .astype(int) where the values are already numbers of cells"
        )
    if labels.size == 0:
        raise ValueError(f"labels of shape {labels.shape} hold no pixel; check how the image was read or cut")
    if labels.min() < 0:
        raise ValueError(f"labels start at {labels.min()} and background is 0; set unknown pixels to 0 or mask them")


def _refuse_shape_of_term(w0: float, sigma: float) -> None:
    if not (math.isfinite(w0) and w0 >= 0):
        raise ValueError(f"w0 = {w0} is not a finite number of at least 0; the paper takes w0=10")
    if not (math.isfinite(sigma) and sigma > 0):
        raise ValueError(f"sigma = {sigma} is not a finite number of pixels above 0; the paper takes sigma=5")
