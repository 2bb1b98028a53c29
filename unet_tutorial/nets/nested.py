"""The nested decoder of UNet++, and pruning: a triangle of nodes X(i, j) in place of one node per level.

Source: Zhou et al., arXiv 1807.10165, figure 1(a): row i is the level, column 0 is the encoder, and node X(i, j) with
j > 0 joins all earlier nodes of its row and the upsampled X(i + 1, j - 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import FeatureDecoder, check_factory
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.paths import DecoderStep, StepFactory, check_widths, checked_levels, step_parts
from unet_tutorial.nets.resample import Up
from unet_tutorial.nets.supervision import SideHeads, Supervised
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.receptive_field import accumulated_reach, beyond_plan, block_widening


class NestedDecoder(FeatureDecoder):
    """The decoder of UNet++: feature maps, finest first -> (N, widths[0], *size).

    ``widths[i]`` is the number of channels of each node X(i, j) with j > 0, one for each level except the coarsest; the
    nodes X(i, 0) are the features of the encoder. The input of the merge of X(i, j) is the concatenation of
    X(i, 0), …, X(i, j - 1), cropped to the size of the last one, as the skip. Its maps are X(0, L), …, X(0, 1) for L
    poolings. Raises ValueError for the same arguments as ``Decoder``.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        widths: Sequence[int],
        block: Block,
        up: Up,
        merge: Merge = Concat,
        step: StepFactory = DecoderStep,
    ) -> None:
        super().__init__()
        self.levels = checked_levels(levels)
        check_widths(widths, levels)
        step = check_factory("step", step)
        self.nodes, self.reaches = nn.ModuleDict(), dict[str, tuple[Size, ...]]()
        for j in range(1, len(levels)):
            for i in range(len(levels) - j):
                row = levels[i].channels + (j - 1) * widths[i]
                below = levels[i + 1].channels if j == 1 else widths[i + 1]
                parts = step_parts(levels, i, row, below, widths[i], block, up, merge)
                self.nodes[_name(i, j)], self.reaches[_name(i, j)] = step(*parts), parts.reaches
                self.padding = parts.block.padding
        self.out_channels = widths[0] if widths else levels[0].channels
        self._set_columns(len(levels) - 1)

    def _set_columns(self, columns: int) -> None:
        """Set everything that depends on the number of columns with j > 0."""
        maps = max(columns, 1)
        self.map_channels, self.map_levels = (self.out_channels,) * maps, (0,) * maps
        self.extra_reach = tuple(self._reach_beyond_plan(axis) for axis in range(self.levels[0].rank))

    def _reach_beyond_plan(self, axis: int) -> int:
        """The extra reach along an axis, from the path from X(0, L) to the image that widens the field most."""
        widening, depth = block_widening(self.levels, axis), len(self.levels) - 1
        widest = {(i, 0): sum(widening[: i + 1]) for i in range(depth + 1)}
        for j in range(1, depth + 1):
            for i in range(depth + 1 - j):
                own = accumulated_reach(self.levels, [*[()] * i, self.reaches[_name(i, j)]])[axis]
                before = max(widest[i + 1, j - 1], *(widest[i, k] for k in range(j)))
                widest[i, j] = widening[i] + own + before
        return beyond_plan(widest[0, depth], self.levels, axis)

    def forward(self, features: list[Tensor]) -> Tensor:
        """The last node of the finest row."""
        return self.maps(features)[0]

    def maps(self, features: list[Tensor]) -> list[Tensor]:
        """The nodes of the finest row, the last one first, without that of the encoder if there are others."""
        rows = [[each] for each in features]
        for j in range(1, len(rows)):
            for i in range(len(rows) - j):
                rows[i].append(self.nodes[_name(i, j)](rows[i + 1][j - 1], _joined(rows[i])))
        finest = rows[0]
        return finest[:0:-1] or finest

    def pruned(self, columns: int) -> NestedDecoder:
        """A copy with the columns 0 to ``columns`` only, with the same weights."""
        shorter = deepcopy(self)
        shorter.levels = self.levels[: columns + 1]
        for name in self.nodes:
            if sum(map(int, name.split("_"))) > columns:  # X(i, j) needs the encoder down to level i + j
                del shorter.nodes[name], shorter.reaches[name]
        shorter._set_columns(columns)
        return shorter


def _name(i: int, j: int) -> str:
    return f"{i}_{j}"


def _joined(row: list[Tensor]) -> Tensor:
    """The nodes of a row, concatenated; with padding "valid" the last one is the smallest."""
    size = row[-1].shape[2:]
    return torch.cat([center_crop(each, size) for each in row], dim=1) if len(row) > 1 else row[0]


def pruned(net: UNet, columns: int) -> UNet:
    """UNet++ with ``columns`` columns instead of all: a copy, faster, with the same weights (section 3.2, "fast mode").

    Its output is that of node X(0, columns), so the network must have been trained with deep supervision. Its sizes
    must be multiples of fewer strides. Raises ValueError for another kind of network and for a number of columns that
    the network does not have.
    """
    if not isinstance(net, UNet):
        raise ValueError(f"{type(net).__name__} is no UNet; prune the UNet inside it, and wrap the result again")
    decoder = net.decoder.decoder if isinstance(net.decoder, Supervised) else net.decoder
    if not isinstance(decoder, NestedDecoder):
        raise ValueError(f"this network has a {type(decoder).__name__}; only a NestedDecoder has columns to prune")
    most = len(decoder.levels) - 1
    if not isinstance(net.head, SideHeads):
        raise ValueError(f"this network has a head at column {most} only; build it with deep supervision to prune it")
    if isinstance(columns, bool) or not isinstance(columns, int) or not 1 <= columns <= most:
        raise ValueError(f"columns = {columns!r}: this network has the columns 1 to {most}")
    finest = getattr(net.encoder, "finest", None)
    if finest is None:
        raise ValueError(
            f"{type(net.encoder).__name__} cannot be cut; give it a method finest(count) that returns the encoder of "
            "its first levels"
        )
    shorter = decoder.pruned(columns)
    return UNet(finest(columns + 1), Supervised(shorter), net.head.of_maps(shorter, most - columns))
