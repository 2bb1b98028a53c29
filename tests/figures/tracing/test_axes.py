"""Layouts against tensors whose values are their own positions in the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unet_tutorial.figures.tracing.axes import (
    Layout,
    axis_of,
    batch_size,
    by_spatial_axis,
    channel_layout,
    grid_size,
    heads_and_tokens,
    output_layout,
    with_shuffles,
)
from unet_tutorial.figures.tracing.inputs import by_position
from unet_tutorial.figures.tracing.record import Op, arguments_by_name

SHAPE = (2, 3, 8, 12)  # (N, C, H, W)
CHAINS: dict[str, list[tuple[str, tuple[Any, ...]]]] = {
    "channels last": [("permute", ([0, 2, 3, 1],))],
    "tokens": [("view", ([2, 3, 96],)), ("transpose", (1, 2))],
    "tokens and back": [("view", ([2, 3, 96],)), ("transpose", (1, 2)), ("transpose", (1, 2)), ("view", (SHAPE,))],
    "windows": [("view", ([2, 3, 2, 4, 3, 4],)), ("permute", ([0, 2, 4, 3, 5, 1],)), ("reshape", ([12, 4, 4, 3],))],
    "pixel unshuffle": [
        ("view", ([2, 3, 4, 2, 6, 2],)),
        ("permute", ([0, 1, 3, 5, 2, 4],)),
        ("reshape", ([2, 12, 4, 6],)),
    ],
    "windows and back": [("view", ([2, 3, 2, 4, 12],)), ("view", (SHAPE,))],
    "rows interleaved": [("view", ([2, 3, 2, 4, 12],)), ("transpose", (2, 3)), ("reshape", (SHAPE,))],
    "heads": [("permute", ([0, 2, 3, 1],)), ("reshape", ([2, 96, 3, 1],)), ("transpose", (1, 2))],
    "inserted and removed": [("unsqueeze", (1,)), ("transpose", (1, 4)), ("squeeze", (4,))],
    "selected": [("select", (1, 2)), ("unsqueeze", (1,))],
    "swapped": [("transpose", (-1, -2))],
}


def called(name: str, *args: Any) -> Op:
    """The record of an operator that was called with these arguments."""
    packet = getattr(torch.ops.aten, name)
    out = packet(*args)
    overloads = (getattr(packet, each) for each in packet.overloads())
    func = next(each for each in overloads if _accepts(each, args))
    return Op(name, args, {}, [out], "", [], arguments_by_name(func, args, {}))


def _accepts(func: Any, args: Sequence[Any]) -> bool:
    try:
        func(*args)
    except (RuntimeError, NotImplementedError):
        return False
    return True


def applied(chain: Sequence[tuple[str, tuple[Any, ...]]]) -> tuple[Tensor, Layout]:
    """The positions 0, 1, … of an input after these operators, and the layout that was followed through them."""
    x = torch.arange(torch.Size(SHAPE).numel()).reshape(SHAPE)
    layout = by_position(x.shape, 2)
    for name, args in chain:
        op = called(name, x, *args)
        layout = output_layout(op, layout, op.outs[0], x)
        x = op.outs[0]
    return x, layout


@pytest.mark.parametrize("name", CHAINS)
def test_a_step_along_a_dimension_changes_the_coordinate_of_its_innermost_factor(name: str) -> None:
    x, layout = applied(CHAINS[name])
    places = torch.stack(torch.unravel_index(x, SHAPE))  # (4, *x.shape)
    assert len(layout) == x.ndim
    for dim, factors in enumerate(layout):
        sizes = [n for _, n, _ in factors]
        assert torch.Size(sizes).numel() == x.shape[dim]
        repeat = 1  # steps along the dimension until this factor moves on
        for source, n, stride in reversed(factors):
            if n > 1:
                before, after = (places.select(dim + 1, repeat * i) for i in (0, 1))
                moved = (after - before).reshape(4, -1).unique(dim=1).squeeze(1)
                coordinate = {"n": 0, "c": 1}.get(str(source), 2 + int(source) if isinstance(source, int) else 0)
                assert set(moved.nonzero().flatten().tolist()) == {coordinate}
                assert not isinstance(source, int) or int(moved[coordinate]) == stride
            repeat *= n


@pytest.mark.parametrize("name", CHAINS)
def test_batch_and_axes_are_found_again(name: str) -> None:
    _, layout = applied(CHAINS[name])
    assert batch_size(layout) == 2
    assert grid_size(layout, 2) == ((4, 6) if name == "pixel unshuffle" else (8, 12))
    assert [axis_of(dim) for dim in layout] == {
        "channels last": [None, 0, 1, None],
        "tokens": [None, None, None],
        "tokens and back": [None, None, 0, 1],
        "windows": [None, 0, 1, None],
        "pixel unshuffle": [None, None, None, None],
        "windows and back": [None, None, 0, 1],
        "rows interleaved": [None, None, None, 1],
        "heads": [None, None, None, None],
        "inserted and removed": [None, 1, None, 0],
        "selected": [None, None, 0, 1],
        "swapped": [None, None, 1, 0],
    }[name]


@pytest.mark.parametrize("factor", [2, 4])
def test_a_shuffle_written_as_views_has_the_grid_of_torchs(factor: int) -> None:
    n, c, h, w = SHAPE
    down = [
        ("view", ([n, c, h // factor, factor, w // factor, factor],)),
        ("permute", ([0, 1, 3, 5, 2, 4],)),
        ("reshape", ([n, c * factor**2, h // factor, w // factor],)),
    ]
    x, layout = applied(down)
    assert torch.equal(x, F.pixel_unshuffle(torch.arange(x.numel()).reshape(SHAPE), factor))
    layout, ratios = with_shuffles(layout)
    assert (grid_size(layout, 2), ratios) == (tuple(x.shape[2:]), {0: (factor, 1), 1: (factor, 1)})
    again = [
        ("view", ([n, c, factor, factor, h // factor, w // factor],)),
        ("permute", ([0, 1, 4, 2, 5, 3],)),
        ("reshape", (list(SHAPE),)),
    ]
    layout = by_position(x.shape, 2)
    for name, args in again:
        op = called(name, x, *args)
        layout = output_layout(op, layout, op.outs[0], x)
        x = op.outs[0]
    assert torch.equal(x, torch.arange(x.numel()).reshape(SHAPE))
    layout, ratios = with_shuffles(layout)
    assert (grid_size(layout, 2), ratios) == ((h, w), {0: (1, factor), 1: (1, factor)})


@pytest.mark.parametrize(
    ("view", "order", "size", "ratios"),
    [
        ([2, 1, 2, 2, 8, 12], [0, 4, 2, 5, 3, 1], (16, 24), {0: (1, 2), 1: (1, 2)}),  # as in a patch expanding layer
        ([2, 1, 4, 1, 8, 12], [0, 4, 5, 2, 3, 1], (8, 12), {}),  # the channels of each pixel, one token after another
    ],
)
def test_a_shuffle_straight_to_tokens(
    view: list[int], order: list[int], size: tuple[int, ...], ratios: dict[int, tuple[int, int]]
) -> None:
    x = torch.zeros(2, 4, 8, 12)
    layout = by_position(x.shape, 2)
    for name, args in (("view", (view,)), ("permute", (order,)), ("reshape", ([2, 384, 1],))):
        op = called(name, x, *args)
        layout, found = with_shuffles(output_layout(op, layout, op.outs[0], x))
        x = op.outs[0]
    assert (grid_size(layout, 2), found) == (size, ratios)


def test_reductions_and_products() -> None:
    x = torch.zeros(SHAPE)
    layout = by_position(SHAPE, 2)
    for args, axes in ((([2, 3],), [None, None]), (([1], True), [None, None, 0, 1]), (([3],), [None, None, 0])):
        op = called("mean", x, *args)
        assert [axis_of(dim) for dim in output_layout(op, layout, op.outs[0], x)] == axes
    tokens = x.flatten(2).transpose(1, 2)  # (N, H·W, C)
    given = (layout[0], (*layout[2], *layout[3]), layout[1])
    weight = torch.zeros(2, 3, 5)
    op = called("bmm", tokens, weight)
    found = output_layout(op, given, op.outs[0], tokens)
    assert (found[:2], found[2]) == (given[:2], (("c", 5, 1),))
    assert grid_size(found, 2) == (8, 12)


def test_an_input_without_channels_or_with_other_dimensions() -> None:
    assert [axis_of(dim) for dim in by_position((2, 8, 12), 2)] == [None, 0, 1]
    assert [axis_of(dim) for dim in by_position((2, 7), 2)] == [None, None]
    assert grid_size(channel_layout((8, 12)), 2) is None
    assert by_spatial_axis((5, 6, 7), (1, None, 0), 3, default=1) == (7, 5, 1)


@pytest.mark.parametrize(
    ("shape", "order", "count", "expected"),
    [
        ((2, 4, 6, 8, 12), (0, 1, 3, 4, 2), 96, (4, (8, 12))),
        ((2, 1, 24, 8, 12), (0, 1, 3, 4, 2), 96, (1, (8, 12))),
        ((2, 4, 6, 2, 4, 3, 4), (0, 3, 5, 1, 4, 6, 2), 16, (4, (4, 4))),  # windows of 4×4 pixels
        ((2, 4, 6, 2, 4, 3, 4), (0, 4, 6, 1, 3, 5, 2), 6, (4, ())),  # every 4th pixel
        ((2, 4, 6, 8, 12), (0, 3, 1, 4, 2), 12, (4, (1, 12))),  # rows
        ((2, 4, 6, 8, 12), (0, 4, 1, 3, 2), 8, (4, (8, 1))),  # columns
    ],
)
def test_heads_and_tokens_of_a_product_are_counted(
    shape: tuple[int, ...], order: tuple[int, ...], count: int, expected: tuple[int, tuple[int, ...]]
) -> None:
    """24 channels and 8×12 pixels, split into ``shape``, rearranged to products of ``count`` tokens."""
    x = torch.zeros(2, 24, 8, 12)
    layout = by_position(x.shape, 2)
    width = shape[2]
    for name, args in (("view", shape), ("permute", order), ("view", (x.numel() // count // width, count, width))):
        op = called(name, x.contiguous(), list(args))
        layout, x = output_layout(op, layout, op.outs[0], x), op.outs[0]
    assert heads_and_tokens(layout, 2) == expected


def test_heads_and_tokens_of_an_unknown_layout_are_unknown() -> None:
    assert heads_and_tokens(channel_layout((2, 96, 6)), 2) == (0, ())


def test_the_batch_is_known_after_an_operator_that_is_not() -> None:
    """An embedding of each token, for a batch of two examples."""
    tokens = torch.zeros(2, 16, dtype=torch.long)
    op = called("embedding", torch.zeros(10, 3), tokens)
    layout = output_layout(op, ((("n", 2, 1),), ((0, 16, 1),)), op.outs[0], tokens)
    assert layout == ((("n", 2, 1),), (("c", 16, 1),), (("c", 3, 1),))
