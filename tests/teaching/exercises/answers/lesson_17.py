"""Answers to the exercises of lesson 17 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import math

import numpy as np
import torch

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("share_of_rank", "some tiles are left out; the first `tiles % world` processes")
def _(tiles, rank, world):
    n = tiles // world
    return rank * n, (rank + 1) * n


@wrong("share_of_rank", "the last shares reach beyond the last tile; only the first")
def _(tiles, rank, world):
    n = math.ceil(tiles / world)
    return rank * n, min((rank + 1) * n, tiles)


@wrong("share_of_rank", "some tiles belong to two processes; each share begins where")
def _(tiles, rank, world):
    n, r = divmod(tiles, world)
    if rank < r:
        n += 1
    return rank * n, (rank + 1) * n


@wrong("mean_of_parts", "a part without pixels has the mean nan, and nan times 0 is")
def _(means, counts):
    return (means * counts).sum() / counts.sum()


@wrong("mean_of_parts", "without any pixel the result is 0 / 0; it has to be 0")
def _(means, counts):
    return torch.nansum(means * counts) / counts.sum()


@wrong("mean_of_parts", "that is the mean of the means; a part with more pixels has to")
def _(means, counts):
    return means.nanmean()


@wrong("batch_statistics", "the means of the parts are averaged; add sums and squares")
def _(counts, sums, squares):
    mean = (sums / counts[:, None]).mean(0)
    var = (squares / counts[:, None]).mean(0) - mean**2
    return mean, var


@wrong("batch_statistics", "you divided by count - 1; batch norm normalises with the")
def _(counts, sums, squares):
    n = counts.sum()
    mean = sums.sum(0) / n
    var = squares.sum(0) / n - mean**2
    return mean, var * n / (n - 1)


@wrong("voxels_read", "the halo is on one side only; it is needed on both")
def _(block, reach, depth):
    halo = math.ceil(reach / 2**depth) * 2**depth
    return math.prod(b + halo for b in block)


@wrong("voxels_read", "a halo that is a multiple of the grid already gets one more;")
def _(block, reach, depth):
    grid = 2**depth
    halo = reach + grid - reach % grid
    return math.prod(b + 2 * halo for b in block)


@wrong("whole_chunks", "a block is counted in chunks; multiply by the length of a")
def _(size, chunk, most):
    n = most // chunk
    return [(i, i + n) for i in range(0, size, n)]


@wrong("whole_chunks", "the last block reaches beyond the axis; it ends with `size`")
def _(size, chunk, most):
    b = most // chunk * chunk
    return [(i * b, (i + 1) * b) for i in range(math.ceil(size / b))]


@wrong("still_to_do", "a marker with another digest counts, so the result would be a")
def _(blocks, markers, digest):
    return [b for b in blocks if b not in markers]


@wrong("still_to_do", "a block without a marker raises KeyError; use")
def _(blocks, markers, digest):
    return [b for b in blocks if markers[b] != digest]


@wrong("merge_labels", "a later pair can name a label that has another number")
def _(labels, pairs):
    out = labels.copy()
    for a, b in pairs:
        out[out == b] = a
    return out


@wrong("merge_labels", "a chain of pairs is followed for one step only; go on until a")
def _(labels, pairs):
    name = {}
    for a, b in pairs:
        name[b] = a
    out = np.vectorize(lambda x: name.get(x, x))(labels)
    return out


@wrong("share_of_rank", "the tiles are dealt out one by one; the share is a range of")
def _(tiles, rank, world):
    return list(range(rank, tiles, world))


@wrong("share_of_rank", "the shares have the right sizes, but the larger ones must")
def _(tiles, rank, world):
    n = tiles / world
    return int(rank * n), int((rank + 1) * n)


@wrong("mean_of_parts", "a part without pixels has the mean nan, and nan times 0 is")
def _(means, counts):
    if counts.sum() == 0:
        return 0.0 * means.sum()
    return (means * counts).sum() / counts.sum()


@wrong("mean_of_parts", "that is the mean of the means; a part with more pixels has to")
def _(means, counts):
    total = 0
    for m, c in zip(means, counts):
        if c > 0:
            total += m
    return total / len(means)


@wrong("batch_statistics", "the mean is not squared: the variance is the mean of the")
def _(counts, sums, squares):
    n = counts.sum()
    mean = sums.sum(0) / n
    return mean, squares.sum(0) / n - mean


@wrong("batch_statistics", "it raised RuntimeError: The size of tensor a (3) must match")
def _(counts, sums, squares):
    mean = sums.sum(0) / counts
    return mean, squares.sum(0) / counts - mean**2


@wrong("batch_statistics", "sums and squares are averaged over the parts; they have to be")
def _(counts, sums, squares):
    mean = sums.mean(0) / counts.sum()
    return mean, squares.mean(0) / counts.sum() - mean**2


@wrong("voxels_read", "the halo is rounded down, so it is too short; round up")
def _(block, reach, depth):
    grid = 2**depth
    total = 1
    for b in block:
        total *= b + 2 * (reach // grid * grid)
    return total


@wrong("voxels_read", "it raised IndexError: tuple index out of range")
def _(block, reach, depth):
    grid = 2**depth
    halo = math.ceil(reach / grid) * grid
    return (block[0] + 2 * halo) * (block[1] + 2 * halo) * (block[2] + 2 * halo)


@wrong("voxels_read", "expected the whole number 1404928, got the float 1404928.0;")
def _(block, reach, depth):
    grid = 2**depth
    halo = np.ceil(reach / grid) * grid
    return np.prod([b + 2 * halo for b in block])


@wrong("whole_chunks", "the rest of the axis is missing; the last block may be shorter")
def _(size, chunk, most):
    b = most // chunk * chunk
    out = []
    for start in range(0, size, b):
        stop = start + b
        if stop <= size:
            out.append((start, stop))
    return out


@wrong("whole_chunks", "the blocks can be larger than `most`; round it down to whole")
def _(size, chunk, most):
    n = math.ceil(size / most)
    b = math.ceil(size / n / chunk) * chunk
    return [(i, min(i + b, size)) for i in range(0, size, b)]


@wrong("whole_chunks", "your results fit this mistake: a value is 1 too small")
def _(size, chunk, most):
    b = most - most % chunk
    return [[i, min(i + b, size - 1)] for i in range(0, size, b)]


@wrong("still_to_do", "the order of the blocks has changed; keep that of the list")
def _(blocks, markers, digest):
    return sorted(set(blocks) - {b for b, d in markers.items() if d == digest})


@wrong("still_to_do", "it changes its argument markers; work on a copy:")
def _(blocks, markers, digest):
    for b in list(markers):
        if markers[b] != digest:
            del markers[b]
    return [b for b in blocks if b not in markers]


@wrong("still_to_do", "the blocks without a marker are missing; they are still to do")
def _(blocks, markers, digest):
    return [b for b in blocks if markers.get(b, digest) != digest]


@wrong("merge_labels", "a later pair can name a label that has another number")
def _(labels, pairs):
    out = labels.copy()
    for a, b in pairs:
        out[out == max(a, b)] = min(a, b)
    numbers = np.unique(out)
    return np.searchsorted(numbers, out)


@wrong("merge_labels", "the background has a number like an object, counted from 0;")
def _(labels, pairs):
    out = labels.copy()
    for a, b in pairs:
        labels[labels == b] = a
    _, first, inv = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inv].reshape(labels.shape)


@wrong("merge_labels", "a chain of pairs is followed for one step only; go on until a")
def _(labels, pairs):
    parent = {i: i for i in range(labels.max() + 1)}
    for a, b in pairs:
        parent[b] = parent[a]
    out = np.array([parent[i] for i in labels.ravel()])
    seen = []
    for v in out:
        if v and v not in seen:
            seen.append(v)
    return np.array([seen.index(v) + 1 if v else 0 for v in out]).reshape(labels.shape)


@wrong("merge_labels", "4 of 8 values are wrong, the first at (0, 1): expected 1, got")
def _(labels, pairs):
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = labels.max() + 1
    a = [p[0] for p in pairs]
    b = [p[1] for p in pairs]
    _, comp = connected_components(coo_matrix((np.ones(len(a)), (a, b)), (n, n)), directed=False)
    return comp[labels]


@wrong("share_of_rank", "some tiles belong to two processes; each share begins where")
def _(tiles, rank, world):
    per = tiles // world
    rest = tiles % world
    start = rank * per + rest if rank >= rest else rank * per
    return start, start + per + (1 if rank < rest else 0)


@wrong("share_of_rank", "the shares differ by more than one tile; the first `tiles %")
def _(tiles, rank, world):
    per, rest = divmod(tiles, world)
    if rank == 0:
        return 0, per + rest
    return rank * per + rest, (rank + 1) * per + rest


@wrong("mean_of_parts", "without any pixel the result is 0 / 0; it has to be 0")
def _(means, counts):
    means = torch.nan_to_num(means)
    return (means * counts).mean() / counts.float().mean()


@wrong("mean_of_parts", "the sum is divided by the largest count; divide it by the sum")
def _(means, counts):
    keep = counts > 0
    w = counts[keep] / counts.max()
    return (means[keep] * w).sum()


@wrong("batch_statistics", "the channels were added; axis 0 holds the parts and axis 1")
def _(counts, sums, squares):
    n = counts.sum()
    mean = sums.sum() / n
    return mean, squares.sum() / n - mean**2


@wrong("batch_statistics", "[1]: 3 of 3 values are wrong, the first at (0,): expected")
def _(counts, sums, squares):
    n = counts.sum()
    mean = sums.sum(0) / n
    var = ((squares - counts[:, None] * mean**2) ** 2).sum(0) / n
    return mean, var


@wrong("voxels_read", "the halo is not on the grid; round it up to a multiple of")
def _(block, reach, depth):
    return math.prod(b + 2 * reach for b in block)


@wrong("voxels_read", "reach % grid voxels lie beyond the last multiple of the grid;")
def _(block, reach, depth):
    halo = reach + reach % 2**depth
    return math.prod(b + 2 * halo for b in block)


@wrong("whole_chunks", "each block is one chunk; take as many chunks as `most` allows")
def _(size, chunk, most):
    return [(i, min(i + chunk, size)) for i in range(0, size, chunk)]


@wrong("whole_chunks", "it raised IndexError: list index out of range")
def _(size, chunk, most):
    b = most // chunk * chunk
    blocks = [(i * b, i * b + b) for i in range(size // b)]
    if blocks[-1][1] < size:
        blocks.append((blocks[-1][1], size))
    return blocks


@wrong("still_to_do", "only the first block is returned; return all that are still")
def _(blocks, markers, digest):
    for b in blocks:
        if markers.get(b) != digest:
            return [b]
    return []


@wrong("still_to_do", "items are missing, such as '1.0'; those that are there are")
def _(blocks, markers, digest):
    return [b for b in blocks if b not in markers and digest not in markers.values()]


@wrong("merge_labels", "the objects keep numbers of their labels; number them 1, 2, …")
def _(labels, pairs):
    parent = list(range(labels.max() + 1))

    def find(x):
        return x if parent[x] == x else find(parent[x])

    for a, b in pairs:
        parent[find(a)] = find(b)
    out = np.vectorize(find)(labels)
    return out


@wrong("merge_labels", "the numbers follow the labels; they have to follow the first")
def _(labels, pairs):
    parent = list(range(labels.max() + 1))

    def find(x):
        return x if parent[x] == x else find(parent[x])

    for a, b in pairs:
        parent[find(a)] = find(b)
    out = np.vectorize(find)(labels)
    for i, v in enumerate(np.unique(out)):
        out[out == v] = i
    return out


@wrong("merge_labels", "a pair can connect two groups that exist already; they have")
def _(labels, pairs):
    groups = []
    for a, b in pairs:
        for g in groups:
            if a in g or b in g:
                g |= {a, b}
                break
        else:
            groups.append({a, b})
    out = np.zeros_like(labels)
    names = {}
    for p in np.ndindex(labels.shape):
        v = labels[p]
        if v == 0:
            continue
        key = min([min(g) for g in groups if v in g], default=v)
        names.setdefault(key, len(names) + 1)
        out[p] = names[key]
    return out


@wrong("merge_labels", "a later pair can name a label that has another number")
def _(labels, pairs):
    for a, b in pairs:
        labels[labels == b] = a
    return labels


@wrong("mean_of_parts", "a part without pixels has the mean nan, and nan times 0 is nan")
def _(means, counts):
    if counts.sum() == 0:
        return torch.tensor(0.0)
    return (means * counts).sum() / counts.sum()


@wrong("batch_statistics", "far from 0, mean and squares agree in all digits of float32")
def _(counts, sums, squares):
    n = counts.sum()
    m = sums.float().sum(0) / n
    return m, squares.float().sum(0) / n - m**2


@wrong("voxels_read", "the tile grows by a multiple of the grid, but each halo by half")
def _(block, reach, depth):
    grid = 2**depth
    return math.prod(math.ceil((side + 2 * reach) / grid) * grid for side in block)


def united(labels, pairs, join):
    parent = list(range(int(labels.max(initial=0)) + 1))

    def root(label):
        while parent[label] != label:
            label = parent[label]
        return label

    for a, b in pairs:
        join(parent, root, a, b)
    return np.array([root(label) for label in range(len(parent))])[labels]


def roots(parent, root, a, b):
    parent[root(b)] = root(a)


def numbers_by_first_pixel(image):
    values, first, place = np.unique(image, return_index=True, return_inverse=True)
    number = np.zeros(len(values), np.int64)
    number[values > 0] = 1 + np.argsort(np.argsort(first[values > 0]))
    return number[place.reshape(image.shape)]


@wrong("merge_labels", "b loses the parent that it has from an earlier pair; join")
def _(labels, pairs):
    def join(parent, root, a, b):
        if root(a) != root(b):
            parent[b] = root(a)

    return numbers_by_first_pixel(united(labels, pairs, join))


@wrong("merge_labels", "b loses the parent that it has from an earlier pair; join")
def _(labels, pairs):
    def join(parent, root, a, b):
        parent[b] = a

    return numbers_by_first_pixel(united(labels, pairs, join))


@wrong("merge_labels", "argsort gives the objects in the order of their first pixels")
def _(labels, pairs):
    image = united(labels, pairs, roots)
    values, first, place = np.unique(image, return_index=True, return_inverse=True)
    number = np.zeros(len(values), np.int64)
    number[values > 0] = 1 + np.argsort(first[values > 0])
    return number[place.reshape(image.shape)]


@wrong("merge_labels", "the first value of np.unique is taken for the background, also")
def _(labels, pairs):
    values, first, place = np.unique(united(labels, pairs, roots), return_index=True, return_inverse=True)
    number = np.zeros(len(values), np.int64)
    number[1:] = 1 + np.argsort(np.argsort(first[1:]))
    return number[place.reshape(labels.shape)]


@right("share_of_rank")
def share(tiles, rank, world):
    first = -(-tiles // world)
    if rank == 0:
        return 0, first
    return tuple(first + end for end in share(tiles - first, rank - 1, world - 1))


@right("batch_statistics")
def _(counts, sums, squares):
    weight = (1 / counts.sum()).expand(len(counts)).to(sums)
    mean, of_squares = torch.einsum("p,kpc->kc", weight, torch.stack((sums, squares)))
    return mean, of_squares - mean.square()


@right("share_of_rank")
def _(tiles, rank, world):
    part = np.array_split(np.arange(tiles), world)[rank]
    return (int(part[0]), int(part[-1]) + 1) if len(part) else (tiles, tiles)


@right("share_of_rank")
def _(tiles, rank, world):
    sizes = [len(range(r, tiles, world)) for r in range(world)]
    return sum(sizes[:rank]), sum(sizes[: rank + 1])


@right("mean_of_parts")
def _(means, counts):
    kept = counts > 0
    if not kept.any():
        return torch.tensor(0.0)
    return torch.from_numpy(np.asarray(np.average(means[kept].numpy(), weights=counts[kept].numpy())))


@right("mean_of_parts")
def _(means, counts):
    return (means * counts).nansum() / max(int(counts.sum()), 1)


@right("batch_statistics")
def _(counts, sums, squares):
    n = counts[:, None]
    mean = torch.einsum("pc->c", sums) / n.sum()
    each = sums / n
    within = squares - n * each**2
    return mean, (within + n * (each - mean) ** 2).sum(0) / n.sum()


@right("voxels_read")
def _(block, reach, depth):
    halo = reach
    while halo % (1 << depth):
        halo += 1
    total = 1
    for side in block:
        total *= side + halo * 2
    return total


@right("whole_chunks")
def _(size, chunk, most):
    ends = [*range(0, size, most - most % chunk), size]
    return np.stack([ends[:-1], ends[1:]], axis=1)


@right("still_to_do")
def _(blocks, markers, digest):
    done = {name for name, text in markers.items() if text == digest}
    return [name for name in blocks if name not in done]


@right("merge_labels")
def _(labels, pairs):
    groups = [{int(label)} for label in np.unique(labels) if label]
    for pair in pairs:
        touched = [g for g in groups if g & set(pair)]
        groups = [g for g in groups if not g & set(pair)] + [set().union(*touched)]
    order = sorted(groups, key=lambda g: int(np.flatnonzero(np.isin(labels, list(g)))[0]))
    out = np.zeros(labels.shape, int)
    for number, g in enumerate(order, start=1):
        out[np.isin(labels, list(g))] = number
    return out


@right("merge_labels")
def _(labels, pairs):
    out = labels.copy()
    changed = True
    while changed:
        changed = False
        for a, b in pairs:
            low, high = sorted((out[labels == a].max(initial=0), out[labels == b].max(initial=0)))
            if low != high:
                out[out == high] = low
                changed = True
    _, first, inverse = np.unique(np.append(0, out), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse.ravel()[1:]].reshape(labels.shape)
