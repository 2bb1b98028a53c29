"""Solutions of lesson 11b beside the library's networks, torch's layers and other spellings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Add, Concat
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.teaching.checking.check import hidden


def add_saving(widths: Sequence[int], rank: int) -> int:
    """Counted in the two networks."""
    block, levels = conv_stack(ConvUnit()), pyramid(widths, rank)
    with torch.device("meta"):
        concat, add = (
            unet(1, 2, levels, block=block, down=MaxPool, up=transposed, merge=merge) for merge in (Concat, Add)
        )
    return sum(p.numel() for p in concat.parameters()) - sum(p.numel() for p in add.parameters())


class Around(nn.Module):
    """A body plus a shortcut, cropped by negative padding."""

    def __init__(self, body: nn.Module, in_channels: int, out_channels: int) -> None:
        super().__init__()
        same = in_channels == out_channels
        self.both = nn.ModuleList([body] if same else [body, nn.Conv2d(in_channels, out_channels, 1)])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.both[0](x)
        short = self.both[1](x) if len(self.both) == 2 else x
        margin = (x.shape[2] - out.shape[2]) // 2
        return out + F.pad(short, (-margin,) * 4)


def gated_skip(
    skip: Tensor, below: Tensor, theta: Tensor, phi: Tensor, phi_bias: Tensor, psi: Tensor, psi_bias: Tensor
) -> Tensor:
    """Convolutions as matrix products: channels of 2 × 2 blocks, and single pixels."""
    blocks = F.pixel_unshuffle(skip, 2)
    met = torch.einsum("oc,nchw->nohw", theta.flatten(1), blocks)
    met = met + torch.einsum("oc,nchw->nohw", phi.flatten(1), below) + phi_bias.reshape(-1, 1, 1)
    coarse = torch.einsum("oc,nchw->nohw", psi.flatten(1), met.clamp(min=0)) + psi_bias
    alpha: Tensor = nn.Upsample(scale_factor=2, mode="bilinear")(1 / (1 + (-coarse).exp()))
    return skip * alpha


ORACLES = {"add_saving": add_saving, "with_shortcut": Around, "gated_skip": gated_skip}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"
