"""What a network has to beat: everything cell, and a threshold on the smoothed image."""

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
LEVELS = np.arange(-2.0, 2.01, 0.1)  # standard deviations of a standardised image


@dataclass(frozen=True)
class Threshold:
    """Cell is where the standardised image, smoothed by a Gaussian of ``sigma`` pixels, is above ``level``.

    A negative ``sign`` looks for dark cells instead.
    """

    sigma: float
    level: float
    sign: int

    def __call__(self, image: Image) -> Mask:
        """(*size) standardised -> (*size), True in a cell."""
        from scipy.ndimage import gaussian_filter

        return np.asarray(self.sign * gaussian_filter(image, self.sigma) > self.level)


def best_baseline_threshold(images: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask]) -> Threshold:
    """The threshold with the fewest wrong pixels on standardised training images and their truth (1 in a cell), of the
    pixels that are ``known``."""
    from scipy.ndimage import gaussian_filter

    scored = []
    for sigma in SIGMAS:
        smooth = [gaussian_filter(image, sigma) for image in images]
        for level, sign in product(LEVELS.tolist(), (1, -1)):
            masks = [sign * image > level for image in smooth]
            scored.append((wrong_pixels(masks, cells, known), Threshold(sigma, level, sign)))
    return min(scored, key=lambda score: score[0])[1]


def best_threshold(probabilities: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask]) -> float:
    """The probability above which to call a pixel cell, of 0.01, 0.02, … 0.99: the one with the fewest wrong pixels."""
    thresholds = [percent / 100 for percent in range(1, 100)]
    return min(thresholds, key=lambda threshold: wrong_pixels([p > threshold for p in probabilities], cells, known))


def wrong_pixels(masks: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask]) -> float:
    """Share of wrong pixels among those known, averaged over the images; an image of which nothing is known is left
    out."""
    each = [np.mean((m != (c > 0))[k]) for m, c, k in zip(masks, cells, known, strict=True) if k.any()]
    return float(np.mean(each))
