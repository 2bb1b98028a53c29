"""The DynamicUnet of fastai (https://github.com/fastai/fastai), on any encoder of timm.

Equivalent: the layers and their order, channels and numbers of parameters. For ``last_cross=False`` pass ``NoSkip`` and
``no_block``.
Different: concatenations put the skip first. The levels of the encoder are known, where fastai looks with hooks for
layers whose output changes its size, and therefore needs the size of the images. Images of any size go through
``any_size(net)``, which mirrors them, where fastai resizes upsampled maps to the size of the skip.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unet_tutorial.nets.backbone import TimmEncoder, Weights, untrained
from unet_tutorial.nets.blocks import Block, ConvStack, ConvUnit, conv_stack
from unet_tutorial.nets.bottom import WithBottom
from unet_tutorial.nets.channel_rules import StepFactories, halve, keep, ruled_decoder
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import then
from unet_tutorial.nets.shortcuts import followed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.nets.wrappers import residual
from unet_tutorial.plan.levels import Level, Size

RESIDUAL = followed(residual(conv_stack(ConvUnit(), last=ConvUnit(act=nn.Identity))), act=nn.ReLU)
SHUFFLE = then(PixelShuffle, act=nn.ReLU)


class Middle(Part):
    """Batch norm, ReLU, and two convolutions: from C channels to 2 C and back, (N, C, *size) -> (N, C, *size)."""

    def __init__(self, in_channels: int, out_channels: int, level: Level) -> None:
        super().__init__()
        self.before = nn.Sequential(batch_norm(in_channels, level.rank), nn.ReLU())
        self.stack = ConvStack((in_channels, 2 * in_channels, out_channels), level.kernel, [ConvUnit()] * 2)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, activate, convolve."""
        out: Tensor = self.stack(self.before(x))
        return out


class NormedConcat(Part):
    """Batch norm of the skip, concatenation, ReLU: (N, skip + up, *size)."""

    def __init__(self, skip_channels: int, up_channels: int, below_channels: int, stride: Size) -> None:  # noqa: ARG002
        super().__init__()
        self.norm, self.act = batch_norm(skip_channels, len(stride)), nn.ReLU()
        self.out_channels = skip_channels + up_channels

    def forward(self, skip: Tensor, up: Tensor, below: Tensor) -> Tensor:  # noqa: ARG002
        """Normalise the skip, concatenate, activate. ``below`` is not used."""
        out: Tensor = self.act(torch.cat((self.norm(center_crop(skip, up.shape[2:])), up), dim=1))
        return out


def no_block(in_channels: int, out_channels: int, level: Level) -> Part:  # noqa: ARG001
    """A block without layers: the merged features go to the head."""
    return NoBlock(in_channels)


class NoBlock(Part):
    """The features themselves: (N, C, *size) -> (N, C, *size)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.out_channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """Return the features."""
        return x


def dynamic_unet(
    name: str = "resnet34",
    in_channels: int = 3,
    out_channels: int = 2,
    *,
    weights: Weights = untrained,
    image_merge: Merge = Concat,
    image_block: Block = RESIDUAL,
) -> UNet:
    """``DynamicUnet(encoder, out_channels)`` of fastai; ``name`` and ``weights`` are those of a ``TimmEncoder``.

    Each step upsamples to half of its channels by a pixel shuffle, concatenates the skip, and applies two convolutions
    that keep the number of channels; those of the last skip halve it. Then the features are upsampled to the size of
    the image, ``image_merge`` merges them with the image, and ``image_block`` follows.
    """
    encoder = WithBottom(TimmEncoder(name, in_channels, weights), Middle)
    rules = [halve, *[keep] * (len(encoder.levels) - 3)]
    steps = StepFactories(SHUFFLE, NormedConcat, conv_stack(ConvUnit()))
    decoder = ruled_decoder(encoder.levels, rules, steps, StepFactories(SHUFFLE, image_merge, image_block))
    kaiming_(encoder.bottom)  # the encoder keeps its own weights
    return UNet(encoder, kaiming_(decoder), kaiming_(pointwise_head(decoder, out_channels)))
