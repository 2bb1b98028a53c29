"""``python -m benchmarks.elastic``: time of an elastic deformation, against scipy's ``map_coordinates``."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from scipy.ndimage import map_coordinates

from benchmarks.weight_map import SIDE, seconds
from unet_tutorial.learning.augment.augment import augment
from unet_tutorial.learning.augment.elastic import dense_field, elastic
from unet_tutorial.learning.augment.sample import Sample


def by_scipy(sample: Sample, displacements: torch.Tensor) -> list[torch.Tensor]:
    """Image, labels and weights deformed by the same field: linear, nearest, nearest."""
    field = dense_field(displacements, sample.size).numpy()
    places = np.indices(sample.size) + field
    arrays = ((sample.image[0], 1), (sample.labels, 0), (sample.weights, 0))
    return [torch.from_numpy(map_coordinates(a.numpy(), places, order=order, mode="mirror")) for a, order in arrays]


def main() -> None:
    """Check that both agree, then print times and ratio."""
    torch.set_num_threads(1)  # scipy uses one; two threads on a busy machine would wait for each other
    torch.manual_seed(0)
    sample = Sample(torch.randn(1, SIDE, SIDE), torch.randint(2, (SIDE, SIDE)), torch.rand(SIDE, SIDE))
    displacements = 10 * torch.randn(2, 3, 3)
    ours, theirs = elastic(sample, displacements), by_scipy(sample, displacements)
    gap = float((ours.image[0] - theirs[0]).abs().max())
    if gap > 1e-5 or not torch.equal(ours.labels, theirs[1]) or not torch.equal(ours.weights, theirs[2]):
        raise SystemExit(f"the two results differ (image by {gap:.1e}); no ratio is printed for different results")
    slow = 1e3 * seconds(partial(by_scipy, sample, displacements), 20)
    fast = 1e3 * seconds(partial(elastic, sample, displacements), 100)
    print(
        f"elastic, {SIDE}², one thread: map_coordinates {slow:.1f} ms, grid_sample {fast:.1f} ms: {slow / fast:.1f} x"
    )
    whole = 1e3 * seconds(lambda: augment(sample, torch.Generator().manual_seed(0)), 100)
    print(f"augment, {SIDE}², one thread: {whole:.1f} ms")


if __name__ == "__main__":
    main()
