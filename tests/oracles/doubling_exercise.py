"""A small exercise for the tests of the checker: return twice the input."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, Exercise


def cases(seed: int) -> Iterator[Case]:
    """Two tensors."""
    generator = torch.Generator().manual_seed(seed)
    yield from ((torch.randn(3, 4, generator=generator),) for _ in range(2))


def right(x: Tensor) -> Tensor:
    """Twice the input."""
    return 2 * x


DOUBLE = Exercise(
    "double", right, cases, {"you halved it": lambda x: x / 2, "you lost the sign": lambda x: 2 * x.abs()}
)
