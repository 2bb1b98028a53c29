"""Side outputs: logits from coarser maps of the decoder, added to chosen channels of the logits.

If the features for one class are clear in a coarser map and get lost on the way to the finest level, a side output
gives this map a direct path to the logits of the class. Source: ``branch2_unet.py`` of
https://github.com/AmberzzZZ/unet_vnet_keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from unet_tutorial.nets.contracts import (
    FeatureDecoder,
    FeatureExtractor,
    Part,
    extra_reach_of,
    largest_reach,
    out_channels_of,
)
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.resample import OverlappingTransposed
from unet_tutorial.nets.supervision import Supervised, total_stride
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size


class SideOutput(Part):
    """A 1×1 convolution and a transposed convolution: (N, in, *coarse) -> (N, out, *(coarse · stride)).

    Before training its output is 0, because the 1×1 convolution starts at 0, and the transposed convolution as linear
    interpolation of each channel. The functions of ``nets.init`` leave both unchanged.
    """

    own_init = True

    def __init__(self, in_channels: int, out_channels: int, stride: Size) -> None:
        super().__init__()
        self.reduce = conv(in_channels, out_channels, (1,) * len(stride))
        self.up = OverlappingTransposed(out_channels, out_channels, stride) if max(stride) > 1 else nn.Identity()
        for value in self.reduce.parameters():
            nn.init.zeros_(value)
        if isinstance(self.up, OverlappingTransposed):
            linear_(self.up, stride)
        self.out_channels, self.extra_reach = out_channels, extra_reach_of(self.up)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, then enlarge."""
        out: Tensor = self.up(self.reduce(x))
        return out


def linear_(up: OverlappingTransposed, stride: Size) -> None:
    """Initialise a transposed convolution as linear interpolation of each channel, in place; biases are 0.

    The kernel along an axis with stride s is a triangle of width 2 s (Long et al., arXiv 1411.4038, section 3.3).
    """
    weight, bias = up.get_parameter("conv.weight"), up.get_parameter("conv.bias")  # weight: (in, out, *kernel)
    kernel = torch.ones(())
    for k, s in zip(weight.shape[2:], stride, strict=True):
        distance = (torch.arange(k) - (k - 1) / 2).abs()  # from the middle of the kernel, in pixels
        kernel = kernel[..., None] * (1 - distance / s)
    with torch.no_grad():
        weight.zero_()
        for channel in range(weight.shape[0]):
            weight[channel, channel] = kernel
        bias.zero_()


class BranchedHead(Part):
    """A head with side outputs: list of maps, finest first -> logits (N, out, *size).

    ``sides[i]`` holds the channels of the logits to which the side output of map i of the decoder is added. Raises
    ValueError for a map or a channel that does not exist, and for no side output.
    """

    def __init__(self, decoder: FeatureDecoder, head: nn.Module, sides: Mapping[int, Sequence[int]]) -> None:
        super().__init__()
        self.head, self.out_channels = head, out_channels_of(head)
        _check_sides(sides, len(decoder.map_channels), self.out_channels)
        self.places, self.channels = tuple(sides), tuple(tuple(chosen) for chosen in sides.values())
        strides = [total_stride(decoder.levels, decoder.map_levels[i]) for i in self.places]
        self.sides = nn.ModuleList(
            SideOutput(decoder.map_channels[i], len(chosen), stride)
            for i, chosen, stride in zip(self.places, self.channels, strides, strict=True)
        )
        self.extra_reach = largest_reach([extra_reach_of(head), *map(extra_reach_of, self.sides)])

    def forward(self, maps: list[Tensor]) -> Tensor:
        """The logits of the head, plus those of the side outputs in their channels."""
        logits: Tensor = self.head(maps[0])
        for side, i, chosen in zip(self.sides, self.places, self.channels, strict=True):
            added = center_crop(side(maps[i]), logits.shape[2:])  # (N, len(chosen), *size)
            parts = list(logits.unbind(dim=1))
            for place, channel in enumerate(chosen):
                parts[channel] = parts[channel] + added[:, place]
            logits = torch.stack(parts, dim=1)
        return logits


def _check_sides(sides: Mapping[int, Sequence[int]], maps: int, channels: int) -> None:
    if not any(sides.values()):
        raise ValueError(f"sides {dict(sides)}: name the channels for at least one map, for example {{2: (1,)}}")
    for i, chosen in sides.items():
        if i not in range(maps):
            raise ValueError(f"map {i} does not exist; the decoder has the maps 0 to {maps - 1}")
        for channel in chosen:
            if channel not in range(channels):
                raise ValueError(f"channel {channel} does not exist; the logits have the channels 0 to {channels - 1}")


def branched(
    encoder: FeatureExtractor, decoder: FeatureDecoder, head: nn.Module, sides: Mapping[int, Sequence[int]]
) -> UNet:
    """A U-Net with side outputs, for a decoder that has ``maps``; before training its logits are those without them.

    ``sides[i]`` holds the channels of the logits to which the side output of map i is added: ``{2: (1,)}`` adds one of
    map 2, which has a quarter of the resolution, to channel 1.
    """
    supervised = Supervised(decoder)
    return UNet(encoder, supervised, BranchedHead(decoder, head, sides))
