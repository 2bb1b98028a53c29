"""What a network learns from, one image at a time: the image with its labels and its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """What a net learns from: image (C, *spatial) float32, labels (*spatial) int64, weights (*spatial) float32.

    Raises ValueError if the three do not fit together.
    """

    image: Tensor
    labels: Tensor
    weights: Tensor

    def __post_init__(self) -> None:
        shapes = [tuple(tensor.shape) for tensor in (self.image, self.labels, self.weights)]
        if not shapes[0][1:] == shapes[1] == shapes[2] or min(shapes[1], default=0) < 1:
            raise ValueError(f"shapes {shapes} do not match; needed (C, *spatial), (*spatial), (*spatial) with pixels")
        for name, wanted in (("image", torch.float32), ("labels", torch.int64), ("weights", torch.float32)):
            if getattr(self, name).dtype != wanted:
                raise ValueError(f"{name} is {getattr(self, name).dtype}, not {wanted}; call {name}.to({wanted})")

    @property
    def size(self) -> tuple[int, ...]:
        """The spatial size in pixels; its length is the rank."""
        return tuple(self.labels.shape)

    def each(self, move: Callable[[Tensor], Tensor]) -> Sample:
        """All three moved alike. ``move`` must count axes from the end, where they agree."""
        return Sample(move(self.image), move(self.labels), move(self.weights))
