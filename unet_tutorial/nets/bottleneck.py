"""Bottleneck blocks, stacks of blocks, and blocks with fewer convolutions than the plan states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block, ConvUnit
from unet_tutorial.nets.contracts import Part, check_factory, summed_reach
from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Plan


def bottleneck(unit: ConvUnit, last: ConvUnit) -> Block:
    """A block of three units: 1×1 to a quarter of the output channels, the level's kernel, and 1×1 to all of them.

    ``last`` is the third unit, usually without an activation, which then follows the sum with the shortcut. When the
    network is built, it raises ValueError for a number of output channels that is no multiple of 4. Source: He et al.,
    arXiv 1512.03385, figure 5.
    """

    def block(in_channels: int, out_channels: int, level: Level) -> Part:
        return Bottleneck(in_channels, out_channels, level.kernel, unit, last)

    return block


class Bottleneck(Part):
    """1×1, the kernel, 1×1: (N, in, *size) -> (N, out, *size)."""

    def __init__(self, in_channels: int, out_channels: int, kernel: Size, unit: ConvUnit, last: ConvUnit) -> None:
        super().__init__()
        self.units = narrowed(in_channels, out_channels, kernel, (unit, unit, last))
        self.out_channels, self.padding = out_channels, unit.padding

    def forward(self, x: Tensor) -> Tensor:
        """Apply the units one after another."""
        out: Tensor = self.units(x)
        return out


def narrowed(
    in_channels: int, out_channels: int, kernel: Size, units: tuple[ConvUnit, ConvUnit, ConvUnit]
) -> nn.Sequential:
    """The three units of a bottleneck: (N, in, *size) -> (N, out / 4, *size) twice -> (N, out, *size).

    Raises ValueError for a number of output channels that is no multiple of 4.
    """
    if out_channels % 4:
        raise ValueError(f"{out_channels} channels: a bottleneck has a quarter of them; pass a multiple of 4")
    (first, middle, last), one, quarter = units, (1,) * len(kernel), out_channels // 4
    return nn.Sequential(
        first(in_channels, quarter, one), middle(quarter, quarter, kernel), last(quarter, out_channels, one)
    )


def stacked(block: Block) -> Block:
    """``level.convs`` blocks in sequence, the first of which changes the number of channels.

    Each of them is built for one convolution, so that the plan of the level stays true for blocks with one convolution
    larger than 1×1, such as bottlenecks.
    """
    block = check_factory("block", block)

    def made(in_channels: int, out_channels: int, level: Level) -> Part:
        single = replace(level, convs=1)
        first = block(in_channels, out_channels, single)
        return Stacked([first, *(block(out_channels, out_channels, single) for _ in range(level.convs - 1))])

    return made


class Stacked(Part):
    """Blocks in sequence. The output has the channels of the last one."""

    def __init__(self, blocks: Sequence[Part]) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.out_channels, self.padding = blocks[-1].out_channels, blocks[-1].padding
        self.extra_reach = summed_reach(block.extra_reach for block in blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the blocks one after another."""
        out: Tensor = self.blocks(x)
        return out


def at_level(numbers: Sequence[int], i: int) -> int:
    """The number for level i. The last one also holds for all coarser levels. Raises ValueError if there is none.

    >>> [at_level((1, 2, 3), i) for i in range(5)]
    [1, 2, 3, 3, 3]
    """
    if not numbers:
        raise ValueError("the numbers of convolutions per level are empty; pass at least one, finest level first")
    return numbers[min(i, len(numbers) - 1)]


def with_convs(block: Block, levels: Plan, convs: Sequence[int]) -> Block:
    """The block with ``convs[i]`` convolutions at ``levels[i]``, for one side of a U that has fewer than the other.

    The last number also holds for all coarser levels. ``levels`` is the plan of the whole network, with the larger
    number at each level. Its receptive field is then an upper limit, and with padding "same" its sizes are right. When
    the network is built, it raises ValueError for padding "valid" and for more convolutions than the plan states.
    """
    block = check_factory("block", block)

    def fewer(in_channels: int, out_channels: int, level: Level) -> Part:
        i = next(i for i, one in enumerate(levels) if one is level)  # with `is`, because levels may be equal
        count = at_level(convs, i)
        if count > level.convs:
            raise ValueError(f"{count} convolutions at level {i}, and its plan states {level.convs}; change the plan")
        made = block(in_channels, out_channels, replace(level, convs=count))
        if made.padding != "same":
            raise ValueError(f"padding {made.padding!r}: with fewer convolutions the sizes of the plan would be wrong")
        return made

    return fewer
