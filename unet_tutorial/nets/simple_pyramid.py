"""The simple feature pyramid of ViTDet (Li et al., arXiv 2203.16527, section 3): maps of five strides from one map."""

from __future__ import annotations

from math import log2

from torch import Tensor, nn

from unet_tutorial.nets.nd import CONV_TRANSPOSE, max_pool
from unet_tutorial.nets.norms import layer_norm

STRIDES = (2, 4, 8, 16, 32)


class SimplePyramid(nn.Module):
    """One map (N, C, *size) with a stride of 2^n, here called its patch -> maps with the strides 2, 4, 8, 16 and 32.

    A finer map is computed by transposed convolutions with kernel = stride = 2, each of which halves the channels, with
    layer norm and GELU between them; a coarser map by max-pooling. A map of stride = patch is the input itself. Each
    map is computed from the same input, the last map of a plain vision transformer. ``out_channels`` holds the channels
    of the maps. In the paper, a 1×1 and a 3×3 convolution to 256 channels follow; here the blocks of the decoder.

    Raises ValueError if the patch is no power of 2, and if the channels cannot be halved so often.
    """

    def __init__(self, channels: int, patch: int, rank: int) -> None:
        super().__init__()
        if patch < 1 or patch & (patch - 1):
            raise ValueError(f"patches of {patch} pixels: the pyramid halves and doubles them, so use a power of 2")
        times = [int(log2(patch)) - int(log2(stride)) for stride in STRIDES]  # doublings; halvings if negative
        if channels % 2 ** max(times):
            raise ValueError(
                f"{channels} channels cannot be halved {max(times)} times; use a multiple of {2 ** max(times)}"
            )
        self.maps = nn.ModuleList(_finer(channels, n, rank) if n > 0 else _coarser(-n, rank) for n in times)
        self.out_channels = tuple(channels // 2 ** max(n, 0) for n in times)
        self.strides = STRIDES

    def forward(self, x: Tensor) -> list[Tensor]:
        """The maps, finest first."""
        return [part(x) for part in self.maps]


def _finer(channels: int, doublings: int, rank: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(doublings):
        layers += [layer_norm(channels, rank), nn.GELU()] if i else []
        layers.append(CONV_TRANSPOSE[rank - 1](channels, channels // 2, 2, 2))
        channels //= 2
    return nn.Sequential(*layers)


def _coarser(halvings: int, rank: int) -> nn.Module:
    return max_pool((2**halvings,) * rank) if halvings else nn.Identity()
