"""Solutions of lesson 08 beside NumPy's mirror, sizes of the library, brute force and one pass over the image."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import output_size
from unet_tutorial.teaching.checking.check import hidden
from unet_tutorial.teaching.exercises import lesson_08


def mirror_index(i: int, n: int) -> int:
    far = 40 + 20 * n
    return int(np.pad(np.arange(n), far, mode="reflect")[far + i])


def largest_step(tile: int, depth: int) -> int:
    """The largest multiple of the grid among the numbers of output pixels."""
    (answered,) = output_size((tile,), pyramid((1,) * (depth + 1), rank=1), padding="valid")
    return max(range(0, answered + 1, 2**depth))


def tile_starts(n: int, trusted: int, grid: int) -> list[int]:
    """Step by step as long as the end is out of reach; then the first multiple of the grid that reaches it."""
    step = max(range(0, trusted + 1, grid))
    starts, last = [0], next(k for k in count(0, grid) if k + trusted >= n)
    while starts[-1] < last:
        starts.append(min(starts[-1] + step, last))
    return starts


def padded_tile(reach: int, depth: int) -> int:
    """By trying: a whole number of grid steps around a halo that is long enough on both sides."""
    grid: int = 2**depth
    return next(2 * halo + grid for halo in count(0, grid) if halo >= reach)


def stitch(net: Any, image: Tensor, side: int, before: int, grid: int) -> Tensor:
    """One pass over the mirrored image."""
    pads = [(before, before + (side - n - 2 * before) % grid) for n in image.shape[1:]]
    wide = torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], "reflect"))
    logits = net.anywhere(wide[None])[0]
    first = before - (wide.shape[1] - logits.shape[1]) // 2
    return torch.as_tensor(logits[:, first : first + image.shape[1], first : first + image.shape[2]])


def average_views(predict: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
    """The eight symmetries by transposing or not, and flipping each of the two axes or not."""
    answers = []
    for transposed, axes in product((False, True), ((), (1,), (2,), (1, 2))):
        answer = predict((image.transpose(1, 2) if transposed else image).flip(axes)).flip(axes)
        answers.append(answer.transpose(1, 2) if transposed else answer)
    return torch.stack(answers).mean(0)


ORACLES = {
    "mirror_index": mirror_index,
    "largest_step": largest_step,
    "tile_starts": tile_starts,
    "padded_tile": padded_tile,
    "stitch": stitch,
    "average_views": average_views,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"


def test_the_step_of_the_paper() -> None:
    assert lesson_08.largest_step(572, 4) == 384  # of 388 output pixels
