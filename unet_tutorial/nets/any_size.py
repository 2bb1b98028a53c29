"""A network for images of any size, for padded networks want multiples of their stride."""

from __future__ import annotations

from torch import Tensor, nn

from unet_tutorial.nets.nd import center_crop, mirrored
from unet_tutorial.nets.sizes import nearest_valid
from unet_tutorial.nets.unet import UNet


class AnySize(nn.Module):
    """(N, in, *any) -> logits (N, out, *any): mirrored out to the next size that passes, and cut back.

    ValueError for a network that does not keep sizes: its margins are ``inference.tiling.predict_tiled``'s affair.
    """

    def __init__(self, net: UNet) -> None:
        super().__init__()
        if net.padding != "same":
            raise ValueError(f"padding {net.padding!r}: this network shrinks its images; predict them by predict_tiled")
        self.net = net
        self.in_channels, self.out_channels, self.levels = net.in_channels, net.out_channels, net.levels

    def forward(self, image: Tensor) -> Tensor:
        """Mirror, predict, crop."""
        size = tuple(image.shape[2:])
        larger = tuple(near[-1] for near in nearest_valid(size, self.levels, padding="same"))
        before = tuple(-((m - n) // 2) for m, n in zip(larger, size, strict=True))
        padded = mirrored(image.flatten(0, 1), before, larger).unflatten(0, image.shape[:2])  # (N, in, *larger)
        return center_crop(self.net(padded), size)


def any_size(net: UNet) -> AnySize:
    """The network, ready for every size."""
    return AnySize(net)
