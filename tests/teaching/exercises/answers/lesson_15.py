"""Answers to the exercises of lesson 15 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import functools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("readers", "not only the next node of the row reads it, but all later ones")
def _(i, j, depth):
    out = []
    if i + j + 1 <= depth:
        out.append((i, j + 1))
    if i > 0:
        out.append((i - 1, j + 1))
    return out


@wrong("readers", "the last node of the row, X(i, depth - i), is missing")
def _(i, j, depth):
    out = [(i, k) for k in range(j + 1, depth - i)]
    if i > 0:
        out.append((i - 1, j + 1))
    return out


@wrong("readers", "row i ends at column depth - i, because the grid is a triangle")
def _(i, j, depth):
    out = [(i, k) for k in range(j + 1, depth + 1)]
    if i > 0:
        out.append((i - 1, j + 1))
    return out


@wrong("readers", "there is no row above row 0")
def _(i, j, depth):
    return [(i, k) for k in range(j + 1, depth - i + 1)] + [(i - 1, j + 1)]


@wrong("readers", "these are the inputs of X(i, j); you are asked for the nodes that")
def _(i, j, depth):
    return [(i, k) for k in range(j)] + [(i + 1, j - 1)]


@wrong("readers", "the row above receives X(i, j) one column later, in X(i - 1, j + 1)")
def _(i, j, depth):
    return [(i, k) for k in range(j + 1, depth - i + 1)] + ([(i - 1, j)] if i else [])


@wrong("readers", "the encoder's node of the row below reads X(i, 0) by pooling; the")
def _(i, j, depth):
    out = [(i, k) for k in range(j + 1, depth - i + 1)] + ([(i - 1, j + 1)] if i else [])
    if j == 0 and i < depth:
        out.append((i + 1, 0))
    return out


@wrong("readers", "maps go up: the node that receives X(i, j) upsampled is in the row")
def _(i, j, depth):
    return [(i, k) for k in range(j + 1, depth - i + 1)] + ([(i + 1, j + 1)] if i + j + 2 <= depth else [])


@wrong("needed_nodes", "these are the nodes that X(0, j) needs; the nodes that X(i, j) needs")
def _(i, j):
    return {(a, b) for a in range(j + 1) for b in range(j + 1 - a)}


@wrong("needed_nodes", "these are the direct inputs only; the inputs have inputs, too (and")
def _(i, j):
    return {(i, j), (i + 1, j - 1)} | {(i, k) for k in range(j)}


@wrong("needed_nodes", "the nodes of the encoder in row i and below are missing (and above")
def _(i, j):
    return {(i + a, b) for a in range(j + 1) for b in range(1, j + 1 - a)}


@wrong("needed_nodes", "it is no square: with each row down, one column fewer is needed (and")
def _(i, j):
    return {(i + a, b) for a in range(j + 1) for b in range(j + 1)}


@wrong("needed_nodes", "X(i, j) itself belongs to the set (and above row i, the encoder is")
def _(i, j):
    return {(i + a, b) for a in range(j + 1) for b in range(j + 1 - a)} - {(i, j)}


@wrong("needed_nodes", "the coarsest node of the encoder, X(i + j, 0), is missing (and above")
def _(i, j):
    return {(i + a, b) for a in range(j) for b in range(j + 1 - a)}


@wrong("needed_nodes", "this is the diagonal only; each of its nodes also reads the earlier")
def _(i, j):
    out = {(i, j)}
    if j > 0:

        def go(i, j):
            out.add((i, j))
            if j:
                go(i + 1, j - 1)

        go(i, j)
    return out


@wrong("channels_read", "the first map of the row is the encoder's, with its own number of")
def _(encoder, decoder, i, j):
    return (j + 1) * decoder[i]


@wrong("channels_read", "the map from the row below is missing; upsampled, it has the channels")
def _(encoder, decoder, i, j):
    return encoder[i] + (j - 1) * decoder[i]


@wrong("channels_read", "the up-convolution gives the channels of row i; you added those that")
def _(encoder, decoder, i, j):
    below = decoder[i + 1] if i + 1 < len(decoder) else encoder[i + 1]
    return encoder[i] + (j - 1) * decoder[i] + below


@wrong("channels_read", "one map too many: of the j earlier nodes of the row, one is the")
def _(encoder, decoder, i, j):
    return encoder[i] + (j + 1) * decoder[i]


@wrong("channels_read", "only the first map of the row has the channels of the encoder")
def _(encoder, decoder, i, j):
    return j * encoder[i] + decoder[i]


@wrong("channels_read", "i and j are exchanged: i is the row, and j the column")
def _(encoder, decoder, i, j):
    return encoder[j] + i * decoder[j]


@wrong("pruned_output", "the output is right, but nodes were computed that it does not need")
def _(features, nodes, column):
    depth = len(features) - 1
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, depth + 1):
        for i in range(depth - j + 1):
            x[i, j] = nodes[i, j](x[i + 1, j - 1], torch.cat([x[i, k] for k in range(j)], 1))
    return x[0, column]


@wrong("pruned_output", "a node is computed again each time it is needed; keep each result,")
def _(features, nodes, column):
    def get(i, j):
        if j == 0:
            return features[i]
        return nodes[i, j](get(i + 1, j - 1), torch.cat([get(i, k) for k in range(j)], 1))

    return get(0, column)


@wrong("pruned_output", "the row is joined from right to left; column 0 comes first")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            x[i, j] = nodes[i, j](x[i + 1, j - 1], torch.cat([x[i, k] for k in reversed(range(j))], 1))
    return x[0, column]


@wrong("pruned_output", "the arguments are exchanged: nodes[i, j](below, skip), the map of the")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            x[i, j] = nodes[i, j](torch.cat([x[i, k] for k in range(j)], 1), x[i + 1, j - 1])
    return x[0, column]


@wrong("pruned_output", "only the node just before it is joined; all earlier nodes of the row")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            x[i, j] = nodes[i, j](x[i + 1, j - 1], x[i, j - 1])
    return x[0, column]


@wrong("pruned_output", "below is as large as skip; hand in X(i + 1, j - 1) of the row below")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            up = F.interpolate(x[i + 1, j - 1], scale_factor=2)
            x[i, j] = nodes[i, j](up, torch.cat([x[i, k] for k in range(j)], 1))
    return x[0, column]


@wrong("pruned_output", "row by row, the finest first, does not work: X(i, j) needs X(i + 1, j")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for i in range(column + 1):
        for j in range(1, column - i + 1):
            x[i, j] = nodes[i, j](x[i + 1, j - 1], torch.cat([x[i, k] for k in range(j)], 1))
    return x[0, column]


@wrong("pruned_output", "this is X(0, column - 1): range(1, column) ends one column too early")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column):
        for i in range(column - j):
            x[i, j] = nodes[i, j](x[i + 1, j - 1], torch.cat([x[i, k] for k in range(j)], 1))
    return x[0, column - 1]


@wrong("branch_channels", "from the levels between its own and the coarsest it reads the")
def _(widths, i, width):
    return list(widths)


@wrong("branch_channels", "coarser levels do not give width channels: a map of the decoder has")
def _(widths, i, width):
    return [w if k <= i else width for k, w in enumerate(widths)]


@wrong("branch_channels", "at the coarsest level there is no map of the decoder; it is the")
def _(widths, i, width):
    n = len(widths)
    return [w if k <= i else n * width for k, w in enumerate(widths)]


@wrong("branch_channels", "at its own level it reads the map of the encoder; its own output is")
def _(widths, i, width):
    n = len(widths)
    return [w if k < i or k == n - 1 else n * width for k, w in enumerate(widths)]


@wrong("branch_channels", "these are the channels after the branches; those before them are")
def _(widths, i, width):
    return [width] * len(widths)


@wrong("branch_channels", "there are as many branches as levels, the coarsest one included")
def _(widths, i, width):
    n = len(widths)
    return [w if k <= i or k == n - 1 else (n - 1) * width for k, w in enumerate(widths)]


@wrong("full_scale", "the maps are joined from the coarsest; the finest comes first")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 ** (k - i), mode="bilinear")
        out.append(m)
    return torch.cat(out[::-1], 1)


@wrong("full_scale", "coarser maps are interpolated linearly; you repeated their pixels")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 ** (k - i))
        out.append(m)
    return torch.cat(out, 1)


@wrong("full_scale", "with align_corners=True the grids of the levels do not fit onto each")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 ** (k - i), mode="bilinear", align_corners=True)
        out.append(m)
    return torch.cat(out, 1)


@wrong("full_scale", "finer maps are max-pooled; these are means")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.avg_pool2d(m, 2 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 ** (k - i), mode="bilinear")
        out.append(m)
    return torch.cat(out, 1)


@wrong("full_scale", "each level halves the sides, so d levels divide them by 2 ** d, and")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 * (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 * (k - i), mode="bilinear")
        out.append(m)
    return torch.cat(out, 1)


@wrong("full_scale", "finer maps are max-pooled, and not interpolated")
def _(maps, i):
    return torch.cat([F.interpolate(m, size=maps[i].shape[2:], mode="bilinear") for m in maps], 1)


@wrong("full_scale", "you added the maps; concatenate them along the channels: torch.cat(…,")
def _(maps, i):
    out = 0
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 ** (k - i), mode="bilinear")
        out = out + m
    return out


@wrong("full_scale", "coarser maps were enlarged in several steps of 2, which blurs them;")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        for _ in range(max(0, i - k)):
            m = F.max_pool2d(m, 2)
        for _ in range(max(0, k - i)):
            m = F.interpolate(m, scale_factor=2, mode="bilinear")
        out.append(m)
    return torch.cat(out, 1)


@right("readers")
def _(i, j, depth):
    grid = np.argwhere(np.ones((depth + 1, depth + 1)))
    return [
        tuple(p)
        for p in grid
        if p[1] > 0 and p.sum() <= depth and ((p[0] == i and p[1] > j) or (p[0] == i - 1 and p[1] == j + 1))
    ]


@right("readers")
def _(i, j, depth):
    return {
        (a, b)
        for a in range(depth + 1)
        for b in range(1, depth - a + 1)
        if (i, j) in [*[(a, k) for k in range(b)], (a + 1, b - 1)]
    }


@right("readers")
def _(i, j, depth):
    return [[i - 1, j + 1]][:i] + [[i, k] for k in range(depth - i, j, -1)]


@right("needed_nodes")
def _(i, j):
    def inputs(i, j):
        if j:
            return [(i, k) for k in range(j)] + [(i + 1, j - 1)]
        return [(i - 1, 0)] if i else []

    found, waiting = set(), [(i, j)]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += inputs(*node)
    return found


@right("needed_nodes")
def _(i, j):
    side = i + j + 1
    grid = np.argwhere(np.add.outer(range(side), range(side)) < side)
    return frozenset((int(a), int(b)) for a, b in grid if a >= i or b == 0)


@right("needed_nodes")
def _(i, j):
    return np.array([(a, b) for a in range(i + j + 1) for b in range(i + j - a + 1 if a >= i else 1)])


@wrong("needed_nodes", "the encoder is missing above row i: X(i, 0) is computed from it")
def _(i, j):
    if j == 0:
        return {(i, 0)}
    out = {(i, j)}
    for k in range(j):
        out |= _needed(i, k)
    return out | _needed(i + 1, j - 1)


def _needed(i, j):
    return {(i, j)}.union(*[_needed(i, k) for k in range(j)], *([_needed(i + 1, j - 1)] if j else []))


@wrong("needed_nodes", "the encoder is missing above row i: X(i, 0) is computed from it")
def _(i, j):
    return frozenset((a, b) for a in range(i, i + j + 1) for b in range(i + j - a + 1))


right("channels_read")(lambda e, d, i, j: sum([e[i], *[d[i]] * j]))


@right("channels_read")
def _(encoder, decoder, i, j):
    return np.int64(encoder[i]) + np.array(decoder)[i] * j


@right("pruned_output")
def _(features, nodes, column):
    @functools.cache
    def get(i, j):
        return nodes[i, j](get(i + 1, j - 1), torch.hstack([get(i, k) for k in range(j)])) if j else features[i]

    return get(0, column)


@right("pruned_output")
def _(features, nodes, column):
    rows = [[f] for f in features[: column + 1]]
    for i in range(column - 1, -1, -1):
        for j in range(1, column - i + 1):
            rows[i].append(nodes[(i, j)](below=rows[i + 1][j - 1], skip=torch.cat(rows[i], dim=-3)))
    return rows[0][-1]


@right("branch_channels")
def _(widths, i, width):
    *a, last = widths
    return tuple(a[: i + 1]) + (len(widths) * width,) * (len(a) - i - 1) + (last,)


@right("full_scale")
def _(maps, i):
    h, w = maps[i].shape[-2:]
    out = None
    for m in maps:
        if m.shape[-1] > w:
            m = F.adaptive_max_pool2d(m, (h, w))
        elif m.shape[-1] < w:
            m = nn.Upsample((h, w), mode="bilinear", align_corners=False)(m)
        out = m if out is None else torch.cat((out, m), dim=1)
    return out


@right("full_scale")
def _(maps, i):
    def fine(m, s):
        n, c, h, w = m.shape
        return m.reshape(n, c, h // s, s, w // s, s).amax((3, 5))

    return torch.concat(
        [
            fine(m, 2 ** (i - k))
            if k < i
            else m
            if k == i
            else F.interpolate(m.double(), scale_factor=float(2 ** (k - i)), mode="bilinear").float()
            for k, m in enumerate(maps)
        ],
        1,
    )


@wrong("readers", "row and column are exchanged: a pair is (row, column)")
def _(i, j, depth):
    out = [(k, i) for k in range(j + 1, depth - i + 1)]
    if i:
        out.append((j + 1, i - 1))
    return out


@wrong("readers", "expected a list or a set of pairs (row, column), got {'row': [(1, 2),")
def _(i, j, depth):
    return {"row": [(i, k) for k in range(j + 1, depth - i + 1)], "above": (i - 1, j + 1)}


@wrong("readers", "expected pairs (row, column), got 0 among them")
def _(i, j, depth):
    out = [(i, k) for k in range(j + 1, depth - i + 1)]
    if i > 0:
        out.extend((i - 1, j + 1))
    return out


@wrong("readers", "the last node of the row, X(i, depth - i), is missing")
def _(i, j, depth):
    levels = depth - 1
    return [(i, k) for k in range(j + 1, levels - i + 1)] + ([(i - 1, j + 1)] if i > 0 else [])


@wrong("readers", "items are there that do not belong there, such as (0, 3); all the")
def _(i, j, depth):
    return [(a, b) for a in range(i + 1) for b in range(j + 1, depth - a + 1)]


@wrong("readers", "expected a list or a set of pairs (row, column), got 3")
def _(i, j, depth):
    return depth - i - j + (i > 0)


@wrong("readers", "items are there that do not belong there, such as (0, 1); all the")
def _(i, j, depth):
    return [(i, k) for k in range(j + 1, depth - i + 1)] + ([(i - 1, j), (i - 1, j + 1)] if i else [])


@wrong("readers", "items are missing, such as (1, 1); those that are there are right")
def _(i, j, depth):
    return [(i, k) for k in range(j + 1, depth - i + 1)] + ([(i - 1, j + 1)] if i > 0 and j > 0 else [])


@wrong("needed_nodes", "the node (0, 0) is returned more than once; a set holds each node once")
def _(i, j):
    def go(i, j):
        if j == 0:
            return [(i, 0)] + ([] if i == 0 else go(i - 1, 0))
        out = [(i, j)] + go(i + 1, j - 1)
        for k in range(j):
            out += go(i, k)
        return out

    return go(i, j)


@wrong("needed_nodes", "the encoder is missing above row i: X(i, 0) is computed from it")
def _(i, j):
    if j == 0:
        return {(i, 0)}
    out = {(i, j)}

    def go(i, j):
        out.add((i, j))
        if j:
            go(i + 1, j - 1)
            for k in range(j):
                go(i, k)

    go(i, j)
    return out


@wrong("needed_nodes", "expected a list or a set of pairs (row, column), got 6")
def _(i, j):
    return (j + 1) * (j + 2) // 2 + i


@wrong("needed_nodes", "the nodes of the encoder in row i and below are missing (and above")
def _(i, j):
    return {(a, b) for a in range(i, i + j) for b in range(1, i + j - a + 1)}


@wrong("needed_nodes", "the encoder is needed down to row i + j, and not to row j")
def _(i, j):
    return {(a, b) for a in range(i, i + j + 1) for b in range(1, i + j - a + 1)} | {(a, 0) for a in range(j + 1)}


@wrong("needed_nodes", "all nodes up to column j were taken; of the rows above i, only the")
def _(i, j):
    return {(a, b) for a in range(i + j + 1) for b in range(j + 1) if a + b <= i + j}


@wrong("channels_read", "j + 2 maps were added up; j + 1 are joined: the encoder's, j - 1 of")
def _(encoder, decoder, i, j):
    return encoder[i] + j * decoder[i] + encoder[i + 1]


@wrong("channels_read", "the encoder's channels are there twice; the map from below has")
def _(encoder, decoder, i, j):
    return encoder[i] + (j - 1) * decoder[i] + encoder[i]


@wrong("channels_read", "the encoder has one node in the row only, so encoder[i] is added")
def _(encoder, decoder, i, j):
    return (encoder[i] + decoder[i]) * j


@wrong("channels_read", "expected the whole number 13, got the float 13.0; use // instead of")
def _(encoder, decoder, i, j):
    return float(encoder[i] + decoder[i] * j)


@wrong("channels_read", "the encoder's node that is joined is X(i, 0), of the same row, and")
def _(encoder, decoder, i, j):
    return encoder[i + 1] + j * decoder[i]


@wrong("pruned_output", "it raised TypeError: skip has to be one tensor, got a list;")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            x[i, j] = nodes[i, j](x[i + 1, j - 1], [x[i, k] for k in range(j)])
    return x[0, column]


@wrong("pruned_output", "compare the arguments with the call")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            x[i, j] = nodes[i, j](x[i + 1, j - 1], *[x[i, k] for k in range(j)])
    return x[0, column]


@wrong("pruned_output", "row by row, the finest first, does not work: X(i, j) needs X(i + 1, j")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        x[0, j] = nodes[0, j](x[1, j - 1], torch.cat([x[0, k] for k in range(j)], 1))
    return x[0, column]


@wrong("pruned_output", "the keys of nodes are pairs: nodes[i, j], and not nodes[i][j]")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            x[i, j] = nodes[i][j](x[i + 1, j - 1], torch.cat([x[i, k] for k in range(j)], 1))
    return x[0, column]


@wrong("pruned_output", "skip holds the node of the row below, too; nodes[i, j] joins that one")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            below = x[i + 1, j - 1]
            x[i, j] = nodes[i, j](
                below, torch.cat([x[i, k] for k in range(j)] + [F.interpolate(below, scale_factor=2)], 1)
            )
    return x[0, column]


@wrong("pruned_output", "output: expected a torch tensor, got a dict")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            x[i, j] = nodes[i, j](x[i + 1, j - 1], torch.cat([x[i, k] for k in range(j)], 1))
    return x


@wrong("pruned_output", "two nodes of the row are joined, the first and the last; all j")
def _(features, nodes, column):
    x = {(i, 0): f for i, f in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            row = [x[i, 0]] if j == 1 else [x[i, 0], x[i, j - 1]]
            x[i, j] = nodes[i, j](x[i + 1, j - 1], torch.cat(row, 1))
    return x[0, column]


@wrong("branch_channels", "expected a list, got 1792")
def _(widths, i, width):
    n = len(widths)
    return sum(w if k <= i or k == n - 1 else n * width for k, w in enumerate(widths))


@wrong("branch_channels", "the items are right, but in reverse order")
def _(widths, i, width):
    n = len(widths)
    return [w if k <= i or k == n - 1 else n * width for k, w in enumerate(widths)][::-1]


@wrong("branch_channels", "finer levels give the encoder's map, and coarser levels the decoder's")
def _(widths, i, width):
    n = len(widths)
    return [n * width if k < i else w for k, w in enumerate(widths)]


@wrong("branch_channels", "each decoder map is joined from all levels, also those finer than i:")
def _(widths, i, width):
    n = len(widths)
    return [w if k <= i or k == n - 1 else (n - i) * width for k, w in enumerate(widths)]


@wrong("branch_channels", "at the coarsest level there is no map of the decoder; it is the")
def _(widths, i, width):
    n = len(widths)
    return [widths[k] if k <= i or k == n else n * width for k in range(n)]


@wrong("branch_channels", "a branch of the decoder gives width channels, whatever its level;")
def _(widths, i, width):
    n = len(widths)
    return [w if k <= i or k == n - 1 else n * w for k, w in enumerate(widths)]


@wrong("full_scale", "stack makes a new axis, and needs equal channels; torch.cat(…, dim=1)")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 ** (k - i), mode="bilinear")
        out.append(m)
    return torch.stack(out, 1)


@wrong("full_scale", "the map of level i itself is missing; it is joined unchanged")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            out.append(F.max_pool2d(m, 2 ** (i - k)))
        elif k > i:
            out.append(F.interpolate(m, scale_factor=2 ** (k - i), mode="bilinear"))
    return torch.cat(out, 1)


@wrong("full_scale", "the maps were brought to the size of level 0; all have to get the")
def _(maps, i):
    return torch.cat([F.interpolate(m, size=maps[0].shape[2:], mode="bilinear") for m in maps], 1)


@wrong("full_scale", "sizes are whole numbers: use // instead of /, or int(…)")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2.0 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2.0 ** (k - i), mode="bilinear")
        out.append(m)
    return torch.cat(out, 1)


@wrong("full_scale", "of maps it is 'bilinear'")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 ** (k - i), mode="linear")
        out.append(m)
    return torch.cat(out, 1)


@wrong("full_scale", "it changes its argument maps; work on a copy: list(maps)")
def _(maps, i):
    for k in range(len(maps)):
        if k < i:
            maps[k] = F.max_pool2d(maps[k], 2 ** (i - k))
        if k > i:
            maps[k] = F.interpolate(maps[k], scale_factor=2 ** (k - i), mode="bilinear")
    return torch.cat(maps, 1)


@wrong("full_scale", "the smallest value of each block was kept; max pooling keeps the")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = -F.max_pool2d(-m, 2 ** (i - k))
        if k > i:
            m = F.interpolate(m, scale_factor=2 ** (k - i), mode="bilinear")
        out.append(m)
    return torch.cat(out, 1)


@wrong("full_scale", "repeat lays whole copies side by side; the map has to be enlarged:")
def _(maps, i):
    out = []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 ** (i - k))
        if k > i:
            m = m.repeat(1, 1, 2 ** (k - i), 2 ** (k - i))
        out.append(m)
    return torch.cat(out, 1)


@wrong("full_scale", "d levels divide them by 2 ** d, and not by 2 * d")
def _(maps, i):
    size, joined = maps[i].shape[2:], []
    for k, m in enumerate(maps):
        if k < i:
            m = F.max_pool2d(m, 2 * (i - k))
        elif k > i:
            m = F.interpolate(m, size=size, mode="bilinear")
        joined.append(m)
    return torch.cat(joined, dim=1)
