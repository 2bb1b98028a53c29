"""The farthest input pixel that an output pixel depends on, found by gradients of networks of one axis."""

from __future__ import annotations

import torch
from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.sizes import valid_sizes

LINEAR_BLOCK = conv_stack(ConvUnit(act=nn.Identity))


def farthest(net: UNet, pixels: int = 512) -> int:
    """Largest distance from an output pixel, at any position in the grid of the strides, to an input pixel it uses.

    All weights are replaced by positive ones, so that no two dependences cancel; the network must have no ReLU, and
    ``MeanPool`` in place of a maximum.
    """
    for weight in net.parameters():
        nn.init.uniform_(weight, 0.1, 1.0)
    net = net.double().eval()
    image = torch.zeros(1, 1, pixels, dtype=torch.float64, requires_grad=True)
    logits, distances = net(image)[0, 0], []
    (sizes,) = valid_sizes(net.levels, padding="same")
    for position in range(pixels // 2, pixels // 2 + sizes.step):
        (gradient,) = torch.autograd.grad(logits[position], image, retain_graph=True)
        seen = gradient[0, 0].nonzero().flatten()
        distances += [position - int(seen[0]), int(seen[-1]) - position]
    return max(distances)
