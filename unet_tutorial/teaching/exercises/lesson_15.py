"""Exercises of lesson 15, UNet++ and UNet 3+: readers of a node, channels, pruning, branches of all levels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import UnfitError

Node = tuple[int, int]  # row and column


def _sorted_nodes(answer: Callable[..., Iterable[Node]], case: Case) -> list[Node]:
    """The nodes that the answer names, in any order."""
    found = answer(*case)
    if not isinstance(found, Iterable) or isinstance(found, str | Mapping):
        raise UnfitError(f"expected a list or a set of pairs (row, column), got {found!r}")
    pairs = list(found)
    for pair in pairs:
        if not isinstance(pair, list | tuple | np.ndarray | Tensor) or len(pair) != 2:
            raise UnfitError(f"expected pairs (row, column), got {pair!r} among them")
    nodes = sorted((int(row), int(column)) for row, column in pairs)
    for node, again in pairwise(nodes):
        if node == again:
            raise UnfitError(f"the node {node} is returned more than once; a set holds each node once")
    return nodes


def _read_nodes(seed: int) -> Iterator[Case]:
    """Row, column and the number of poolings."""
    yield from ((1, 1, 4), (0, 0, 3 + seed), (2, 0, 4), (0, 2, 3), (3, 0, 3), (1, 2, 5))


@exercise(
    _read_nodes,
    ("depth - i + 1", "depth + 1", "row i ends at column depth - i, because the grid is a triangle"),
    ("depth - i + 1", "depth - i", "the last node of the row, X(i, depth - i), is missing"),
    ("(i - 1, j + 1)", "(i - 1, j - 1)", "the row above receives X(i, j) one column later, and not one earlier"),
    ("(i - 1, j + 1)", "(i - 1, j)", "the row above receives X(i, j) one column later, in X(i - 1, j + 1)"),
    ("above + row", "row", "the node of the row above that receives X(i, j) upsampled is missing"),
    ("above + row", "above", "the later nodes of its own row are missing: each of them reads X(i, j)"),
    ("above + row", "above + row[:1]", "not only the next node of the row reads it, but all later ones"),
    (" if i > 0 else []", "", "there is no row above row 0"),
    ("range(j + 1,", "range(j,", "a node does not read itself"),
    (
        "range(j + 1,",
        "range(1,",
        "the earlier nodes of the row do not read X(i, j): they are computed before it; begin at column j + 1",
    ),
    ("depth - i + 1", "depth - j + 1", "row i ends at column depth - i; you subtracted the column j from the depth"),
    (
        "[(i - 1, j + 1)] if i > 0 else []",
        "[(i + 1, j + 1)] if i + j + 2 <= depth else []",
        "maps go up: the node that receives X(i, j) upsampled is in the row above, i - 1, and not in row i + 1",
    ),
    (
        "[(i - 1, j + 1)] if i > 0 else []",
        "[(i - 1, k) for k in range(j + 1, depth - i + 2)] if i > 0 else []",
        "of the row above, one node only receives X(i, j): X(i - 1, j + 1)",
    ),
    (
        "return above + row",
        "return above + row + ([(i + 1, 0)] if j == 0 and i < depth else [])",
        "the encoder's node of the row below reads X(i, 0) by pooling; the text leaves the encoder's nodes out",
    ),
    (
        "return above + row",
        "return above + row + ([(i + 1, 0)] if j == 0 else [])",
        "the encoder's nodes, which read X(i, 0) by pooling, do not count; and below row depth there is no row",
    ),
    (
        "return above + row",
        "return [(column, line) for line, column in above + row]",
        "row and column are exchanged: a pair is (row, column)",
    ),
    (
        "these are the nodes that X(i, j) reads; the nodes that read X(i, j) are wanted",
        lambda i, j, depth: [*((i, k) for k in range(j)), *([(i + 1, j - 1)] if j else [])],  # noqa: ARG005
    ),
    (
        "these are the inputs of X(i, j); you are asked for the nodes that have X(i, j) among their inputs",
        lambda i, j, depth: [*((i, k) for k in range(j)), (i + 1, j - 1)],  # noqa: ARG005
    ),
    probe=_sorted_nodes,
)
def readers(i: int, j: int, depth: int) -> list[Node]:
    above = [(i - 1, j + 1)] if i > 0 else []
    row = [(i, k) for k in range(j + 1, depth - i + 1)]
    return above + row


def _wanted_nodes(seed: int) -> Iterator[Case]:
    """Row and column."""
    yield from ((0, 2), (0, 3), (1, 2), (2, 1 + seed), (1, 3), (0, 1))


ENCODER_ABOVE = " | {(a, 0) for a in range(i)}"
WRONG_TRIANGLES = (
    ("i + j - a + 1", "j + 1", "it is no square: with each row down, one column fewer is needed"),
    ("i + j - a + 1", "i + j - a", "the last node of each row is missing, X(i, j) itself among them"),
    ("i + j - a + 1", "i + j - a + 2", "each row has one node too many: row a ends at column i + j - a"),
    ("range(i, i + j + 1)", "range(i, i + j)", "the coarsest node of the encoder, X(i + j, 0), is missing"),
    ("return triangle", "return triangle - {(i, j)}", "X(i, j) itself belongs to the set"),
    (
        "return triangle",
        "return {node for node in triangle if node[1]}",
        "the nodes of the encoder in row i and below are missing",
    ),
    (
        "return triangle",
        "return {(i, k) for k in range(j + 1)} | {(i + 1, j - 1)}",
        "these are the direct inputs only; the inputs have inputs, too",
    ),
    (
        "return triangle",
        "return {(i, k) for k in range(j + 1)}",
        "this is row i only; the rows below are needed, too",
    ),
    (
        "return triangle",
        "return {(i + k, j - k) for k in range(j + 1)}",
        "this is the diagonal only; each of its nodes also reads the earlier nodes of its own row",
    ),
)


@exercise(
    _wanted_nodes,
    (ENCODER_ABOVE, "", "the encoder is missing above row i: X(i, 0) is computed from it"),
    (
        "range(i, i + j + 1)",
        "range(i + j + 1)",
        "nodes of the decoder in rows above i are not needed: there only the encoder is",
    ),
    *WRONG_TRIANGLES,
    *[
        (old, new, ENCODER_ABOVE, "", f"{hint} (and above row i, the encoder is missing)")
        for old, new, hint in WRONG_TRIANGLES
    ],
    (
        "range(i, i + j + 1) for b in range(i + j - a + 1)",
        "range(i + j + 1) for b in range(min(j, i + j - a) + 1)",
        "all nodes up to column j were taken; of the rows above i, only the encoder's nodes are needed",
    ),
    (
        "for a in range(i)}",
        "for a in range(j + 1)}",
        "return triangle",
        "return {node for node in triangle if node[1]}",
        "the encoder is needed down to row i + j, and not to row j",
    ),
    (
        "range(i, i + j + 1) for b in range(i + j - a + 1)",
        "range(j + 1) for b in range(j - a + 1)",
        "these are the nodes that X(0, j) needs; the nodes that X(i, j) needs begin in row i",
    ),
    (
        "return triangle",
        "return {(a, b + i) for a, b in triangle}",
        "column 0 is the encoder in every row; count the columns from 0, and not from i",
    ),
    (
        "range(i, i + j + 1) for b in range(i + j - a + 1)",
        "range(i, j + 1) for b in range(j - a + 1)",
        "the rows end at i + j, and not at j: j rows below row i are needed",
    ),
    (
        "return triangle | {(a, 0) for a in range(i)}",
        "return {(b, a) for a, b in triangle}",
        "row and column are exchanged: a pair is (row, column); and above row i, the encoder is missing",
    ),
    probe=_sorted_nodes,
)
def needed_nodes(i: int, j: int) -> set[Node]:
    triangle = {(a, b) for a in range(i, i + j + 1) for b in range(i + j - a + 1)}
    return triangle | {(a, 0) for a in range(i)}


def _widths(seed: int) -> Iterator[Case]:
    """Channels of the encoder's nodes, of the decoder's, row and column."""
    encoder, decoder = (8, 16, 32 + seed, 64, 96), (5, 12, 20, 40 + seed)
    for i, j in ((0, 1), (0, 4), (1, 2), (2, 2), (3, 1)):
        yield encoder, decoder, i, j


@exercise(
    _widths,
    (
        "encoder[i] + (j - 1) * decoder[i]",
        "j * decoder[i]",
        "the first map of the row is the encoder's, with its own number of channels",
    ),
    (
        "encoder[i] + (j - 1) * decoder[i]",
        "j * encoder[i]",
        "only the first map of the row has the channels of the encoder",
    ),
    (
        "* decoder[i] + decoder[i]",
        "* decoder[i]",
        "the map from the row below is missing; upsampled, it has the channels of row i",
    ),
    (
        "* decoder[i] + decoder[i]",
        "* decoder[i] + (encoder[i + 1] if j == 1 else decoder[i + 1])",
        "the up-convolution changes the channels of the row below to those of the decoder in row i",
    ),
    ("(j - 1) * ", "", "all earlier nodes of the row are joined: for column j there are j of them"),
    ("(j - 1) * ", "j * ", "one map too many: of the j earlier nodes of the row, one is the encoder's"),
    (
        "* decoder[i] + decoder[i]",
        "* decoder[i] + (*decoder, encoder[-1])[i + 1]",
        "the up-convolution gives the channels of row i; you added those that row i + 1 has before it",
    ),
    (
        "* decoder[i] + decoder[i]",
        "* decoder[i] + encoder[i + 1]",
        "the map from below comes out of an up-convolution with decoder[i] channels, and not from the encoder",
    ),
    (
        "(j - 1) * decoder[i] + decoder[i]",
        "j * decoder[i] + encoder[i + 1]",
        "j + 2 maps were added up; j + 1 are joined: the encoder's, j - 1 of the decoder, and the one from below",
    ),
    (
        "(j - 1) * decoder[i] + decoder[i]",
        "(j - 1) * decoder[i] + encoder[i]",
        "the encoder's channels are there twice; the map from below has decoder[i] channels after the up-convolution",
    ),
    (
        "encoder[i] + (j - 1) * decoder[i] + decoder[i]",
        "j * (encoder[i] + decoder[i])",
        "the encoder has one node in the row only, so encoder[i] is added once, and not j times",
    ),
    (
        "return encoder[i] + (j - 1) * decoder[i]",
        "return encoder[i + 1] + (j - 1) * decoder[i]",
        "the encoder's node that is joined is X(i, 0), of the same row, and not X(i + 1, 0)",
    ),
    (
        "encoder[i] + (j - 1) * decoder[i] + decoder[i]",
        "encoder[j] + i * decoder[j]",
        "i and j are exchanged: i is the row, and j the column",
    ),
    (
        "encoder[i] + (j - 1) * decoder[i] + decoder[i]",
        "encoder[j] + j * decoder[j]",
        "the widths are those of row i; you took those at place j, the column",
    ),
    (
        "encoder[i] + (j - 1) * decoder[i] + decoder[i]",
        "(j + 1) * encoder[i]",
        "of the maps that are joined, only the first has the channels of the encoder",
    ),
    (
        "encoder[i] + (j - 1) * decoder[i] + decoder[i]",
        "decoder[i]",
        "these are the channels that the node gives; count those that its first convolution reads",
    ),
    (
        "(j - 1) * decoder[i] + decoder[i]",
        "decoder[i]",
        "this is the U-Net, with one skip; here all j earlier nodes of the row are joined",
    ),
    (
        "(j - 1) * decoder[i] + decoder[i]",
        "sum(decoder[:j])",
        "all maps that are joined belong to row i; you added the widths of several rows",
    ),
    (
        "(j - 1) * decoder[i] + decoder[i]",
        "sum(decoder[i : i + j])",
        "you added the widths of the rows from i on; all maps that are joined have those of row i",
    ),
    ("encoder[i] + ", "", "the node of the encoder in row i is joined, too"),
    ("return encoder[i]", "return encoder[0]", "the encoder's node of row i is joined, and not that of row 0"),
)
def channels_read(encoder: Sequence[int], decoder: Sequence[int], i: int, j: int) -> int:
    return encoder[i] + (j - 1) * decoder[i] + decoder[i]


@dataclass
class _Step:
    """The node X(i, j): upsamples and concatenates, then mixes the channels; notes that it was called."""

    node: Node
    called: list[Node] = field(repr=False)

    def __call__(self, below: Tensor, skip: Tensor) -> Tensor:
        """(N, below, H/2, W/2) and (N, skip, H, W) -> (N, 2, H, W)."""
        self.called.append(self.node)
        if not isinstance(skip, Tensor):
            raise TypeError(f"skip has to be one tensor, got a {type(skip).__name__}; concatenate the nodes of the row")
        small, large = tuple(below.shape[2:]), tuple(skip.shape[2:])
        if small == large:
            raise ValueError(f"below has the size of skip, {small}; nodes{list(self.node)} needs one of half the sides")
        if (2 * small[0], 2 * small[1]) != large:
            raise ValueError(f"below has the sides {small} and skip {large}; below needs half the sides of skip")
        joined = torch.cat([skip, F.interpolate(below, scale_factor=2.0)], dim=1)
        i, j = self.node
        generator = torch.Generator().manual_seed(10 * i + j)
        weight = torch.randn(2, joined.shape[1], 1, 1, generator=generator)
        return F.conv2d(joined, weight).tanh()


def _grids(seed: int) -> Iterator[Case]:
    """Features of all levels, finest first, and the column to prune to."""
    generator = torch.Generator().manual_seed(seed)
    for depth, column in ((2, 1), (3, 2), (3, 3), (4, 2), (3, 1)):
        sizes = [(2 ** (depth - i), (2 + seed) * 2 ** (depth - i)) for i in range(depth + 1)]
        yield [torch.randn(1, 2, *size, generator=generator) for size in sizes], column


def _output_and_calls(answer: Callable[..., Tensor], case: Case) -> dict[str, Any]:
    """The output, which nodes were computed, in any order, and which of them more than once."""
    features, column = case
    depth, called = len(features) - 1, list[Node]()
    places = [(i, j) for j in range(1, depth + 1) for i in range(depth - j + 1)]
    output = answer(features, {place: _Step(place, called) for place in places}, column)
    repeated = sorted({node for node in called if called.count(node) > 1})
    return {"output": output, "computed nodes": sorted(set(called)), "computed more than once": repeated}


def _without_memory(features: Sequence[Tensor], nodes: Mapping[Node, Callable[..., Tensor]], column: int) -> Tensor:
    def value(i: int, j: int) -> Tensor:
        if j == 0:
            return features[i]
        return nodes[i, j](value(i + 1, j - 1), torch.cat([value(i, k) for k in range(j)], dim=1))

    return value(0, column)


@exercise(
    _grids,
    (
        "range(1, column + 1)",
        "range(1, len(features))",
        "range(column - j + 1)",
        "range(len(features) - j)",
        "the output is right, but nodes were computed that it does not need",
    ),
    (
        "range(column - j + 1)",
        "range(len(features) - j)",
        "the output is right, but rows were computed that it does not need: row i ends at column - i",
    ),
    (
        "[x[i, k] for k in range(j)]",
        "[x[i, j - 1]]",
        "only the node just before it is joined; all earlier nodes of the row are",
    ),
    ("[x[i, k] for k in range(j)]", "[x[i, 0]]", "only the encoder's node is joined; all earlier nodes of the row are"),
    ("for k in range(j)", "for k in reversed(range(j))", "the row is joined from right to left; column 0 comes first"),
    ("return x[0, column]", "return x[0, column - 1]", "that is the node one column before"),
    (
        "range(1, column + 1)",
        "range(1, column)",
        "return x[0, column]",
        "return x[0, column - 1]",
        "the loop ends one column too early: range(1, column) leaves the column itself out",
    ),
    (
        "range(1, column + 1)",
        "range(1, column)",
        "range(1, column) ends before column, so X(0, column) is not computed",
    ),
    (
        "range(1, column + 1)",
        "range(1, column)",
        "range(column - j + 1)",
        "range(column - j)",
        "return x[0, column]",
        "return x[0, column - 1]",
        "this is X(0, column - 1): range(1, column) ends one column too early",
    ),
    (
        "a node is computed again each time it is needed; keep each result, for instance in a dict by (i, j)",
        _without_memory,
    ),
    (
        "for j in range(1, column + 1):\n        for i in range(column - j + 1):",
        "for i in range(column + 1):\n        for j in range(1, column - i + 1):",
        "row by row, the finest first, does not work: X(i, j) needs X(i + 1, j - 1); go column by column",
    ),
    (
        "[x[i, k] for k in range(j)]",
        "[x[i, k] for k in range(1, j)]",
        "the encoder's node X(i, 0) belongs to the skip; begin at column 0",
    ),
    (
        "torch.cat([x[i, k] for k in range(j)], dim=1)",
        "torch.stack([x[i, k] for k in range(j)]).sum(0)",
        "you added the earlier nodes of the row; the skip is their concatenation along the channels",
    ),
    (
        "torch.cat([x[i, k] for k in range(j)], dim=1)",
        "torch.stack([x[i, k] for k in range(j)]).mean(0)",
        "you averaged the earlier nodes of the row; the skip is their concatenation along the channels",
    ),
    (
        "x[i, k] for k in range(j)]",
        "x[i, k] for k in sorted({0, j - 1})]",
        "two nodes of the row are joined, the first and the last; all j earlier nodes are",
    ),
    (
        "torch.cat([x[i, k] for k in range(j)], dim=1)",
        "torch.cat([*(x[i, k] for k in range(j)), F.interpolate(x[i + 1, j - 1], scale_factor=2)], dim=1)",
        "skip holds the node of the row below, too; nodes[i, j] joins that one itself",
    ),
    ("nodes[i, j](x", "nodes[i][j](x", "the keys of nodes are pairs: nodes[i, j], and not nodes[i][j]"),
    ("dim=1", "dim=0", "dim=0 is the axis of the images; concatenate along the channels, dim=1"),
    ("dim=1", "dim=-1", "dim=-1 is the axis of the columns of pixels; concatenate along the channels, dim=1"),
    ("dim=1", "dim=2", "dim=2 is the axis of the rows of pixels; concatenate along the channels, dim=1"),
    (
        "nodes[i, j](x[i + 1, j - 1], skip)",
        "nodes[i, j](skip, x[i + 1, j - 1])",
        "the arguments are exchanged: nodes[i, j](below, skip), the map of the row below first",
    ),
    (
        "nodes[i, j](x[i + 1, j - 1], skip)",
        "nodes[i, j](F.interpolate(x[i + 1, j - 1], scale_factor=2), skip)",
        "below is as large as skip; hand in X(i + 1, j - 1) of the row below as it is: nodes[i, j] upsamples it itself",
    ),
    (
        "return x[0, column]",
        "return torch.stack([x[0, j] for j in range(1, column + 1)]).mean(0)",
        "that is the mean of the nodes of row 0; the pruned output is that of the last column alone",
    ),
    (
        "nodes[i, j](x[i + 1, j - 1], skip)",
        "nodes[i, j](x[i + 1, 0], skip)",
        "each node reads the node below it in the column before, and not the encoder",
    ),
    probe=_output_and_calls,
)
def pruned_output(features: Sequence[Tensor], nodes: Mapping[Node, Callable[..., Tensor]], column: int) -> Tensor:
    x = {(i, 0): each for i, each in enumerate(features)}
    for j in range(1, column + 1):
        for i in range(column - j + 1):
            skip = torch.cat([x[i, k] for k in range(j)], dim=1)
            x[i, j] = nodes[i, j](x[i + 1, j - 1], skip)
    return x[0, column]


def _plans(seed: int) -> Iterator[Case]:
    """Channels of the encoder, level of the decoder, and channels per branch."""
    yield (64, 128, 256, 512, 1024), 2, 64
    yield (64, 128, 256, 512, 1024), 0, 64
    yield (8, 12, 20, 36 + seed), 1, 5
    yield (8, 12, 20, 36 + seed), 2, 6
    yield (6, 10 + seed), 0, 4


@exercise(
    _plans,
    ("k <= i or k == coarsest", "k <= i", "at the coarsest level there is no map of the decoder; it is the encoder's"),
    ("k <= i or", "k < i or", "at its own level it reads the map of the encoder; its own output is not there yet"),
    ("k <= i", "k >= i", "finer levels give the encoder's map, and coarser levels the decoder's"),
    (
        "widths[k] if k <= i or k == coarsest else joined",
        "widths[k]",
        "from the levels between its own and the coarsest it reads the decoder's maps, which have more channels",
    ),
    (
        "len(widths) * width",
        "width",
        "a map of the decoder is a concatenation: it has the channels of all branches together",
    ),
    (
        "len(widths) * width",
        "(len(widths) - 1) * width",
        "there are as many branches as levels, the coarsest one included",
    ),
    ("len(widths) * width", "5 * width", "five branches are right for five levels only; there are len(widths) of them"),
    (
        "len(widths) * width",
        "width",
        "k <= i or k == coarsest",
        "k <= i",
        "coarser levels do not give width channels: a map of the decoder has all branches together, and the coarsest"
        " level gives the encoder's map",
    ),
    (
        "else joined",
        "else (len(widths) - k) * width",
        "each decoder map has a branch for every level, also for the finer ones: len(widths) branches",
    ),
    (
        "else joined",
        "else (len(widths) - i) * width",
        "each decoder map is joined from all levels, also those finer than i: len(widths) branches",
    ),
    (
        "else joined",
        "else len(widths) * widths[k]",
        "a branch of the decoder gives width channels, whatever its level; widths[k] is the encoder's",
    ),
    (
        "for k in range(len(widths))]",
        "for k in range(len(widths)) if k != i]",
        "level i itself is missing: it also has a branch, which reads the encoder's map",
    ),
    (
        "return [widths[k]",
        "return [widths[i]",
        "k == coarsest else",
        "False else",
        "a branch reads the channels of the level that it comes from, and not those of level i",
    ),
    (
        "k <= i or k == coarsest else joined",
        "k == i else joined",
        "the finer levels give the encoder's maps, and so does the coarsest; the decoder's lie between",
    ),
    (
        "widths[k] if k <= i or k == coarsest else joined",
        "joined",
        "each branch was given a map of the decoder; up to level i, and at the coarsest, it is the encoder's",
    ),
    (
        "widths[k] if k <= i or k == coarsest else joined",
        "width",
        "these are the channels after the branches; those before them are wanted",
    ),
)
def branch_channels(widths: Sequence[int], i: int, width: int) -> list[int]:
    coarsest, joined = len(widths) - 1, len(widths) * width
    return [widths[k] if k <= i or k == coarsest else joined for k in range(len(widths))]


def _maps(seed: int) -> Iterator[Case]:
    """One map per level, finest first, and the level to which all are brought."""
    generator = torch.Generator().manual_seed(seed)
    for levels, i in ((3, 1), (4, 0), (5, 3), (3, 2), (2, 0)):
        sides = [(2 ** (levels - k), (2 + seed) * 2 ** (levels - k)) for k in range(levels)]
        yield [torch.randn(1, 2 + k, *side, generator=generator) for k, side in enumerate(sides)], i


@exercise(
    _maps,
    ("F.max_pool2d", "F.avg_pool2d", "finer maps are max-pooled; these are means"),
    (
        "F.max_pool2d(x, factor)",
        "x[:, :, ::factor, ::factor]",
        "finer maps are max-pooled; you kept one pixel of each block",
    ),
    (
        "F.max_pool2d(x, factor)",
        "F.interpolate(x, scale_factor=1 / factor, mode='bilinear')",
        "finer maps are max-pooled, and not interpolated",
    ),
    (', mode="bilinear"', "", "coarser maps are interpolated linearly; you repeated their pixels"),
    (
        'mode="bilinear"',
        'mode="bilinear", align_corners=True',
        "with align_corners=True the grids of the levels do not fit onto each other; leave it at False",
    ),
    ('mode="bilinear"', 'mode="bicubic"', "coarser maps are interpolated linearly; this is cubic"),
    (
        "factor = 2 ** abs(i - k)",
        "factor = 2 * abs(i - k)",
        "each level halves the sides, so d levels divide them by 2 ** d, and not by 2 * d",
    ),
    *(
        (*edit, "each level halves the sides, so d levels divide them by 2 ** d, and not by 2 * d")
        for edit in (("(x, factor)", "(x, 2 * (i - k))"), ("float(factor)", "2.0 * (k - i)"))
    ),
    (
        "factor = 2 ** abs(i - k)",
        "factor = abs(i - k)",
        "the sides differ by the factor 2 ** d for d levels, and not by d",
    ),
    ("factor = 2 ** abs(i - k)", "factor = 2", "every map was changed by a factor of 2; d levels away it is 2 ** d"),
    ("F.max_pool2d(x, factor)", "F.max_pool2d(x, 2)", "finer maps were pooled by 2 only; d levels away it is 2 ** d"),
    (
        "scale_factor=float(factor)",
        "scale_factor=2.0",
        "coarser maps were enlarged by 2 only; d levels away it is 2 ** d",
    ),
    (
        "            x = F.interpolate(x, scale_factor=float(factor), mode",
        "            for _ in range(k - i):\n                x = F.interpolate(x, scale_factor=2.0, mode",
        "coarser maps were enlarged in several steps of 2, which blurs them; interpolate once, to the size of level i",
    ),
    (
        "F.max_pool2d(x, factor)",
        "F.max_pool2d(x, factor, stride=1)",
        "max pooling takes steps as long as its kernel; leave stride out",
    ),
    (
        "        if k < i:",
        "        if i < k:",
        "elif k > i:",
        "elif i > k:",
        "a small k is a fine map: maps with k < i are pooled, the others enlarged",
    ),
    (
        "F.max_pool2d(x, factor)",
        "-F.max_pool2d(-x, factor)",
        "the smallest value of each block was kept; max pooling keeps the largest",
    ),
    (
        'F.interpolate(x, scale_factor=float(factor), mode="bilinear")',
        "x.repeat(1, 1, factor, factor)",
        "repeat lays whole copies side by side; the map has to be enlarged: F.interpolate with mode='bilinear'",
    ),
    (
        "abs(i - k)",
        "k",
        "k < i:",
        "False:",
        "k > i:",
        "k > 0:",
        "the maps were brought to the size of level 0; all have to get the size of level i",
    ),
    (
        "torch.cat(resampled, dim=1)",
        "sum(resampled)",
        "you added the maps; concatenate them along the channels: torch.cat(…, dim=1)",
    ),
    (
        "torch.cat(resampled, dim=1)",
        "torch.stack(resampled, dim=1)",
        "stack makes a new axis, and needs equal channels; torch.cat(…, dim=1) lays the channels behind one another",
    ),
    ("dim=1", "dim=0", "dim=0 is the axis of the images; concatenate along the channels, dim=1"),
    ("dim=1", "dim=-1", "dim=-1 is the axis of the columns; concatenate along the channels, dim=1"),
    ("torch.cat(resampled, dim=1)", "resampled", "the maps are still in a list; concatenate them along the channels"),
    (
        "for k, x in enumerate(maps)",
        "for k, x in enumerate(maps[i:], start=i)",
        "the maps of finer levels are missing; they are max-pooled",
    ),
    ("resampled.append(x)", "resampled.insert(0, x)", "the maps are joined from the coarsest; the finest comes first"),
    (
        "        resampled.append(x)",
        "        if k != i:\n            resampled.append(x)",
        "the map of level i itself is missing; it is joined unchanged",
    ),
    (
        "for k, x in enumerate(maps)",
        "for k, x in enumerate(maps[: i + 1])",
        "the maps of coarser levels are missing; they are enlarged",
    ),
)
def full_scale(maps: Sequence[Tensor], i: int) -> Tensor:
    resampled = []
    for k, x in enumerate(maps):
        factor = 2 ** abs(i - k)
        if k < i:
            x = F.max_pool2d(x, factor)
        elif k > i:
            x = F.interpolate(x, scale_factor=float(factor), mode="bilinear")
        resampled.append(x)
    return torch.cat(resampled, dim=1)


EXERCISES = (readers, needed_nodes, channels_read, pruned_output, branch_channels, full_scale)
