"""Attention gates: the coarser feature map determines a coefficient for each skip pixel (arXiv 1804.03999)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.contracts import Part, Wrapper, check_factory, out_channels_of
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.merge import Merge
from unet_tutorial.nets.nd import LINEAR, conv, conv_strided
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.wrappers import buffers_kept
from unet_tutorial.plan.levels import Size


class AttentionGate(Part):
    """Multiply each pixel of a skip by a coefficient from 0 to 1.

    Skip (N, C, *size) and below (N, B, *(size / stride)) -> (N, C, *size). The coefficients are computed from the skip
    and from ``below``, the map of the next coarser level, after convolutions to ``inner`` channels, by default C / 2.
    Then a 1×1 convolution mixes the channels. The gate initialises its own weights, and the functions of ``nets.init``
    leave them unchanged.
    Source: Oktay et al., arXiv 1804.03999, section 2.2.
    """

    own_init = True

    def __init__(self, skip_channels: int, below_channels: int, stride: Size, inner: int | None = None) -> None:
        super().__init__()
        rank, inner = len(stride), inner or max(skip_channels // 2, 1)
        one = (1,) * rank
        self.theta = conv_strided(skip_channels, inner, stride, bias=False)
        self.phi = conv(below_channels, inner, one)
        self.psi = nn.Sequential(nn.ReLU(), conv(inner, 1, one), nn.Sigmoid())
        self.mix = nn.Sequential(conv(skip_channels, skip_channels, one), batch_norm(skip_channels, rank))
        self.mode, self.out_channels = LINEAR[rank - 1], skip_channels
        # the coefficients are interpolated linearly, which also reads the next coarse pixel: s pixels further away
        self.extra_reach = tuple(s * (s > 1) for s in stride)
        _initialise(self)

    def coefficients(self, skip: Tensor, below: Tensor) -> Tensor:
        """The coefficient of each pixel: (N, 1, *size)."""
        coarse = self.psi(self.theta(skip) + self.phi(below))  # (N, 1, *(size / stride))
        return F.interpolate(coarse, size=skip.shape[2:], mode=self.mode)

    def forward(self, skip: Tensor, below: Tensor) -> Tensor:
        """Multiply the skip by its coefficients, then mix its channels."""
        out: Tensor = self.mix(skip * self.coefficients(skip, below))
        return out


Gate = Callable[[int, int, Size], Part]  # (skip_channels, below_channels, stride) -> Part


def _initialise(gate: AttentionGate) -> None:
    """Weights as in ``nets.init.kaiming_``, and biases 0."""
    for layer in gate.modules():
        if hasattr(layer, "kernel_size"):
            nn.init.kaiming_normal_(layer.get_parameter("weight"), nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.get_parameter("bias"))


def gated(merge: Merge, gate: Gate = AttentionGate) -> Merge:
    """Return the merge with an attention gate on its skip; ``gate`` makes the gate."""
    merge = check_factory("merge", merge)

    def wrapped(skip_channels: int, up_channels: int, below_channels: int, stride: Size) -> Part:
        made = gate(skip_channels, below_channels, stride)
        return Gated(made, merge(out_channels_of(made), up_channels, below_channels, stride))

    return wrapped


class Gated(Wrapper):
    """A merge with an attention gate on its skip. Input and output shapes are those of the merge."""

    def __init__(self, gate: Part, merge: Part) -> None:
        super().__init__(merge)
        self.gate, self.merge = gate, merge
        self.extra_reach = gate.extra_reach

    def forward(self, skip: Tensor, up: Tensor, below: Tensor) -> Tensor:
        """Crop the skip, apply the gate to it, merge."""
        cropped = center_crop(skip, up.shape[2:])
        out: Tensor = self.merge(self.gate(cropped, below), up, below)
        return out


def gate_maps(net: nn.Module, image: Tensor) -> list[Tensor]:
    """The coefficients of every gate for an image, in the order of execution, before they are interpolated.

    Each is (N, 1, *size) with the size of the coarser level. The network runs in its current mode (training or
    evaluation), and its running statistics are not updated. Raises ValueError for a network without gates.
    """
    gates = [module for module in net.modules() if isinstance(module, AttentionGate)]
    if not gates:
        raise ValueError(f"{type(net).__name__} has no gates; build it with merge=gated(Concat)")
    maps: list[Tensor] = []
    hooks = [gate.psi.register_forward_hook(lambda _m, _x, out: maps.append(out.detach())) for gate in gates]
    try:
        with torch.no_grad(), buffers_kept(net):
            net(image)
    finally:
        for hook in hooks:
            hook.remove()
    return maps
