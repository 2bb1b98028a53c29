"""The decoder of UNet 3+: each level joins maps of every level, pooled or upsampled to its own size.

Source: Huang et al., arXiv 2004.08790, section 2.1 and figure 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import FeatureDecoder, Part, check_factory, extra_reach_of, out_channels_of
from unet_tutorial.nets.paths import checked_levels
from unet_tutorial.nets.resample import Down, MaxPool, Up, interpolation
from unet_tutorial.nets.supervision import total_stride
from unet_tutorial.plan.levels import Level, Size, positive_int
from unet_tutorial.plan.receptive_field import accumulated_reach, beyond_plan, block_widening


class FullScaleDecoder(FeatureDecoder):
    """The decoder of UNet 3+: feature maps, finest first -> (N, branches · width, *size).

    There are L + 1 levels, 0 to L, of e_0, …, e_L channels, and ``width`` = w channels per branch. Level i < L of the
    decoder has one branch from each level k: a resampling to the size of level i, then a convolution to w channels. The
    branches are concatenated, and a convolution with as many output channels follows:

    | branch from         | channels before | resampling          | channels after |
    |---------------------|-----------------|---------------------|----------------|
    | encoder, k < i      | e_k             | down by the strides | w              |
    | encoder, k = i      | e_i             | none                | w              |
    | decoder, i < k < L  | (L + 1) w       | up by the strides   | w              |
    | encoder, k = L      | e_L             | up by the strides   | w              |
    | all, concatenated   | (L + 1) w       |                     | (L + 1) w      |

    A unit of a convolution with a kernel of c pixels (3² = 9 in 2D, 3³ = 27 in 3D), its bias and a batch norm has
    c a b + 3 b parameters for a channels before and b after. In the sum over the levels 0 to L - 1, encoder level k < L
    occurs L - k times, the coarsest L times, and there are L (L - 1) / 2 branches from the decoder. So the decoder has

        c w (L e_0 + (L - 1) e_1 + … + e_{L-1} + L e_L) + c w² (L + 1) (L (L - 1) / 2 + L (L + 1)) + 6 w L (L + 1)

    parameters: 8,117,760 in 2D and 24,337,920 in 3D for 64, 128, 256, 512 and 1024 channels and w = 64.

    ``block`` makes each unit: it is called with levels of one convolution, so ``Level.convs`` counts for the encoder
    only. ``up`` and ``down`` make the resampling, for all strides in between at once. Its maps are those of the levels
    0 to L, the last one being that of the encoder. Raises ValueError for levels from which no U-Net can be built, and
    for blocks with padding "valid": there the maps of different levels do not have the same centre.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        width: int,
        block: Block,
        up: Up = interpolation("linear"),  # noqa: B008  # a factory, which holds no state
        down: Down = MaxPool,
    ) -> None:
        super().__init__()
        self.levels = checked_levels(levels)
        positive_int("width", width)
        block, up, down = check_factory("block", block), check_factory("up", up), check_factory("down", down)
        coarsest, joined = len(levels) - 1, width * len(levels)
        self.steps, self.reaches = nn.ModuleList(), list[list[Size]]()  # finest first
        for i in range(coarsest):
            unit_level, branches = replace(levels[i], convs=1), []
            for k, level in enumerate(levels):
                channels = joined if i < k < coarsest else level.channels
                branches.append(_branch(levels, k, i, channels, width, block, up, down))
            step = FullScaleStep(branches, block(joined, joined, unit_level))
            self.steps.append(step)
            self.reaches.append([_reach(self.levels, k, i, branch, step) for k, branch in enumerate(branches)])
        self.out_channels = joined if coarsest else levels[0].channels
        self.map_channels = (joined,) * coarsest + (levels[-1].channels,)
        self.map_levels = tuple(range(len(levels)))
        self.extra_reach = tuple(self._reach_beyond_plan(axis) for axis in range(levels[0].rank))

    def _reach_beyond_plan(self, axis: int) -> int:
        """The extra reach along an axis, from the path from level 0 to the image that widens the field most."""
        blocks = block_widening(self.levels, axis)
        units = block_widening([replace(level, convs=1) for level in self.levels], axis)
        encoder = [sum(blocks[: k + 1]) for k in range(len(blocks))]
        widest = list(encoder)
        for i in reversed(range(len(self.steps))):
            before = [*encoder[: i + 1], *widest[i + 1 :]]  # of the maps that level i uses
            widest[i] = 2 * units[i] + max(r[axis] + b for r, b in zip(self.reaches[i], before, strict=True))
        return beyond_plan(widest[0], self.levels, axis)

    def forward(self, features: list[Tensor]) -> Tensor:
        """The output of the finest level."""
        return self.maps(features)[0]

    def maps(self, features: list[Tensor]) -> list[Tensor]:
        """The output of every level, finest first; that of the coarsest level is the encoder's."""
        decoded = features[-1:]
        for i in reversed(range(len(self.steps))):
            decoded = [self.steps[i]([*features[: i + 1], *decoded]), *decoded]
        return decoded


class FullScaleStep(Part):
    """One level of the decoder: maps of all levels, finest first -> (N, branches · width, *size of this level)."""

    def __init__(self, branches: Sequence[Branch], block: Part) -> None:
        super().__init__()
        if block.padding != "same":
            raise ValueError(
                "the block has padding 'valid', with which the maps of different levels do not have the same centre; "
                "use padding 'same'"
            )
        self.branches, self.block = nn.ModuleList(branches), block
        self.out_channels, self.extra_reach = block.out_channels, block.extra_reach

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Resample all maps to the size of this level, concatenate them, apply the block."""
        resampled = [branch(each) for branch, each in zip(self.branches, maps, strict=True)]
        out: Tensor = self.block(torch.cat(resampled, dim=1))
        return out


class Branch(Part):
    """A resampling, then a block: (N, channels, *size of one level) -> (N, width, *size of another level)."""

    def __init__(self, resampling: nn.Module, block: Part) -> None:
        super().__init__()
        self.resampling, self.block = resampling, block
        self.out_channels = block.out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Resample, then apply the block."""
        out: Tensor = self.block(self.resampling(x))
        return out


def _branch(
    levels: Sequence[Level], k: int, i: int, channels: int, width: int, block: Block, up: Up, down: Down
) -> Branch:
    """The branch from a map of level k, with this number of channels, to level i."""
    between = levels[min(i, k) + 1 : max(i, k) + 1]
    stride = total_stride(between, len(between) - 1)
    resampling: nn.Module = nn.Identity()
    if between:
        resampling = up(channels, channels, stride) if k > i else down(channels, replace(levels[i], stride=stride))
        channels = out_channels_of(resampling)
    return Branch(resampling, block(channels, width, replace(levels[i], convs=1)))


def _reach(levels: Sequence[Level], k: int, i: int, branch: Branch, step: FullScaleStep) -> Size:
    """The extra reach of the parts from a map of level k to the output of level i, in pixels of the finest level."""
    by_level: list[list[Size]] = [[] for _ in levels]
    by_level[min(i, k)].append(extra_reach_of(branch.resampling))
    by_level[i] += [branch.block.extra_reach, step.extra_reach]
    return accumulated_reach(levels, by_level)
