"""Run-length encoded masks of COCO."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def runs_of(text: str) -> list[int]:
    """The lengths of the runs in COCO's compressed text.

    Each length has groups of five bits, the lowest first, as characters from "0" on; the sixth bit says that a group
    follows, and the fifth bit of the last group is the sign. From the fourth run on, the difference to the run before
    the last is stored (pycocotools, maskApi.c: rleFrString).
    """
    runs: list[int] = []
    at = 0
    while at < len(text):
        value = shift = 0
        more = True
        while more:
            group = ord(text[at]) - 48
            value |= (group & 31) << shift
            more, at, shift = bool(group & 32), at + 1, shift + 5
            if not more and group & 16:
                value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
    return runs


def mask_of(runs: Sequence[int], size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask (H, W) of runs of 0 and 1 in turn, along the columns. ValueError if they do not fill it exactly.

    >>> mask_of([1, 2, 3], (2, 3)).astype(int).tolist()
    [[0, 1, 0], [1, 0, 0]]
    """
    if min(runs, default=0) < 0 or sum(runs) != size[0] * size[1]:
        raise ValueError(f"its run lengths add up to {sum(runs)} pixels, not to {size[0]} × {size[1]}")
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return values.reshape(size[1], size[0]).T
