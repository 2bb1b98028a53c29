"""``python -m benchmarks.warping``: warping with the table of simple points, against a plain loop over pixels."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from benchmarks.weight_map import SIDE, seconds, voronoi
from unet_tutorial.metrics.warping import warped

EIGHT = np.ones((3, 3), dtype=int)


def is_simple(patch: NDArray[np.bool_]) -> bool:
    """Whether the middle of 3×3 pixels is simple, by definition: one piece of cell and one of background around it."""
    around = patch.copy()
    around[1, 1] = False
    pieces, _ = label(around)  # 4-connected
    beside = {int(pieces[at]) for at in ((0, 1), (1, 0), (1, 2), (2, 1)) if pieces[at]}
    background = ~patch
    background[1, 1] = False
    _, holes = label(background, EIGHT)
    return len(beside) == 1 and holes == 1


def by_loop(truth: NDArray[Any], probability: NDArray[Any]) -> NDArray[np.bool_]:
    """The definition as a plain loop: in each pass, test the neighbourhood of every wrong pixel."""
    mask, target = np.pad(truth > 0, 1), probability > 0.5
    while True:
        wrong = np.argwhere(mask[1:-1, 1:-1] != target)
        changed = False
        for row, column in sorted(wrong.tolist(), key=lambda at: -abs(float(probability[tuple(at)]) - 0.5)):
            patch = mask[row : row + 3, column : column + 3]
            if is_simple(patch):
                patch[1, 1] = not patch[1, 1]
                changed = True
        if not changed:
            return mask[1:-1, 1:-1]


def main() -> None:
    """Check that both agree, then print times and ratio."""
    generator = np.random.default_rng(0)
    truth = voronoi(120, generator) > 0
    for noise in (0.1, 0.2, 0.4):
        blurred = gaussian_filter(truth + noise * generator.standard_normal((SIDE, SIDE)), 1.0)
        probability = np.clip(blurred - 0.3, 0, 1)
        fast_result, slow_result = warped(truth, probability), by_loop(truth, probability)
        if not np.array_equal(fast_result, slow_result):
            raise SystemExit("the two results differ; no ratio is printed for different results")
        wrong, left = np.sum(truth != (probability > 0.5)), np.sum(fast_result != (probability > 0.5))
        slow = seconds(partial(by_loop, truth, probability), 1)
        fast = seconds(partial(warped, truth, probability), 5)
        print(f"{SIDE}², {wrong:6} px wrong, {left:5} after warping: loop {slow:6.2f} s, table {fast:6.3f} s", end="")
        print(f": {slow / fast:4.0f} x")


if __name__ == "__main__":
    main()
