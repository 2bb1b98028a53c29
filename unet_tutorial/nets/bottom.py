"""An encoder with one more part at its bottom: on the coarsest feature map, before the decoder."""

from __future__ import annotations

from torch import Tensor

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import FeatureExtractor, check_factory
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.receptive_field import accumulated_reach
from unet_tutorial.plan.sizes import lost


class WithBottom(FeatureExtractor):
    """An encoder and a block on its coarsest map, which keeps the number of channels.

    Image (N, in_channels, *size) -> the feature maps of the encoder, the last of them after the block. Raises
    ValueError if ``block`` is not a factory of blocks, and if the block changes the number of channels.
    """

    def __init__(self, encoder: FeatureExtractor, block: Block) -> None:
        super().__init__()
        level, channels = encoder.levels[-1], encoder.out_channels[-1]
        self.encoder, self.bottom = encoder, check_factory("block", block)(channels, channels, level)
        if self.bottom.out_channels != channels:
            raise ValueError(
                f"the block at the bottom has {self.bottom.out_channels} output channels, and the decoder needs "
                f"{channels}; pass a block that keeps their number"
            )
        self.in_channels, self.out_channels = encoder.in_channels, encoder.out_channels
        self.levels, self.padding = encoder.levels, encoder.padding
        reaches: list[list[Size]] = [[] for _ in self.levels]
        reaches[0].append(encoder.extra_reach)
        reaches[-1] += [tuple(n // 2 for n in lost(level, "valid")), self.bottom.extra_reach]
        self.extra_reach = accumulated_reach(self.levels, reaches)

    def forward(self, image: Tensor) -> list[Tensor]:
        """The feature maps of the encoder, with the block on the coarsest one."""
        *skips, bottom = self.encoder(image)
        return [*skips, self.bottom(bottom)]
