"""``python -m benchmarks.weight_map``: border weights in boxes, against one distance transform per cell."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from unet_tutorial.learning.losses.weight_maps import border_weights

SIDE = 512  # px


def stacked(instances: NDArray[Any], w0: float = 10.0, sigma: float = 5.0) -> NDArray[np.float32]:
    """Equation 2 as usually implemented: stack one distance transform per cell, sort, take the first two."""
    cells = np.unique(instances[instances > 0])
    distances = np.sort([distance_transform_edt(instances != cell) for cell in cells], axis=0)
    term = w0 * np.exp(-((distances[0] + distances[1]) ** 2) / (2 * sigma**2))
    return np.where(instances == 0, term, 0).astype(np.float32)


def voronoi(cells: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Voronoi regions of random points in a square of ``SIDE`` px, separated by a background 1 to 2 px wide."""
    points = np.full((SIDE, SIDE), fill_value=True)
    positions = generator.choice(SIDE * SIDE, cells, replace=False)
    points.flat[positions] = False
    nearest = distance_transform_edt(points, return_distances=False, return_indices=True)
    _, instances = np.unique(nearest[0] * SIDE + nearest[1], return_inverse=True)
    edge = (np.diff(instances, axis=0, append=instances[-1:]) != 0) | (
        np.diff(instances, axis=1, append=instances[:, -1:]) != 0
    )
    return np.where(edge, 0, instances + 1)


def seconds(work: Callable[[], object], times: int) -> float:
    """The shortest time of several runs, since other processes can only add to it."""
    spent = []
    for _ in range(times):
        start = perf_counter()
        work()
        spent.append(perf_counter() - start)
    return min(spent)


def main() -> None:
    """Check that both agree, then print times and ratio."""
    generator = np.random.default_rng(0)
    for cells in (20, 100, 500):
        instances = voronoi(cells, generator)
        gap = float(np.abs(border_weights(instances) - stacked(instances)).max())
        if gap > 1e-5:
            raise SystemExit(f"the two results differ by {gap:.1e}; no ratio is printed for different results")
        slow, fast = seconds(partial(stacked, instances), 1), seconds(partial(border_weights, instances), 5)
        print(f"{cells:4} cells, {SIDE}²: stacked {slow:6.2f} s, boxes {fast:6.3f} s: {slow / fast:5.0f} x", end="  ")
        print(f"(largest difference {gap:.0e})")


if __name__ == "__main__":
    main()
