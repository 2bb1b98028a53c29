"""Simple baselines to compare a network with, and the choice of thresholds on training images.

``known`` is True on the labelled pixels. Pixels without a label count neither as correct nor as wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]
Mask = NDArray[np.bool_]

SIGMAS = (0.5, 1.0, 1.5, 2.0, 3.0)  # pixels
GRAY_LEVELS = np.arange(-2.0, 2.01, 0.1)  # standard deviations of a standardised image


@dataclass(frozen=True)
class SmoothedThreshold:
    """Classifies a pixel as cell if the standardised image, smoothed by a Gaussian, is above ``level`` there.

    ``sigma`` of the Gaussian is in pixels. With ``sign`` -1 the image is multiplied by -1 first, to find dark cells.
    """

    sigma: float
    level: float
    sign: int

    def __call__(self, image: Image) -> Mask:
        """Standardised image (*size) -> mask (*size), True in cells."""
        from scipy.ndimage import gaussian_filter

        return np.asarray(self.sign * gaussian_filter(image, self.sigma) > self.level)


def best_smoothed_threshold(
    images: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask]
) -> SmoothedThreshold:
    """The ``SmoothedThreshold`` with the fewest wrong pixels, of all ``SIGMAS``, ``GRAY_LEVELS`` and both signs.

    ``images`` are standardised training images, and ``cells`` their ground truth (1 in a cell).
    """
    from scipy.ndimage import gaussian_filter

    signs = (1, -1)
    scored = []
    for sigma in SIGMAS:
        smooth = [gaussian_filter(image, sigma) for image in images]
        errors = [wrong_above([sign * image for image in smooth], cells, known, GRAY_LEVELS) for sign in signs]
        for (level, sign), error in zip(product(GRAY_LEVELS.tolist(), signs), np.ravel(errors, "F"), strict=True):
            scored.append((error, SmoothedThreshold(sigma, level, sign)))
    return min(scored, key=lambda score: score[0])[1]


def best_probability_threshold(probabilities: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask]) -> float:
    """The threshold on the probability of *cell* with the fewest wrong pixels, among 0.01, 0.02, … 0.99."""
    thresholds = np.arange(1, 100) / 100
    return float(thresholds[wrong_above(probabilities, cells, known, thresholds).argmin()])


def wrong_above(
    images: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask], thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``wrong_pixels`` of the masks *image above threshold*, for each of the ascending thresholds: (thresholds,)."""
    each = []
    for image, cell, k in zip(images, cells, known, strict=True):
        if k.any():
            # the number of thresholds below each pixel, of the same dtype, as in image > threshold
            below, cell_here = np.searchsorted(thresholds.astype(image.dtype), image[k]), cell[k] > 0
            # pixels of cells, and of the background, that are not above each threshold: (thresholds,) each
            missed, right = (
                np.bincount(below[mask], minlength=len(thresholds) + 1)[:-1].cumsum()
                for mask in (cell_here, ~cell_here)
            )
            each.append((missed + np.count_nonzero(~cell_here) - right) / below.size)
    return np.asarray(np.ascontiguousarray(np.transpose(each)).mean(1))


def wrong_pixels(masks: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask]) -> float:
    """Fraction of wrong pixels among the labelled ones, averaged over the images that have labelled pixels.

    ``masks`` and ``cells`` hold a class in each pixel, for two classes 0 and 1 or False and True.
    """
    each = [np.mean((m != c)[k]) for m, c, k in zip(masks, cells, known, strict=True) if k.any()]
    return float(np.mean(each))


@dataclass(frozen=True)
class NearestColour:
    """Classifies a pixel by its colour: the class whose mean colour is nearest, in an image smoothed by a Gaussian.

    ``sigma`` of the Gaussian is in pixels, and 0 means no smoothing. ``colours`` (K, C) holds the mean values of the
    channels in each class, NaN for a class that did not occur; such a class is never chosen.
    """

    sigma: float
    colours: NDArray[np.float64]

    def __call__(self, image: Image) -> NDArray[np.uint8]:
        """Normalised image (C, *size) -> class of each pixel (*size)."""
        return self.nearest(smoothed_channels(image, self.sigma))

    def nearest(self, smooth: Image) -> NDArray[np.uint8]:
        """The class of each pixel of an image that is smoothed already: (C, *size) -> (*size)."""
        differences = (smooth - colour.reshape(-1, *[1] * (smooth.ndim - 1)) for colour in self.colours)
        distances = np.stack([np.square(difference).sum(0) for difference in differences])  # (K, *size)
        return np.asarray(np.where(np.isnan(distances), np.inf, distances).argmin(0).astype(np.uint8))


def smoothed_channels(image: Image, sigma: float) -> Image:
    """Each channel smoothed by a Gaussian with a standard deviation of ``sigma`` pixels: (C, *size)."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(image, (0, *[sigma] * (image.ndim - 1))))


def best_nearest_colour(
    images: Sequence[Image], labels: Sequence[Image], known: Sequence[Mask], classes: int
) -> NearestColour:
    """The ``NearestColour`` with the fewest wrong pixels, of no smoothing and all ``SIGMAS``.

    ``images`` (C, *size) are normalised training images, and ``labels`` (*size) their classes, 0 .. ``classes`` - 1.
    """
    scored = []
    for sigma in (0.0, *SIGMAS):
        smooth = [smoothed_channels(image, sigma) for image in images]
        method = NearestColour(sigma, _mean_colours(smooth, labels, known, classes))
        error = wrong_pixels([method.nearest(image) for image in smooth], labels, known)
        scored.append((error, method))
    return min(scored, key=lambda score: score[0])[1]


def _mean_colours(
    images: Sequence[Image], labels: Sequence[Image], known: Sequence[Mask], classes: int
) -> NDArray[np.float64]:
    """Mean of each channel over the labelled pixels of each class: (K, C); NaN for a class that does not occur."""
    pixels = np.concatenate([image[:, k] for image, k in zip(images, known, strict=True)], axis=1)  # (C, n)
    of = np.concatenate([label[k] for label, k in zip(labels, known, strict=True)])  # (n,)
    counts = np.bincount(of, minlength=classes)
    sums = np.stack([np.bincount(of, channel, minlength=classes) for channel in pixels], axis=1)  # (K, C)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], np.nan)


def majority_class(labels: Sequence[Image], known: Sequence[Mask], classes: int) -> int:
    """The most frequent class of the labelled pixels of all images together; the smaller one if two are equal.

    >>> majority_class([np.array([0, 2, 2, 1])], [np.array([True, True, True, True])], 3)
    2
    """
    counts = sum(np.bincount(label[k], minlength=classes) for label, k in zip(labels, known, strict=True))
    return int(np.argmax(counts))
