"""MoreDynamicUNet, a U-Net on encoders of timm, of which only a description is public.

Equivalent: the parts that the description names (a middle block, steps of pixel shuffle, normalised skip and two
convolutions, a last upsampling) and its options ``unet_mid_ch_scale`` (``mid_scale``) and ``unet_dec_ch_reduc``
(``channel_rule``).
Different: the numbers of channels, which the description does not give, follow from the rules below. The image is level
0, but not a skip.
"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from unet_tutorial.nets.backbone import TimmEncoder, Weights, untrained
from unet_tutorial.nets.blocks import ConvStack, ConvUnit, conv_stack
from unet_tutorial.nets.bottom import WithBottom
from unet_tutorial.nets.channel_rules import ChannelRule, StepFactories, eq_skip, ruled_decoder
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import NoSkip
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import then
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.fastai import NormedConcat, no_block
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import Level, positive_int

UNIT = ConvUnit(norm=batch_norm, act=partial(nn.ReLU, inplace=True))
STEPS = StepFactories(then(PixelShuffle, act=nn.ReLU), NormedConcat, conv_stack(UNIT))
LAST = StepFactories(then(PixelShuffle, batch_norm, nn.ReLU), NoSkip, no_block)


class Middle(Part):
    """Two units, from C channels to ``scale`` · C and back: (N, C, *size) -> (N, C, *size)."""

    def __init__(self, in_channels: int, out_channels: int, level: Level, scale: int) -> None:
        super().__init__()
        self.stack = ConvStack((in_channels, scale * in_channels, out_channels), level.kernel, [UNIT] * 2)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Apply both units."""
        out: Tensor = self.stack(x)
        return out


def more_dynamic_unet(
    name: str = "resnet34",
    in_channels: int = 3,
    out_channels: int = 2,
    *,
    mid_scale: int = 2,
    channel_rule: ChannelRule = eq_skip,
    weights: Weights = untrained,
) -> UNet:
    """MoreDynamicUNet; ``name`` and ``weights`` are those of a ``TimmEncoder``.

    The middle block has ``mid_scale`` · C channels between its two convolutions, with the C channels of the coarsest
    features. ``channel_rule`` is ``eq_skip``, ``halve`` or ``keep`` (see ``channel_rules``).
    """
    positive_int("mid_scale", mid_scale)
    encoder = WithBottom(TimmEncoder(name, in_channels, weights), partial(Middle, scale=mid_scale))
    decoder = ruled_decoder(encoder.levels, [channel_rule] * (len(encoder.levels) - 2), STEPS, LAST)
    kaiming_(encoder.bottom)  # the encoder keeps its own weights
    return UNet(encoder, kaiming_(decoder), kaiming_(pointwise_head(decoder, out_channels)))
