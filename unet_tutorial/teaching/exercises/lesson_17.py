"""Exercises of lesson 17: shares of processes, means and statistics of parts, and blocks of a volume.

All numbers along an axis are whole, and all results can be checked by counting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, exercise

EXTRA = "the shares differ by more than one tile; the first `tiles % world` processes take one tile more"
UNDONE = "some tiles are left out; the first `tiles % world` processes take one tile more"
OVERLAP = "some tiles belong to two processes; each share begins where the one before it ends"


def _share_cases(seed: int) -> Iterator[Case]:
    """All ranks: with and without a remainder, and fewer tiles than processes."""
    for tiles, world in ((8, 2), (7, 3), (11 + seed, 4), (2, 4), (5, 1), (14, 4)):
        yield from ((tiles, rank, world) for rank in range(world))


def _dealt_out(tiles: int, rank: int, world: int) -> list[int]:
    return list(range(rank, tiles, world))


def _listed_share(tiles: int, rank: int, world: int) -> list[int]:
    start, stop = np.linspace(0, tiles, world + 1).astype(int)[rank : rank + 2]
    return list(range(start, stop))


@exercise(
    _share_cases,
    (
        "start + smaller + (rank < extra)",
        "start + smaller + (rank < extra) - 1",
        "the second number is the last tile; it has to be the one after it, as in range",
    ),
    (
        "return start, start + smaller + (rank < extra)",
        "return start, smaller + (rank < extra)",
        "the second number is the length of the share; return (start, stop)",
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "return rank * smaller, (rank + 1) * smaller",
        UNDONE,
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "return rank * smaller, tiles if rank == world - 1 else (rank + 1) * smaller",
        EXTRA,
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "start = rank * smaller + (extra if rank else 0)\n    return start, (rank + 1) * smaller + extra",
        EXTRA,
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "larger = smaller + (extra > 0)\n    return min(rank * larger, tiles), min((rank + 1) * larger, tiles)",
        EXTRA,
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "larger = smaller + (extra > 0)\n    return rank * larger, (rank + 1) * larger",
        "the last shares reach beyond the last tile; only the first `tiles % world` processes take one tile more",
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "larger = smaller + (extra > 0)\n    return rank * larger, min((rank + 1) * larger, tiles)",
        "the last shares reach beyond the last tile; only the first `tiles % world` processes take one tile more",
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "return rank * tiles // world, (rank + 1) * tiles // world",
        "the shares have the right sizes, but the larger ones must come first",
    ),
    (
        "min(rank, extra)",
        "max(0, rank - world + extra)",
        "(rank < extra)",
        "(rank >= world - extra)",
        "the shares have the right sizes, but the larger ones must come first",
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "return round(rank * tiles / world), round((rank + 1) * tiles / world)",
        "the shares have the right sizes, but the larger ones must come first",
    ),
    ("rank * smaller + min(rank, extra)", "rank * smaller", OVERLAP),
    ("rank * smaller + min(rank, extra)", "rank * (smaller + (rank < extra))", OVERLAP),
    (
        "min(rank, extra)",
        "(0 if rank < extra else extra)",
        OVERLAP,
    ),
    ("min(rank, extra)", "rank", "a gap follows the larger shares; only `extra` processes have taken a tile more"),
    (
        "min(rank, extra)",
        "extra",
        "tile 0 belongs to no process; only the processes before yours have taken a tile more",
    ),
    ("min(rank, extra)", "(rank < extra)", OVERLAP),
    (
        "start = rank * smaller",
        "rank = rank - 1\n    start = rank * smaller",
        "ranks are counted from 0: rank 0 begins with tile 0",
    ),
    (
        "return start, start + smaller + (rank < extra)",
        "return 0, smaller + (rank < extra)",
        "every process begins with tile 0, so all compute the same tiles",
    ),
    (
        "start = rank * smaller + min(rank, extra)\n    return start, start + smaller + (rank < extra)",
        "return 0, tiles",
        "every process takes all tiles; divide them",
    ),
    ("the tiles are dealt out one by one; the share is a range of neighbours, as (start, stop)", _dealt_out),
    ("these are the tiles themselves; return (start, stop), of which they are the range", _listed_share),
    (
        "divmod(tiles, world)",
        "divmod(world, tiles)",
        "world is divided by tiles; divide the tiles among the processes",
    ),
)
def share_of_rank(tiles: int, rank: int, world: int) -> tuple[int, int]:
    smaller, extra = divmod(tiles, world)
    start = rank * smaller + min(rank, extra)
    return start, start + smaller + (rank < extra)


EMPTY = "a part without pixels has the mean nan, and nan times 0 is nan; leave this part out (where, nansum)"
UNWEIGHTED = "that is the mean of the means; a part with more pixels has to count more"


def _part_cases(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for counts in ([300, 100], [5, 0, 20 + seed], [0, 0], [7], [1, 2, 0, 40, 0], [4, 4]):
        means = torch.rand(len(counts), generator=generator, dtype=torch.float64) + 0.5
        yield means.where(torch.tensor(counts) > 0, torch.nan), torch.tensor(counts)


@exercise(
    _part_cases,
    ("means.where(counts > 0, 0)", "means", EMPTY),
    (
        "sums = means.where(counts > 0, 0) * counts",
        "if counts.sum() == 0:\n        return torch.tensor(0.0)\n    sums = means * counts",
        EMPTY,
    ),
    ("return sums.sum() / counts.sum().clamp(min=1)", "return means.mean()", UNWEIGHTED),
    ("return sums.sum() / counts.sum().clamp(min=1)", "return means.nanmean()", UNWEIGHTED),
    ("return sums.sum() / counts.sum().clamp(min=1)", "return means.nanmean().nan_to_num(0)", UNWEIGHTED),
    ("return sums.sum() / counts.sum().clamp(min=1)", "return means.nan_to_num(0).mean()", UNWEIGHTED),
    ("return sums.sum() / counts.sum().clamp(min=1)", "return means[counts > 0].mean()", UNWEIGHTED),
    (
        ".clamp(min=1)",
        "",
        "without any pixel the result is 0 / 0; it has to be 0",
    ),
    (
        "counts.sum().clamp(min=1)",
        "max(len(counts), 1)",
        "the sum is divided by the number of parts; divide it by the number of all pixels",
    ),
    (
        "counts.sum().clamp(min=1)",
        "(counts > 0).sum().clamp(min=1)",
        "the sum is divided by the number of parts that have pixels; divide it by the number of all pixels",
    ),
    (" / counts.sum().clamp(min=1)", "", "that is the sum over all pixels; divide it by their number"),
    ("0) * counts", "0)", "the means are not weighted; the sum of a part is its mean times its count"),
    ("0) * counts", "0) / counts.clamp(min=1)", "a sum is the mean times the count; you divided"),
    (
        "counts.sum().clamp(min=1)",
        "counts.max().clamp(min=1)",
        "the sum is divided by the largest count; divide it by the sum of the counts",
    ),
    (
        "0) * counts",
        "0) * counts.sqrt()",
        "counts.sum()",
        "counts.sqrt().sum()",
        "the weights are the roots of the counts; the weight of a part is its count",
    ),
    (
        "counts.sum().clamp(min=1)",
        "counts.clamp(min=1).sum()",
        "an empty part counts as one pixel; it has no pixel",
    ),
    ("sums.sum()", "sums.mean()", "that is the mean of the sums; add them"),
)
def mean_of_parts(means: Tensor, counts: Tensor) -> Tensor:
    sums = means.where(counts > 0, 0) * counts
    return sums.sum() / counts.sum().clamp(min=1)


FLOAT32 = "far from 0, mean and squares agree in all digits of float32, and their difference is lost; keep float64"
MEAN_OF_VARIANCES = "that is the mean of the variances; it leaves out that the means of the parts differ"


def _statistics_cases(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for sizes, channels, level in (((2, 6), 3, 0), ((3, 1, 8 + seed), 2, 0), ((5,), 4, 0), ((4, 9), 2, 3000)):
        parts = [
            torch.randn(n, channels, generator=generator, dtype=torch.float64) + 2 * i + level
            for i, n in enumerate(sizes)
        ]
        counts = torch.tensor([float(n) for n in sizes], dtype=torch.float64)
        yield counts, torch.stack([x.sum(0) for x in parts]), torch.stack([x.square().sum(0) for x in parts])


@exercise(
    _statistics_cases,
    (
        "return mean, squares.sum(0) / count - mean**2",
        "each = sums / counts[:, None]\n    return each.mean(0), (squares / counts[:, None] - each**2).mean(0)",
        "mean and variance are the means of those of the parts; add counts, sums and squares of all parts first",
    ),
    (
        "mean = sums.sum(0) / count",
        "mean = (sums / counts[:, None]).mean(0)",
        "squares.sum(0) / count",
        "(squares / counts[:, None]).mean(0)",
        "the means of the parts are averaged; add sums and squares first, and divide by the sum of the counts",
    ),
    (
        "sums.sum(0)",
        "sums.mean(0)",
        "squares.sum(0)",
        "squares.mean(0)",
        "sums and squares are averaged over the parts; they have to be added",
    ),
    (
        "sums.sum(0)",
        "sums.float().sum(0)",
        "squares.sum(0)",
        "squares.float().sum(0)",
        FLOAT32,
    ),
    ("squares.sum(0)", "squares.float().sum(0)", FLOAT32),
    (
        "squares.sum(0) / count - mean**2",
        "squares.float().sum(0) / count.float() - mean.float() ** 2",
        FLOAT32,
    ),
    (
        "squares.sum(0) / count - mean**2",
        "(squares / counts[:, None] - (sums / counts[:, None]) ** 2).mean(0)",
        MEAN_OF_VARIANCES,
    ),
    (
        "squares.sum(0) / count - mean**2",
        "(squares - sums**2 / counts[:, None]).sum(0) / count",
        MEAN_OF_VARIANCES,
    ),
    (
        "sums.sum(0) / count",
        "(sums / counts[:, None]).mean(0)",
        "the mean is the mean of the means; a part with more values has to count more",
    ),
    ("- mean**2", "", "that is the mean of the squares; subtract the square of the mean"),
    ("- mean**2", "- mean", "the mean is not squared: the variance is the mean of the squares minus mean²"),
    (
        "return mean, squares.sum(0) / count - mean**2",
        "return mean, (squares.sum(0) / count - mean**2) * count / (count - 1)",
        "you divided by count - 1; batch norm normalises with the variance that is divided by count",
    ),
    (
        "return mean, squares.sum(0) / count - mean**2",
        "return mean, (squares.sum(0) / count - mean**2).sqrt()",
        "that is the standard deviation; the variance is its square",
    ),
    (
        "return mean, squares.sum(0) / count - mean**2",
        "return squares.sum(0) / count - mean**2, mean",
        "mean and variance are exchanged; the mean comes first",
    ),
    ("squares.sum(0) / count - mean**2", "mean**2 - squares.sum(0) / count", "the difference has the wrong sign"),
    (
        "squares.sum(0) / count - mean**2",
        "(squares.sum(0) - sums.sum(0) ** 2) / count",
        "the sum is squared before it is divided; the mean is squared",
    ),
    ("squares.sum(0) / count - mean**2", "squares.sum(0) - mean**2", "the squares are not divided by the count"),
    ("sums.sum(0) / count", "sums.sum(0)", "the sum is not divided by the count"),
    (
        "count = counts.sum()",
        "count = len(counts)",
        "the count is the number of parts; it is the number of values in all parts",
    ),
    (
        "sums.sum(0) / count",
        "sums.sum() / count",
        "squares.sum(0)",
        "squares.sum()",
        "the channels were added; axis 0 holds the parts and axis 1 the channels",
    ),
    (
        "sums.sum(0) / count",
        "sums.sum(1) / count",
        "squares.sum(0)",
        "squares.sum(1)",
        "the channels were added, and not the parts; axis 0 holds the parts",
    ),
    (
        "sums.sum(0) / count",
        "sums.sum(1) / counts",
        "squares.sum(0) / count",
        "squares.sum(1) / counts",
        "the channels were added, and not the parts; axis 0 holds the parts",
    ),
    (
        "return mean, squares.sum(0) / count - mean**2",
        "return sums / counts[:, None], squares / counts[:, None] - (sums / counts[:, None]) ** 2",
        "these are the statistics of each part for itself; add the parts first",
    ),
)
def batch_statistics(counts: Tensor, sums: Tensor, squares: Tensor) -> tuple[Tensor, Tensor]:
    count = counts.sum()
    mean = sums.sum(0) / count  # (C,)
    return mean, squares.sum(0) / count - mean**2


HALF_GRID = (
    "the tile grows by a multiple of the grid, but each halo by half of it only; round the reach of *each* side up to "
    "a multiple of 2**depth"
)


def _tile_cases(seed: int) -> Iterator[Case]:
    """Halos that are and are not on the grid; two and three axes."""
    yield (64, 64, 64), 24, 2
    yield (64, 32), 21 + seed % 3, 2
    yield (48, 96, 16), 92, 4
    yield (32, 64), 9, 3
    yield (40,), 33, 3
    yield (128, 64), 64, 5


@exercise(
    _tile_cases,
    ("-(-reach // grid) * grid", "reach", "the halo is not on the grid; round it up to a multiple of 2**depth"),
    ("-(-reach // grid) * grid", "reach // grid * grid", "the halo is rounded down, so it is too short; round up"),
    ("-(-reach // grid) * grid", "round(reach / grid) * grid", "the halo can be rounded down; it has to be rounded up"),
    (
        "-(-reach // grid) * grid",
        "(reach // grid + 1) * grid",
        "a halo that is a multiple of the grid already gets one more; (reach + grid - 1) // grid rounds up",
    ),
    ("-(-reach // grid) * grid", "-(-reach // grid)", "the halo is counted in cells of the grid; multiply by the grid"),
    (
        "-(-reach // grid) * grid",
        "reach + reach % grid",
        "reach % grid voxels lie beyond the last multiple of the grid; grid - reach % grid are missing to the next one",
    ),
    ("2**depth", "2 * depth", "each pooling halves the map, so the grid is 2 to the power of depth and not 2 * depth"),
    ("2**depth", "depth", "the grid is the number of poolings; each halves the map, so it is 2**depth"),
    ("2**depth", "2 ** (depth - 1)", HALF_GRID),
    ("2**depth", "2 ** (depth + 1)", "the grid has one pooling too many; it is 2**depth"),
    ("2 * halo", "halo", "the halo is on one side only; it is needed on both"),
    (
        "prod(n + 2 * halo for n in block)",
        "prod(block) + 2 * halo",
        "the halo is added once; add it to each axis",
    ),
    ("prod(n", "sum(n", "the sides are added; the number of voxels is their product"),
    (
        "prod(n + 2 * halo for n in block)",
        "(block[0] + 2 * halo) ** len(block)",
        "all sides are taken as long as the first; the axes have different ones",
    ),
    (
        "prod(n + 2 * halo for n in block)",
        "(block[0] + 2 * halo) * prod(block[1:])",
        "only the first axis has a halo; each axis has one",
    ),
    ("prod(n + 2 * halo for n in block)", "prod(block)", "the halo is missing; these are the voxels of the block"),
    (
        "prod(n + 2 * halo for n in block)",
        "prod(n + 2 * halo for n in block) - prod(block)",
        "these are the voxels of the halo alone; the block is read, too",
    ),
    (
        "prod(n + 2 * halo for n in block)",
        "prod(-(-(n + 2 * reach) // grid) * grid for n in block)",
        HALF_GRID,
    ),
    (
        "prod(n + 2 * halo for n in block)",
        "[n + 2 * halo for n in block]",
        "these are the sides of the tile; return the number of its voxels, their product",
    ),
    (
        "prod(n + 2 * halo for n in block)",
        "tuple(n + 2 * halo for n in block)",
        "these are the sides of the tile; return the number of its voxels, their product",
    ),
    (
        "prod(n + 2 * halo for n in block)",
        "prod(n + 2 * halo for n in block) / prod(block)",
        "that is the overhead; return the number of voxels that are read",
    ),
)
def voxels_read(block: Sequence[int], reach: int, depth: int) -> int:
    grid = 2**depth
    halo = -(-reach // grid) * grid
    return prod(n + 2 * halo for n in block)


def _chunk_cases(seed: int) -> Iterator[Case]:
    """Axes that end with a block, with a chunk, and within a chunk; one block only."""
    yield 40, 8, 20
    yield 512, 64, 150
    yield 500 + seed, 64, 200
    yield 96, 32, 96
    yield 30, 8, 64
    yield 64, 16, 16
    yield 97, 16, 47
    yield 128, 16, 112


@exercise(
    _chunk_cases,
    (
        "most // chunk * chunk",
        "most",
        "the blocks do not begin with a chunk, so two of them write into one chunk; round `most` down",
    ),
    (
        "most // chunk * chunk",
        "-(-most // chunk) * chunk",
        "the blocks are too large; round `most` down, not up",
    ),
    (
        "most // chunk * chunk",
        "round(most / chunk) * chunk",
        "the blocks can be larger than `most`; round it down to whole chunks",
    ),
    (
        "most // chunk * chunk",
        "-(-size // (-(-size // most) * chunk)) * chunk",
        "the blocks can be larger than `most`; round it down to whole chunks",
    ),
    (
        "    block = most // chunk * chunk\n",
        "    block = most // chunk * chunk\n    block = -(-size // (-(-size // block) * chunk)) * chunk\n",
        "the blocks are balanced; each but the last has to be as long as `most` allows",
    ),
    ("most // chunk * chunk", "most // chunk", "a block is counted in chunks; multiply by the length of a chunk"),
    (
        "most // chunk * chunk",
        "most // chunk",
        "min(start + block, size)",
        "start + block",
        "a block is counted in chunks; multiply by the length of a chunk",
    ),
    ("most // chunk * chunk", "chunk", "each block is one chunk; take as many chunks as `most` allows"),
    (
        "most // chunk * chunk",
        "max(chunk, (most // chunk - 1) * chunk)",
        "one more chunk fits into a block; a block may have exactly `most` voxels",
    ),
    ("min(start + block, size)", "start + block", "the last block reaches beyond the axis; it ends with `size`"),
    (
        "range(0, size, block)",
        "range(0, size - block + 1, block)",
        "the rest of the axis is missing; the last block may be shorter",
    ),
    (
        "range(0, size, block)",
        "range(0, size - block, block)",
        "the last block is missing; range leaves its end out already",
    ),
    (
        "range(0, size, block)",
        "range(0, size + 1, block)",
        "an empty block stands at the end; range(0, size, …) is enough",
    ),
    ("(start, min(start + block, size))", "start", "these are the starts only; return (start, stop) of each block"),
    (
        "min(start + block, size)",
        "min(block, size - start)",
        "the second number is the length of the block; it has to be its end",
    ),
    (
        "min(start + block, size)",
        "min(start + block, size) - 1",
        "the second number is the last voxel; it has to be the one after it, as in range",
    ),
    (
        "min(start + block, size))",
        "min(start + block, -(-size // chunk) * chunk))",
        "the last block ends with its chunk, beyond the axis; it ends with `size`",
    ),
    (
        "[(start, min(start + block, size)) for start in range(0, size, block)]",
        "[(max(0, min(start, size - block)), min(start + block, size)) for start in range(0, size, block)]",
        "the last block is moved back, so it overlaps the one before it; it may be shorter",
    ),
    ("range(0, size, block)", "range(0, size, chunk)", "the blocks overlap; the next one begins where the last ends"),
    (
        "[(start, min(start + block, size)) for start in range(0, size, block)]",
        "[(start * block, min((start + 1) * block, size)) for start in range(size // block)]",
        "the rest of the axis is missing; the last block may be shorter",
    ),
)
def whole_chunks(size: int, chunk: int, most: int) -> list[tuple[int, int]]:
    block = most // chunk * chunk
    return [(start, min(start + block, size)) for start in range(0, size, block)]


def _marker_cases(seed: int) -> Iterator[Case]:
    names = [f"{i}.{j}" for i in range(3) for j in range(2)]
    yield names, {}, "5f3a"
    yield names, dict.fromkeys(names, "5f3a"), "5f3a"
    yield names, {"0.0": "5f3a", "0.1": "5f3a", "2.0": "5f3a"}, "5f3a"
    yield names, {"0.0": "77b1", "1.1": "5f3a", "2.1": ""}, "5f3a"
    yield names[::-1], {"2.1": "77b1", "0.1": f"{seed}a", "9.9": "77b1"}, "77b1"
    yield ["0.0"], {"0.0": "5f3a7"}, "5f3a"
    yield names, {"2.1": "77b1", "9.9": "77b1", "0.0": "77b1"}, "5f3a"


@exercise(
    _marker_cases,
    (
        "markers.get(block) != digest",
        "block not in markers",
        "a marker with another digest counts, so the result would be a mixture of two networks",
    ),
    (
        "markers.get(block) != digest",
        "not markers.get(block)",
        "a marker with another digest counts, so the result would be a mixture of two networks",
    ),
    ("!= digest", "== digest", "these are the blocks that are done; return the others"),
    (
        "markers.get(block) != digest",
        "block in markers and markers[block] != digest",
        "the blocks without a marker are missing; they are still to do",
    ),
    (
        "markers.get(block) != digest",
        "block in markers",
        "these are the blocks with a marker; return those without one, or with another digest",
    ),
    (
        "[block for block in blocks if markers.get(block) != digest]",
        "[block for block in markers if markers.get(block) != digest]",
        "you go through the markers; the blocks without a marker are missing",
    ),
    (
        "[block for block in blocks if markers.get(block) != digest]",
        "sorted(block for block in blocks if markers.get(block) != digest)",
        "the order of the blocks has changed; keep that of the list",
    ),
    (
        "[block for block in blocks if markers.get(block) != digest]",
        "len([block for block in blocks if markers.get(block) != digest])",
        "that is the number of blocks; return their list",
    ),
    (
        "[block for block in blocks if markers.get(block) != digest]",
        "[block for block in blocks if markers.get(block) != digest][:1]",
        "only the first block is returned; return all that are still to do",
    ),
    (
        "markers.get(block) != digest",
        "digest not in markers.get(block, '')",
        "a longer marker that contains the digest counts; compare the whole marker",
    ),
    (
        "markers.get(block) != digest",
        "not markers.get(block, '').startswith(digest)",
        "a longer marker that contains the digest counts; compare the whole marker",
    ),
    (
        "[block for block in blocks if markers.get(block) != digest]",
        "[] if digest in markers.values() else list(blocks)",
        "one marker with the digest makes all blocks done; look at the marker of each block",
    ),
    (
        "[block for block in blocks if markers.get(block) != digest]",
        "blocks[sum(value == digest for value in markers.values()) :]",
        "the first blocks are skipped, as many as there are markers; workers do not finish in this order",
    ),
    (
        "[block for block in blocks if markers.get(block) != digest]",
        "blocks[len(markers) :]",
        "the first blocks are skipped, as many as there are markers; workers do not finish in this order",
    ),
    (
        "[block for block in blocks if markers.get(block) != digest]",
        "list(blocks)",
        "all blocks are computed again; skip those whose marker has the digest",
    ),
    (
        "markers.get(block) != digest",
        "markers[block] != digest",
        "a block without a marker raises KeyError; use markers.get(block), or ask `block in markers` first",
    ),
)
def still_to_do(blocks: Sequence[str], markers: Mapping[str, str], digest: str) -> list[str]:
    return [block for block in blocks if markers.get(block) != digest]


ONE_STEP = "a chain of pairs is followed for one step only; go on until a label points to itself (its root)"


def _object_cases(seed: int) -> Iterator[Case]:
    yield np.array([[1, 0, 2], [1, 0, 2], [3, 3, 3]]), [(1, 3), (2, 3)]
    yield np.array([[0, 4, 0, 2], [3, 0, 1, 0]]), [(1, 2), (2, 3)]
    yield np.array([[5, 5, 0], [0, 0, 4], [3, 0, 4]]), []
    yield np.array([[0, 0], [0, 0]]), []
    yield np.array([[0, 2, 3, 1]]), []
    generator = np.random.default_rng(seed)
    chain = generator.permutation(9) + 1
    labels = np.concatenate([chain, np.zeros(3, np.int64), chain]).reshape(3, 7)
    yield labels, [(int(a), int(b)) for a, b in pairwise(chain[:6])][::-1]
    yield np.array([[1, 2, 3, 4, 5, 6]]), [(1, 2), (3, 4), (5, 6), (2, 3), (6, 1)]
    yield np.array([[7, 0, 2], [6, 0, 9]]), [(2, 9), (2, 9), (6, 7), (7, 7)]
    yield np.array([[[1, 0], [2, 0]], [[0, 3], [0, 4]]]), [(3, 4), (3, 1)]


KEPT = "the objects keep numbers of their labels; number them 1, 2, … by their first pixel"
BY_LABEL = "the numbers follow the labels; they have to follow the first pixels in reading order"
LOST_PARENT = "b loses the parent that it has from an earlier pair; join the roots: parent[root(b)] = root(a)"
RENAMED = "a later pair can name a label that has another number already; join the two objects, that is, their roots"


def _numbered(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers 1, 2, … by the first pixel; 0 stays."""
    number = {0: 0}
    flat = [number.setdefault(int(label), len(number)) for label in labels.ravel()]
    return np.array(flat).reshape(labels.shape)


