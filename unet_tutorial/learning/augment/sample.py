"""A training sample: one image with its labels and weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """One image (C, *spatial) float32 with its labels (*spatial) int64 and weights (*spatial) float32.

    Raises ValueError if shapes or dtypes do not fit.
    """

    image: Tensor
    labels: Tensor
    weights: Tensor

    def __post_init__(self) -> None:
        shapes = [tuple(tensor.shape) for tensor in (self.image, self.labels, self.weights)]
        if not shapes[0][1:] == shapes[1] == shapes[2] or min(shapes[1], default=0) < 1:
            raise ValueError(f"shapes {shapes} do not match; needed (C, *spatial), (*spatial), (*spatial), not empty")
        for name, wanted in (("image", torch.float32), ("labels", torch.int64), ("weights", torch.float32)):
            if getattr(self, name).dtype != wanted:
                raise ValueError(f"{name} is {getattr(self, name).dtype}, not {wanted}; call {name}.to({wanted})")

    @property
    def size(self) -> tuple[int, ...]:
        """The size in pixels along each spatial axis."""
        return tuple(self.labels.shape)

    def apply(self, function: Callable[[Tensor], Tensor]) -> Sample:
        """Apply one function to image, labels and weights.

        The function must count axes from the end, because only the image has a channel axis.
        """
        return Sample(function(self.image), function(self.labels), function(self.weights))
