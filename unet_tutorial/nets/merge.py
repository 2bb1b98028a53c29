"""Merges of a skip with the upsampled features: concatenation, addition, and none."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.plan.levels import Size

Merge = Callable[[int, int, int, Size], Part]  # (skip_channels, up_channels, below_channels, stride) -> Part


class Concat(Part):
    """Crop the skip to the size of ``up`` and concatenate both, the skip first: (N, skip + up, *size).

    The order (skip, up) is that of the paper's figure 1. In the next convolution, the first ``skip`` channels of each
    kernel read the skip, so weights trained with the other order do not fit.
    """

    def __init__(self, skip_channels: int, up_channels: int, below_channels: int, stride: Size) -> None:  # noqa: ARG002
        super().__init__()
        self.out_channels = skip_channels + up_channels

    def forward(self, skip: Tensor, up: Tensor, below: Tensor) -> Tensor:  # noqa: ARG002
        """Crop and concatenate. ``below``, the coarser map that ``up`` was computed from, is used by gates only."""
        return torch.cat((center_crop(skip, up.shape[2:]), up), dim=1)


class Add(Part):
    """Crop the skip to the size of ``up`` and add both: (N, up, *size).

    Raises ValueError if their numbers of channels differ.
    """

    def __init__(self, skip_channels: int, up_channels: int, below_channels: int, stride: Size) -> None:  # noqa: ARG002
        super().__init__()
        if skip_channels != up_channels:
            raise ValueError(
                f"the skip has {skip_channels} channels and the upsampled features have {up_channels}, so they cannot "
                "be added; use the same widths in encoder and decoder, or merge with Concat"
            )
        self.out_channels = up_channels

    def forward(self, skip: Tensor, up: Tensor, below: Tensor) -> Tensor:  # noqa: ARG002
        """Crop and add. ``below`` is not used."""
        return center_crop(skip, up.shape[2:]) + up


class NoSkip(Part):
    """Pass on the upsampled features, and ignore the skip: (N, up, *size).

    For a level at which the encoder has no features, but the image only.
    """

    def __init__(self, skip_channels: int, up_channels: int, below_channels: int, stride: Size) -> None:  # noqa: ARG002
        super().__init__()
        self.out_channels = up_channels

    def forward(self, skip: Tensor, up: Tensor, below: Tensor) -> Tensor:  # noqa: ARG002
        """The upsampled features. ``skip`` and ``below`` are not used."""
        return up
