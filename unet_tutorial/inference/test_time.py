"""An image looked at from all sides: predictions averaged over flips and quarter turns."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Predict = Callable[[Tensor], Tensor]


def mean_of_views(predict: Predict, image: Tensor) -> Tensor:
    """``predict`` averaged over the eight symmetries of the last two axes: (C, …, H, W) -> (K, …, H, W).

    The paper averages over "7 rotated versions of the input data" (section 4); quarter turns and flips need no
    interpolation. Hand in a function that returns probabilities: their mean is one, that of logits is not.

    >>> image = torch.arange(6.0).reshape(1, 2, 3)
    >>> torch.equal(mean_of_views(lambda view: 2 * view, image), 2 * image)
    True
    """
    return torch.stack([_turn(predict(_turn(image, k)), k, back=True) for k in range(8)]).mean(0)


def _turn(image: Tensor, k: int, *, back: bool = False) -> Tensor:
    """The k-th of eight views, or the image that has this view: k % 4 quarter turns, then a flip from k = 4 on."""
    plane = (-2, -1)
    if back:
        return (image.flip(-1) if k >= 4 else image).rot90(-k, plane)
    turned = image.rot90(k, plane)
    return turned.flip(-1) if k >= 4 else turned