def _renamed_pixels(labels: NDArray[np.int64], pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    labels = labels.copy()
    for a, b in pairs:
        labels[labels == b] = a
    return labels


def _groups_not_joined(labels: NDArray[np.int64], pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """A pair enlarges the first group that has one of its labels."""
    groups: list[set[int]] = []
    for pair in pairs:
        group = next((group for group in groups if group & set(pair)), None)
        if group is None:
            groups.append(set(pair))
        else:
            group |= set(pair)
    name = {label: min(group) for group in reversed(groups) for label in group}
    return _numbered(np.array([name.get(int(label), int(label)) for label in labels.ravel()]).reshape(labels.shape))


def _without_gaps(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers without gaps in the order of the labels."""
    return np.searchsorted(np.unique(np.append(labels, 0)), labels)


def _argsort_once(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    values, first, place = np.unique(labels, return_index=True, return_inverse=True)
    number = np.zeros(len(values), np.int64)
    number[values > 0] = 1 + np.argsort(first[values > 0])
    return number[place.reshape(labels.shape)]


def _first_is_background(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    values, first, place = np.unique(labels, return_index=True, return_inverse=True)
    number = np.zeros(len(values), np.int64)
    number[1:] = 1 + np.argsort(np.argsort(first[1:]))
    return number[place.reshape(labels.shape)]


def _smaller_first(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(min(pair), max(pair)) for pair in pairs]


def _looked_up_once(labels: NDArray[np.int64], pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    name = {b: a for a, b in pairs}
    flat = [name.get(int(label), int(label)) for label in labels.ravel()]
    return np.array(flat).reshape(labels.shape)


@exercise(
    _object_cases,
    (RENAMED, lambda labels, pairs: _numbered(_renamed_pixels(labels, pairs))),
    (RENAMED, _renamed_pixels),
    (RENAMED, lambda labels, pairs: _numbered(_renamed_pixels(labels, _smaller_first(pairs)))),
    (RENAMED, lambda labels, pairs: _renamed_pixels(labels, _smaller_first(pairs))),
    (RENAMED, lambda labels, pairs: _without_gaps(_renamed_pixels(labels, pairs))),
    (RENAMED, lambda labels, pairs: _without_gaps(_renamed_pixels(labels, _smaller_first(pairs)))),
    (
        "parent[root(b)] = root(a)",
        "if root(a) != root(b):\n            parent[b] = root(a)",
        LOST_PARENT,
    ),
    ("parent[root(b)] = root(a)", "parent[b] = root(a)", LOST_PARENT),
    ("parent[root(b)] = root(a)", "parent[b] = a", LOST_PARENT),
    ("parent[root(b)] = root(a)", "parent[a] = b", LOST_PARENT),
    (
        "    return result\n",
        "    return _argsort_once(np.vectorize(root)(labels))\n",
        "argsort gives the objects in the order of their first pixels, and not the number of each; apply it twice",
    ),
    (
        "    return result\n",
        "    return _first_is_background(np.vectorize(root)(labels))\n",
        "the first value of np.unique is taken for the background, also in an image that has none",
    ),
    (ONE_STEP, _looked_up_once),
    (ONE_STEP, lambda labels, pairs: _numbered(_looked_up_once(labels, pairs))),
    (ONE_STEP, lambda labels, pairs: _looked_up_once(labels, _smaller_first(pairs))),
    (ONE_STEP, lambda labels, pairs: _numbered(_looked_up_once(labels, _smaller_first(pairs)))),
    (
        "    for a, b in pairs:\n        parent[root(b)] = root(a)\n",
        "",
        "nothing is merged; the two labels of each pair belong to one object",
    ),
    (
        "root(int(label))",
        "parent[int(label)]",
        ONE_STEP,
    ),
    (
        "        while parent[label] != label:\n            label = parent[label]\n        return label\n",
        "        return parent[label]\n",
        ONE_STEP,
    ),
    (
        "    for a, b in pairs:\n        parent[root(b)] = root(a)\n",
        "    for a, b in pairs:\n        parent[max(a, b)] = min(a, b)\n",
        "a label in several pairs keeps the last one only; join the roots: parent[root(b)] = root(a)",
    ),
    (
        "    for a, b in pairs:\n        parent[root(b)] = root(a)\n",
        "    for a, b in pairs:\n        parent[max(a, b)] = min(root(a), root(b))\n",
        "a label in several pairs keeps the last one only; join the roots: parent[root(b)] = root(a)",
    ),
    (
        "number = {0: 0}",
        "number: dict[int, int] = {}",
        "the background has a number like an object, counted from 0; it stays 0 in every image",
    ),
    (
        "number.setdefault(root(int(label)), len(number))",
        "root(int(label))",
        KEPT,
    ),
    (
        "parent[root(b)] = root(a)",
        "parent[root(a)] = root(b)",
        "number.setdefault(root(int(label)), len(number))",
        "root(int(label))",
        KEPT,
    ),
    (
        "    return result\n",
        "    result = np.zeros_like(labels)\n"
        "    found = sorted(number)\n"
        "    for place, label in np.ndenumerate(labels):\n"
        "        result[place] = found.index(root(int(label)))\n"
        "    return result\n",
        BY_LABEL,
    ),
    (
        "    return result\n",
        "    return _without_gaps(np.vectorize(root)(labels))\n",
        BY_LABEL,
    ),
    (
        "parent[root(b)] = root(a)",
        "parent[root(a)] = root(b)",
        "    return result\n",
        "    return _without_gaps(np.vectorize(root)(labels))\n",
        BY_LABEL,
    ),
    ("a pair can connect two groups that exist already; they have to become one", _groups_not_joined),
    (
        "np.ndenumerate(labels)",
        "sorted(np.ndenumerate(labels), key=lambda item: item[0][::-1])",
        "the objects are numbered along the columns; in reading order the last axis runs fastest",
    ),
    (
        "len(number))",
        "len(number) - 1)",
        "the first object has the number 0, which is the background; begin with 1",
    ),
    (
        "len(number))",
        "len(number) + 1)",
        "the first object has the number 2; begin with 1",
    ),
    (
        "np.ndenumerate(labels)",
        "reversed(list(np.ndenumerate(labels)))",
        "the objects are numbered from the last pixel on; begin with the first",
    ),
    (
        "    return result\n",
        "    return (labels > 0).astype(labels.dtype)\n",
        "all objects have the number 1; each has one of its own",
    ),
    (
        "    return result\n",
        "    return len(number) - 1\n",
        "that is the number of objects; return the label image",
    ),
)
def merge_labels(labels: NDArray[np.int64], pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    parent = list(range(int(labels.max()) + 1))

    def root(label: int) -> int:
        while parent[label] != label:
            label = parent[label]
        return label

    for a, b in pairs:
        parent[root(b)] = root(a)
    number = {0: 0}
    result = np.zeros_like(labels)
    for place, label in np.ndenumerate(labels):
        result[place] = number.setdefault(root(int(label)), len(number))
    return result


EXERCISES = (
    share_of_rank, mean_of_parts, batch_statistics, voxels_read, whole_chunks, still_to_do, merge_labels,
)  # fmt: skip
