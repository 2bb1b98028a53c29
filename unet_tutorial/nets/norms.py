"""Norms: functions (channels, rank) -> Module. The modules shift and scale feature maps to mean 0 and variance 1.

``rank`` is the number of spatial axes: 1, 2 or 3.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from unet_tutorial.nets.nd import Layers
from unet_tutorial.plan.levels import positive_int

Norm = Callable[[int, int], nn.Module]  # (channels, rank) -> Module

BATCH_NORM: Layers = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
INSTANCE_NORM: Layers = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)


def no_norm(channels: int, rank: int) -> nn.Module:  # noqa: ARG001
    """No normalisation, as in the paper of 2015."""
    return nn.Identity()


def batch_norm(channels: int, rank: int) -> nn.Module:
    """Mean 0 and variance 1 per channel over the batch (Ioffe & Szegedy, arXiv 1502.03167)."""
    return BATCH_NORM[rank - 1](channels)


def instance_norm(channels: int, rank: int) -> nn.Module:
    """Mean 0 and variance 1 per channel and image, without parameters (Ulyanov et al., arXiv 1607.08022)."""
    return INSTANCE_NORM[rank - 1](channels)


def affine_instance_norm(channels: int, rank: int) -> nn.Module:
    """``instance_norm``, then a learnt scale and shift per channel."""
    return INSTANCE_NORM[rank - 1](channels, affine=True)


def layer_norm(channels: int, rank: int) -> nn.Module:  # noqa: ARG001
    """Mean 0 and variance 1 over the channels of each pixel, then a learnt scale and shift (arXiv 1607.06450)."""
    return LayerNorm(channels)


class LayerNorm(nn.LayerNorm):
    """Layer norm of feature maps: (N, C, *size) -> (N, C, *size). Torch's own class expects the channels last."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each pixel over its channels."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def group_norm(groups: int) -> Norm:
    """Mean 0 and variance 1 per image and group of channels, then a learnt scale and shift (arXiv 1803.08494).

    Each group holds consecutive channels. When the network is built, it raises ValueError if a number of channels is
    not a multiple of ``groups``.
    """
    positive_int("groups", groups)

    def norm(channels: int, rank: int) -> nn.Module:  # noqa: ARG001
        if channels % groups:
            divisors = ", ".join(str(n) for n in range(1, channels + 1) if channels % n == 0)
            raise ValueError(f"{groups} groups do not divide {channels} channels; write group_norm of {divisors}")
        return nn.GroupNorm(groups, channels)

    return norm
