"""The Attention U-Net with deep supervision of Oktay et al., arXiv 1804.03999, as in the authors' code.

https://github.com/ozan-oktay/Attention-Gated-Networks, ``unet_CT_single_att_dsv`` and ``unet_CT_multi_att_dsv``.

Equivalent: layers, channels, sizes, order of concatenations and numbers of parameters: 6,214,151 with one gate per skip
and 6,473,322 with two, for 1 channel, 4 classes and widths divided by ``feature_scale=4``.
Different: an image size that is not valid raises an error, where the authors' code pads the skip along two axes by the
difference along the first. Convolutions have biases 0, and the authors draw them as torch does. The authors' layers
move tensors to a GPU by themselves; here the caller chooses the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from unet_tutorial.nets.attention import AttentionGate, Gate, gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, interpolation
from unet_tutorial.nets.supervision import FusedHeads, supervised_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size, positive_int, pyramid

NORMED = ConvUnit(norm=batch_norm)


class MixedGates(Part):
    """Gates side by side, whose outputs are concatenated and mixed by a 1×1 convolution, batch norm and ReLU.

    Skip (N, C, *size) and below (N, B, *(size / stride)) -> (N, C, *size). The inner channels of each gate are as many
    as the skip has.
    """

    def __init__(self, skip_channels: int, below_channels: int, stride: Size, gates: int = 1) -> None:
        super().__init__()
        made = [AttentionGate(skip_channels, below_channels, stride, inner=skip_channels) for _ in range(gates)]
        self.gates = nn.ModuleList(made)
        self.mix = NORMED(gates * skip_channels, skip_channels, (1,) * len(stride))
        self.out_channels, self.extra_reach = skip_channels, made[0].extra_reach

    def forward(self, skip: Tensor, below: Tensor) -> Tensor:
        """Gate the skip, mix."""
        out: Tensor = self.mix(torch.cat([gate(skip, below) for gate in self.gates], dim=1))
        return out


def signalled(gate: Gate) -> Gate:
    """The gate after a 1×1 convolution, batch norm and ReLU of the coarser map: the gating signal."""

    def wrapped(skip_channels: int, below_channels: int, stride: Size) -> Part:
        signal = NORMED(below_channels, below_channels, (1,) * len(stride))
        return Signalled(signal, gate(skip_channels, below_channels, stride))

    return wrapped


class Signalled(Part):
    """A gate, and the layers that make its gating signal from the coarser map. Shapes are those of the gate."""

    def __init__(self, signal: nn.Module, gate: Part) -> None:
        super().__init__()
        self.signal, self.gate = signal, gate
        self.out_channels, self.extra_reach = gate.out_channels, gate.extra_reach

    def forward(self, skip: Tensor, below: Tensor) -> Tensor:
        """Make the signal, then gate the skip."""
        out: Tensor = self.gate(skip, self.signal(below))
        return out


def oktay_unet(
    in_channels: int = 1,
    out_channels: int = 4,
    widths: Sequence[int] = (16, 32, 64, 128, 256),
    rank: int = 3,
    gates: int = 1,
) -> UNet:
    """Attention U-Net: gates at all levels but the finest and the coarsest, and fused heads of all decoder levels.

    ``gates`` is the number of gates per skip: 1 in the paper, 2 in the authors' "multi" network. The gating signal of
    the coarsest gates is a 1×1 convolution of the bottom; that of the others is the decoder's map of the level below.
    Upsampling is linear interpolation. With two levels there are no gates.
    """
    levels, block = pyramid(widths, rank), conv_stack(NORMED)
    positive_int("gates", gates)
    gate = partial(MixedGates, gates=gates)
    merges = [Concat, *[gated(Concat, gate)] * (len(widths) - 3), gated(Concat, signalled(gate))]  # finest first
    decoder = Decoder(levels, widths[:-1], block, interpolation("linear"), merges[: len(widths) - 1])
    encoder = Encoder(in_channels, levels, block, MaxPool)
    return kaiming_(supervised_unet(encoder, decoder, out_channels, heads=FusedHeads))
