"""A network for images of any size, for padded networks want multiples of their stride."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unet_tutorial.nets.crop import center_crop, mirrored
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.sizes import valid_sizes


class AnySize(nn.Module):
    """(N, in, *any) -> logits (N, out, *any): mirrored out to the next size that passes, and cut back.

    ValueError for a network that does not keep sizes: its margins are ``inference.tiling.predict_tiled``'s affair; and
    for an image of another rank, or without pixels.
    """

    def __init__(self, net: UNet) -> None:
        super().__init__()
        if net.padding != "same":
            raise ValueError(f"padding {net.padding!r}: this network shrinks its images; predict them by predict_tiled")
        self.net = net
        self.in_channels, self.out_channels, self.levels = net.in_channels, net.out_channels, net.levels
        self.steps = [valid.step for valid in valid_sizes(net.levels, padding=net.padding)]  # which multiples pass

    def forward(self, image: Tensor) -> Tensor:
        """Mirror, predict, crop."""
        self._refuse(image)
        size = tuple(image.shape[2:])
        larger = tuple(-(-n // step) * step for n, step in zip(size, self.steps, strict=True))  # symbols under export
        before = tuple(-((m - n) // 2) for m, n in zip(larger, size, strict=True))
        padded = mirrored(image.flatten(0, 1), before, larger).unflatten(0, image.shape[:2])  # (N, in, *larger)
        return center_crop(self.net(padded), size)

    def _refuse(self, image: Tensor) -> None:
        rank = len(self.steps)
        if not torch.compiler.is_compiling() and (image.ndim != rank + 2 or 0 in image.shape[2:]):
            wanted = f"(N, {self.in_channels}, and {rank} axes of space)"
            raise ValueError(f"input {tuple(image.shape)}: this network needs {wanted}, none of them empty")


def any_size(net: UNet) -> AnySize:
    """The network, ready for every size."""
    return AnySize(net)
