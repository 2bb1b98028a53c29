"""The Unet of segmentation_models_pytorch (https://github.com/qubvel-org/segmentation_models.pytorch) on timm.

Equivalent: layers, channels and numbers of parameters, for encoders with a feature map of stride 2; with the same
weights, the same output (``docs/coming_from.md``).
Different: concatenations put the skip first. Encoders with a first stride of 4 have one step less, which upsamples by
4; there the missing feature map is replaced by one without channels. Plain vision transformers work too. Weights are
drawn from normal distributions, where smp draws from uniform ones of the same variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from unet_tutorial.nets.backbone import TimmEncoder, Weights, untrained
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.heads import conv_head
from unet_tutorial.nets.init import kaiming_, xavier_
from unet_tutorial.nets.merge import Concat, NoSkip
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder
from unet_tutorial.nets.resample import interpolation
from unet_tutorial.nets.unet import UNet

UNIT = ConvUnit(norm=batch_norm, act=partial(nn.ReLU, inplace=True), conv=partial(conv, bias=False))


def smp_unet(
    name: str = "resnet34",
    in_channels: int = 3,
    out_channels: int = 1,
    widths: Sequence[int] = (16, 32, 64, 128, 256),
    *,
    weights: Weights = untrained,
) -> UNet:
    """``Unet(name, in_channels=…, classes=…)``: nearest-neighbour upsampling, two convolutions, and a 3×3 head.

    ``widths`` are the channels of the decoder, finest first; those of the coarsest steps are used if there are more
    than steps. ``name`` and ``weights`` are those of a ``TimmEncoder``. The image is not a skip.
    """
    encoder = TimmEncoder(name, in_channels, weights)
    steps = len(encoder.levels) - 1
    merges = [NoSkip, *[Concat] * (steps - 1)]
    decoder = Decoder(encoder.levels, widths[-steps:], conv_stack(UNIT), interpolation("nearest"), merges)
    return UNet(encoder, kaiming_(decoder), xavier_(conv_head(decoder, out_channels)))
