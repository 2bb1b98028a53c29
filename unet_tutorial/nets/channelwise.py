"""Layers that are built from the number of channels and the rank, as norms are, and are handed in where a norm is."""

from __future__ import annotations

from torch import nn

from unet_tutorial.nets.contracts import check_factory
from unet_tutorial.nets.norms import Norm


def prelu(channels: int, rank: int) -> nn.Module:  # noqa: ARG001
    """A ReLU with a learnt slope for negative values, one per channel (He et al., arXiv 1502.01852, section 2.1).

    ``nn.PReLU`` as the activation of a unit has one slope for all channels, because ``act()`` does not know their
    number. For one slope per channel write ``ConvUnit(norm=prelu, act=nn.Identity)``, and with a norm
    ``ConvUnit(norm=in_sequence(batch_norm, prelu), act=nn.Identity)``.
    """
    return nn.PReLU(channels)


def in_sequence(*layers: Norm) -> Norm:
    """Several layers, one after another.

    >>> in_sequence(prelu, prelu)(4, 2)
    Sequential(
      (0): PReLU(num_parameters=4)
      (1): PReLU(num_parameters=4)
    )
    """
    checked = [check_factory("norm", layer) for layer in layers]

    def made(channels: int, rank: int) -> nn.Module:
        return nn.Sequential(*(layer(channels, rank) for layer in checked))

    return made
