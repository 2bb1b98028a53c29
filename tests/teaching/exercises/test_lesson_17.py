"""Solutions of lesson 17 beside numpy's split, torch's batch norm, the library's halo, brute force and scipy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor, nn

from unet_tutorial.inference.tiles import margins
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.teaching.checking.check import find
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN
from unet_tutorial.teaching.exercises import lesson_17


def share_of_rank(tiles: int, rank: int, world: int) -> tuple[int, int]:
    """By the sizes of numpy's split."""
    sizes = [len(part) for part in np.array_split(np.arange(tiles), world)]
    return sum(sizes[:rank]), sum(sizes[: rank + 1])


def mean_of_parts(means: Tensor, counts: Tensor) -> Tensor:
    """The mean of a list in which each mean stands as often as it has pixels."""
    pixels = means.repeat_interleave(counts)
    return pixels.mean() if len(pixels) else torch.tensor(0.0, dtype=torch.float64)


def whole_chunks(size: int, chunk: int, most: int) -> list[tuple[int, int]]:
    """Chunk by chunk: a block takes the next chunk as long as it fits."""
    blocks = [(0, 0)]
    for start in range(0, size, chunk):
        first, _ = blocks[-1]
        if start + chunk - first > most:
            blocks.append((start, start))
        blocks[-1] = (blocks[-1][0], min(start + chunk, size))
    return blocks


def still_to_do(blocks: Sequence[str], markers: Mapping[str, str], digest: str) -> list[str]:
    done = {name for name, text in markers.items() if text == digest}
    return [name for name in blocks if name not in done]


def merge_labels(labels: NDArray[Any], pairs: Sequence[tuple[int, int]]) -> NDArray[Any]:
    """By scipy's connected components of a graph."""
    size = int(labels.max()) + 1
    rows, columns = np.array(pairs, int).reshape(-1, 2).T
    _, component = connected_components(coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size)))
    found = np.where(labels > 0, component[labels] + 1, 0)
    values, first = np.unique(found[found > 0], return_index=True)
    place = dict(zip(values[np.argsort(first)].tolist(), range(1, len(values) + 1), strict=True))
    return np.array([place.get(int(value), 0) for value in found.ravel()]).reshape(labels.shape)


ORACLES = {
    "share_of_rank": share_of_rank,
    "mean_of_parts": mean_of_parts,
    "whole_chunks": whole_chunks,
    "still_to_do": still_to_do,
    "merge_labels": merge_labels,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    exercise = find(name)
    assert [judge(exercise, oracle, seed=seed).sentence for seed in HIDDEN] == [f"ok: {name}"] * len(HIDDEN)


def test_batch_statistics_are_those_of_batch_norm() -> None:
    parts = [torch.randn(n, 3, dtype=torch.float64) + n for n in (2, 1, 5)]
    counts = torch.tensor([2.0, 1.0, 5.0], dtype=torch.float64)
    sums = torch.stack([part.sum(0) for part in parts])
    squares = torch.stack([part.square().sum(0) for part in parts])
    mean, variance = lesson_17.batch_statistics(counts, sums, squares)
    norm = nn.BatchNorm1d(3, affine=False, momentum=1.0).double()
    norm(torch.cat(parts))
    state = norm.state_dict()
    assert torch.allclose(mean, state["running_mean"])
    assert torch.allclose(variance * 8 / 7, state["running_var"])


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_the_tile_of_a_block_is_the_smallest_that_the_library_accepts(depth: int) -> None:
    """A plan knows its own reach; the halo of the library is that of ``Margins``."""
    levels = pyramid((1,) * (depth + 1), rank=1)
    (axis,) = margins(levels, "same")
    for block in (2**depth, 6 * 2**depth):
        assert axis.tile_covering(block, 1) == lesson_17.voxels_read((block,), axis.before, depth)
