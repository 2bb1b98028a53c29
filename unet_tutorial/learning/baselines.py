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

    scored = []
    for sigma in SIGMAS:
        smooth = [gaussian_filter(image, sigma) for image in images]
        for level, sign in product(GRAY_LEVELS.tolist(), (1, -1)):
            masks = [sign * image > level for image in smooth]
            scored.append((wrong_pixels(masks, cells, known), SmoothedThreshold(sigma, level, sign)))
    return min(scored, key=lambda score: score[0])[1]


def best_probability_threshold(probabilities: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask]) -> float:
    """The threshold on the probability of *cell* with the fewest wrong pixels, among 0.01, 0.02, … 0.99."""
    thresholds = [percent / 100 for percent in range(1, 100)]
    return min(thresholds, key=lambda threshold: wrong_pixels([p > threshold for p in probabilities], cells, known))


def wrong_pixels(masks: Sequence[Image], cells: Sequence[Image], known: Sequence[Mask]) -> float:
    """Fraction of wrong pixels among the labelled ones, averaged over the images that have labelled pixels."""
    each = [np.mean((m != (c > 0))[k]) for m, c, k in zip(masks, cells, known, strict=True) if k.any()]
    return float(np.mean(each))
