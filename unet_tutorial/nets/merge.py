"""How a skip and the features from below become one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.plan.levels import Size

Merge = Callable[[int, int, int, Size], Part]  # (skip, up and below channels, stride) -> Part
_MERGES = "Concat, Add or gated(Concat)"  # for refusals


class Concat(Part):
    """Crop the skip to the size of ``up`` and lay both behind one another, the skip first: (N, skip + up, *size).

    The order (skip, up) decides which weights of the next convolution read which; the paper's figure 1 has it so.
    """

    def __init__(self, skip_channels: int, up_channels: int, below_channels: int, stride: Size) -> None:  # noqa: ARG002
        super().__init__()
        self.out_channels = skip_channels + up_channels

    def forward(self, skip: Tensor, up: Tensor, below: Tensor) -> Tensor:  # noqa: ARG002
        """``below`` is the coarser map that ``up`` was made from; a gate reads it, a concatenation does not."""
        return torch.cat((center_crop(skip, up.shape[2:]), up), dim=1)


class Add(Part):
    """Crop the skip to the size of ``up`` and add both: (N, up, *size). ValueError for other numbers of channels."""

    def __init__(self, skip_channels: int, up_channels: int, below_channels: int, stride: Size) -> None:  # noqa: ARG002
        super().__init__()
        if skip_channels != up_channels:
            raise ValueError(
                f"a skip of {skip_channels} channels and {up_channels} from below cannot be added; give the decoder "
                "the widths of the encoder, or merge with Concat"
            )
        self.out_channels = up_channels

    def forward(self, skip: Tensor, up: Tensor, below: Tensor) -> Tensor:  # noqa: ARG002
        """Value by value."""
        return center_crop(skip, up.shape[2:]) + up
