"""Exercises of lesson 15, UNet++ and UNet 3+: readers of a node, channels, pruning, branches of all levels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import UnfitError

Node = tuple[int, int]  # row and column


def _sorted_nodes(answer: Callable[..., Iterable[Node]], case: Case) -> list[Node]:
    """The nodes that the answer names, in any order."""
    found = answer(*case)
    if not isinstance(found, list | tuple | set | frozenset):
        raise UnfitError(f"expected a list or a set of pairs (row, column), got {found!r}")
    for pair in found:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise UnfitError(f"expected pairs (row, column), got {pair!r} among them")
    return sorted((row, column) for row, column in found)


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
        "these are the nodes that X(i, j) reads; the nodes that read X(i, j) are wanted",
        lambda i, j, depth: [*((i, k) for k in range(j)), *([(i + 1, j - 1)] if j else [])],  # noqa: ARG005
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


@exercise(
    _wanted_nodes,
    (" | {(a, 0) for a in range(i)}", "", "the encoder is missing above row i: X(i, 0) is computed from it"),
    (
        "range(i, i + j + 1)",
        "range(i + j + 1)",
        "nodes of the decoder in rows above i are not needed: there only the encoder is",
    ),
    ("i + j - a + 1", "j + 1", "it is no square: with each row down, one column fewer is needed"),
    ("i + j - a + 1", "i + j - a", "the last node of each row is missing, X(i, j) itself among them"),
    ("range(i, i + j + 1)", "range(i, i + j)", "the coarsest node of the encoder, X(i + j, 0), is missing"),
    ("return triangle", "return triangle - {(i, j)}", "X(i, j) itself belongs to the set"),
    (
        "return triangle",
        "return {node for node in triangle if node[1]}",
        "the nodes of the encoder in row i and below are missing",
    ),
    (
        "these are the direct inputs only; the inputs have inputs, too",
        lambda i, j: {*((i, k) for k in range(j)), (i + 1, j - 1), (i, j)},
    ),
    ("this is row i only; the rows below are needed, too", lambda i, j: {(i, k) for k in range(j + 1)}),
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
    """The output, and which nodes were computed, in any order."""
    features, column = case
    depth, called = len(features) - 1, list[Node]()
    places = [(i, j) for j in range(1, depth + 1) for i in range(depth - j + 1)]
    output = answer(features, {place: _Step(place, called) for place in places}, column)
    return {"output": output, "computed nodes": sorted(called)}


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
    ("len(widths) * width", "coarsest * width", "there are as many branches as levels, the coarsest one included"),
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
    for levels, i in ((3, 1), (3, 0), (4, 2), (3, 2), (2, 0)):
        sides = [(2 ** (levels - k), (2 + seed) * 2 ** (levels - k)) for k in range(levels)]
        yield [torch.randn(1, 1 + k, *side, generator=generator) for k, side in enumerate(sides)], i


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
