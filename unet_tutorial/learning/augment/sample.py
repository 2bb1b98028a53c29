"""A training sample: one image with its labels and weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """One image (C, *spatial) float32 with its labels and its weights (*spatial) float32.

    The labels are classes, (*spatial) int64, or layers that may overlap, (L, *spatial) float32 of 0 and 1. In both, -1
    (``cross_entropy.UNLABELLED``) marks entries without a label. Raises ValueError if shapes or dtypes do not fit.
    """

    image: Tensor
    labels: Tensor
    weights: Tensor

    def __post_init__(self) -> None:
        shapes = [tuple(tensor.shape) for tensor in (self.image, self.labels, self.weights)]
        size = shapes[2]
        if not shapes[0][1:] == size or size not in (shapes[1], shapes[1][1:]) or min(shapes[1], default=0) < 1:
            raise ValueError(
                f"shapes {shapes} do not match; needed (C, *spatial), (*spatial) or (L, *spatial), and (*spatial), "
                "not empty"
            )
        labels = torch.float32 if len(shapes[1]) > len(size) else torch.int64
        for name, wanted in (("image", torch.float32), ("labels", labels), ("weights", torch.float32)):
            if getattr(self, name).dtype != wanted:
                raise ValueError(f"{name} is {getattr(self, name).dtype}, not {wanted}; call {name}.to({wanted})")

    @property
    def size(self) -> tuple[int, ...]:
        """The size in pixels along each spatial axis."""
        return tuple(self.weights.shape)

    def apply(self, function: Callable[[Tensor], Tensor]) -> Sample:
        """Apply one function to image, labels and weights.

        The function must count axes from the end, because not all of them have a channel axis.
        """
        return Sample(function(self.image), function(self.labels), function(self.weights))


def by_planes(function: Callable[[Tensor], Tensor], array: Tensor, rank: int) -> Tensor:
    """Apply a function of (C, *spatial) to an array with or without a channel axis; ``rank`` is the number of others.

    >>> by_planes(lambda planes: planes.flip(1), torch.arange(3), 1).tolist()
    [2, 1, 0]
    """
    return function(array) if array.ndim > rank else function(array[None])[0]
