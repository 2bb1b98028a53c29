"""Test-time augmentation (TTA): predictions averaged over flips and rotations of the image by 90°.

pytest collects this file because of its name, so no function in it may be called ``test…``.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Predict = Callable[[Tensor], Tensor]
PLANE = (-2, -1)


def predict_with_tta(predict: Predict, image: Tensor) -> Tensor:
    """``predict`` averaged over the eight symmetries of the last two axes: (C, …, H, W) -> (K, …, H, W).

    The symmetries are the four rotations by 90° and their mirror images. Each prediction is transformed back before the
    mean is computed. ``predict`` must return probabilities, because the mean of logits is not the logit of the mean
    probability. The paper averages over "7 rotated versions of the input data" (arXiv 1505.04597, section 4); rotations
    by 90° and flips need no interpolation.

    >>> image = torch.arange(6.0).reshape(1, 2, 3)
    >>> torch.equal(predict_with_tta(lambda view: 2 * view, image), 2 * image)
    True
    """
    return symmetric_views(predict, image).mean(0)


def symmetric_views(predict: Predict, image: Tensor) -> Tensor:
    """``predict`` for each of the eight symmetries, transformed back: (C, …, H, W) -> (8, K, …, H, W).

    The first one is the prediction of the image as it is. See ``predict_with_tta``.
    """
    return torch.stack([_transform_back(predict(_transform(image, k)), k) for k in range(8)])


def _transform(image: Tensor, k: int) -> Tensor:
    """The k-th of eight symmetries: k % 4 rotations by 90°, then a flip if k >= 4."""
    turned = image.rot90(k, PLANE)
    return turned.flip(-1) if k >= 4 else turned


def _transform_back(image: Tensor, k: int) -> Tensor:
    """The inverse of ``_transform`` for the same k."""
    return (image.flip(-1) if k >= 4 else image).rot90(-k, PLANE)
