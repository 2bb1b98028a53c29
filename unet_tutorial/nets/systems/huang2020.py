"""UNet 3+ of Huang et al., arXiv 2004.08790, and UNet++, as in https://github.com/ZJUGiveLab/UNet-Version.

Equivalent: layers, channels and numbers of parameters in 2D for 64 to 1024 channels, 1 channel and 1 class: 26,970,625
for UNet 3+ and 47,174,980 for UNet++ (``zju_unet_plus_plus``).
Different: the networks return logits, and the authors' ends in a sigmoid. An image size that is not valid raises an
error. The authors' classification-guided module fails with a NameError, because numpy is not imported, and it
multiplies logits by 0, which gives probability 0.5 for images without foreground; ours gives probability 0, in
evaluation mode only. The 3D networks are not published; ``FullScaleDecoder`` derives their channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import FeatureDecoder
from unet_tutorial.nets.full_scale import FullScaleDecoder
from unet_tutorial.nets.heads import conv_head
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.nested import NestedDecoder
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import MaxPool, OverlappingTransposed
from unet_tutorial.nets.supervision import AveragedHeads, Head, SideHeads, supervised_unet, with_kernel
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid

NORMED_STACK = conv_stack(ConvUnit(norm=batch_norm))


def _parts(in_channels: int, widths: Sequence[int], rank: int) -> tuple[Encoder, FullScaleDecoder]:
    levels = pyramid(widths, rank)
    return Encoder(in_channels, levels, NORMED_STACK, MaxPool), FullScaleDecoder(levels, widths[0], NORMED_STACK)


def unet_3_plus(
    in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (64, 128, 256, 512, 1024), rank: int = 2
) -> UNet:
    """UNet 3+ with one output. Each branch of the decoder has ``widths[0]`` channels, and the head a 3×3 kernel."""
    encoder, decoder = _parts(in_channels, widths, rank)
    return kaiming_(UNet(encoder, decoder, conv_head(decoder, out_channels)))


def supervised_unet_3_plus(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (64, 128, 256, 512, 1024),
    rank: int = 2,
    heads: Callable[[FeatureDecoder, int, Head], nn.Module] = SideHeads,
) -> UNet:
    """UNet 3+ with deep supervision: a head at each level, the coarsest included.

    Train it with ``learning.losses.supervision.supervised_loss``. ``heads=GuidedHeads`` adds the classification-guided
    module; train this one with ``guided_loss``.
    """
    encoder, decoder = _parts(in_channels, widths, rank)
    return kaiming_(supervised_unet(encoder, decoder, out_channels, head=with_kernel, heads=heads))


def zju_unet_plus_plus(
    in_channels: int = 1, out_channels: int = 1, widths: Sequence[int] = (64, 128, 256, 512, 1024), rank: int = 2
) -> UNet:
    """The UNet++ of the authors of UNet 3+: batch norm in the encoder only, and the mean of all outputs."""
    levels = pyramid(widths, rank)
    decoder = NestedDecoder(levels, widths[:-1], conv_stack(ConvUnit()), OverlappingTransposed)
    encoder = Encoder(in_channels, levels, NORMED_STACK, MaxPool)
    return kaiming_(supervised_unet(encoder, decoder, out_channels, heads=AveragedHeads))
