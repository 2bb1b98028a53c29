"""Images of any size: the input is padded to a multiple of the total stride, and the output is cropped."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.crop import center_crop, mirrored
from unet_tutorial.plan.sizes import valid_sizes


class any_size(nn.Module):  # noqa: N801  # lower case, because it is used like a function
    """Wrap a network with padding "same" for images of any size: (N, in, *any) -> logits (N, out, *any).

    The image is mirrored at its borders up to the next valid size, and the logits are cropped to the size of the image.
    A network with deep supervision must be in evaluation mode, in which it returns one tensor.
    Raises ValueError for a network with padding "valid" (use ``inference.tiling.predict_tiled``), and for an image with
    another number of spatial axes or without pixels.
    """

    def __init__(self, net: Network) -> None:
        super().__init__()
        if net.padding != "same":
            raise ValueError(f"padding {net.padding!r}: this network shrinks its images; use predict_tiled instead")
        self.net = net
        self.in_channels, self.out_channels, self.levels = net.in_channels, net.out_channels, net.levels
        self.steps = [sizes.step for sizes in valid_sizes(net.levels, padding=net.padding)]  # multiples are valid sizes

    def forward(self, image: Tensor) -> Tensor:
        """Mirror the image, predict, crop the logits."""
        self._check(image)
        size = tuple(image.shape[2:])
        # n / step rounded up, without int(), because sizes are symbolic under torch.export
        larger = tuple(-(-n // step) * step for n, step in zip(size, self.steps, strict=True))
        before = tuple(-((m - n) // 2) for m, n in zip(larger, size, strict=True))
        padded = mirrored(image.flatten(0, 1), before, larger).unflatten(0, image.shape[:2])  # (N, in, *larger)
        return center_crop(self.net(padded), size)

    def _check(self, image: Tensor) -> None:
        rank = len(self.steps)
        if not torch.compiler.is_compiling() and (image.ndim != rank + 2 or 0 in image.shape[2:]):
            wanted = f"(N, {self.in_channels}, and {rank} spatial axes)"
            raise ValueError(f"input {tuple(image.shape)}: this network needs {wanted}, none of them empty")
