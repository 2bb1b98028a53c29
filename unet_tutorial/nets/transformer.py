"""Transformers in a U-Net: a block for the bottom of any encoder, and an encoder of patches.

A token is a pixel of a feature map, or a patch of the image. Every token depends on the whole image, so
``predict_tiled`` is not exact for these networks: the prediction of a tile does not depend on the pixels outside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import FeatureExtractor, Part, check_factory
from unet_tutorial.nets.nd import LINEAR, conv, conv_strided
from unet_tutorial.nets.paths import checked_levels
from unet_tutorial.nets.resample import Up
from unet_tutorial.plan.levels import Level, Size, positive_int

Positions = Callable[[int, int], nn.Module]  # (channels, rank) -> Module: map (N, C, *size) -> positions (1, C, *size)


def sinusoidal(channels: int, rank: int) -> nn.Module:
    """Sines and cosines of the position along each axis, without parameters."""
    return Sinusoidal(channels, rank)


class Sinusoidal(nn.Module):
    """Sines and cosines of the position of each pixel: (N, C, *size) -> (1, C, *size), for any size.

    Each axis has C / rank of the channels, rounded up; the last ones are left out if they are too many. The wavelengths
    of an axis are a geometric progression from 2π pixels to 10,000 · 2π pixels. Source: Vaswani et al., arXiv
    1706.03762, section 3.5, for one axis.
    """

    def __init__(self, channels: int, rank: int) -> None:
        super().__init__()
        self.channels, self.rank = channels, rank

    def forward(self, x: Tensor) -> Tensor:
        """The positions of the pixels of ``x``, in its dtype."""
        count = -(-self.channels // (2 * self.rank))
        rates = 10_000 ** -(torch.arange(count, device=x.device) / count)
        axes = []
        for axis, n in enumerate(x.shape[2:]):
            angles = rates[:, None] * torch.arange(n, device=x.device)  # (count, n)
            waves = torch.cat((angles.sin(), angles.cos())).reshape(
                1, -1, *(n if i == axis else 1 for i in range(self.rank))
            )
            axes.append(waves.expand(1, -1, *x.shape[2:]))
        return torch.cat(axes, dim=1)[:, : self.channels].to(x.dtype)


def learnt(grid: Size) -> Positions:
    """Learnt positions of a map of the size ``grid``; for another size they are interpolated linearly.

    Source: Dosovitskiy et al., arXiv 2010.11929, sections 3.1 and 3.2. TransUNet and UNETR have such positions.
    """

    def positions(channels: int, rank: int) -> nn.Module:
        if len(grid) != rank:
            raise ValueError(f"positions of a grid {grid} for maps of {rank} spatial axes; pass one number per axis")
        return Learnt(channels, grid)

    return positions


class Learnt(nn.Module):
    """Learnt positions: (N, C, *size) -> (1, C, *size)."""

    def __init__(self, channels: int, grid: Size) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.empty(1, channels, *grid))
        nn.init.trunc_normal_(self.values, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """The positions, resized to the map."""
        if x.shape[2:] == self.values.shape[2:]:
            return self.values
        return F.interpolate(self.values, size=x.shape[2:], mode=LINEAR[x.ndim - 3])


class Layers(nn.Module):
    """Positions and layers of self-attention: map (N, width, *size) -> map (N, width, *size).

    The layers are those of ``torch.nn.TransformerEncoder`` with the norms first: layer norm and attention, then layer
    norm, a linear layer to ``hidden`` features, GELU, and a linear layer back. A layer norm follows the last one. Each
    layer has its own initial weights; torch's class copies one layer. Raises ValueError if ``width`` is not a multiple
    of ``heads``.
    """

    def __init__(
        self, width: int, depth: int, heads: int, hidden: int, dropout: float, positions: Positions, rank: int
    ) -> None:
        super().__init__()
        for name, value in (("width", width), ("depth", depth), ("heads", heads), ("hidden", hidden)):
            positive_int(name, value)
        if width % heads:
            raise ValueError(f"width = {width} is not a multiple of the {heads} heads; choose for example {64 * heads}")
        layer = partial(nn.TransformerEncoderLayer, activation="gelu", batch_first=True, norm_first=True)
        self.positions = positions(width, rank)
        self.layers = nn.ModuleList(layer(width, heads, hidden, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """The map after all layers."""
        return self.taps(x, [len(self.layers)])[0]

    def taps(self, x: Tensor, after: Sequence[int]) -> list[Tensor]:
        """The maps after these numbers of layers, in increasing order."""
        maps: list[Tensor] = []
        tokens = (x + self.positions(x)).flatten(2).transpose(1, 2)  # (N, number of pixels, width)
        for count, layer in enumerate(self.layers, start=1):
            tokens = layer(tokens)
            if count == len(self.layers):
                tokens = self.norm(tokens)
            if count in after:
                maps.append(as_map(tokens, x.shape[2:]))
        return maps


def as_map(tokens: Tensor, size: Sequence[int]) -> Tensor:
    """Tokens as a map: (N, prod(size), C) -> (N, C, *size)."""
    return tokens.transpose(1, 2).reshape(len(tokens), -1, *size)


def transformer(
    width: int = 768,
    depth: int = 12,
    heads: int = 12,
    hidden: int = 3072,
    dropout: float = 0.1,
    positions: Positions = sinusoidal,
) -> Block:
    """A block of self-attention, for the bottom of an encoder: ``WithBottom(encoder, transformer())``.

    The defaults are those of TransUNet, arXiv 2102.04306, and ViT-Base. The number of operations grows with the square
    of the number of pixels at the bottom. Raises ValueError if ``positions`` is not a function.
    """
    if not callable(positions):
        raise ValueError(f"positions {positions!r}: pass sinusoidal, or learnt(grid) for images of one size")

    def block(in_channels: int, out_channels: int, level: Level) -> Part:
        layers = Layers(width, depth, heads, hidden, dropout, positions, level.rank)
        return Transformer(in_channels, out_channels, layers, width, level)

    return block


class Transformer(Part):
    """A 1×1 convolution to the width of the layers, the layers, and a 1×1 convolution back.

    (N, in, *size) -> (N, out, *size). The layers initialise their own weights, and the functions of ``nets.init`` leave
    the whole part unchanged.
    """

    own_init = True

    def __init__(self, in_channels: int, out_channels: int, layers: Layers, width: int, level: Level) -> None:
        super().__init__()
        one = (1,) * level.rank
        self.into, self.layers, self.back = conv(in_channels, width, one), layers, conv(width, out_channels, one)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Project, attend, project back."""
        out: Tensor = self.back(self.layers(self.into(x)))
        return out


class PatchEncoder(FeatureExtractor):
    """The encoder of UNETR (Hatamizadeh et al., arXiv 2103.10504, section 3.1): a vision transformer with skips.

    Image (N, in_channels, *size) -> one map per level, finest first. The image is divided into patches, whose side is
    the product of all strides; each patch is a token, and the tokens are the coarsest map. So the width of the
    transformer is ``levels[-1].channels``. For n coarser levels, level i is computed from the tokens after i / n of the
    layers: an upsampling, then an upsampling and a block for each further level. Level 0 is a block of the image.

    Raises ValueError for invalid levels (see ``Encoder``), for fewer layers than coarser levels, and for parts that are
    not factories.
    """

    def __init__(
        self,
        in_channels: int,
        levels: Sequence[Level],
        block: Block,
        up: Up,
        depth: int = 12,
        heads: int = 12,
        hidden: int = 3072,
        dropout: float = 0.0,
        positions: Positions = sinusoidal,
    ) -> None:
        super().__init__()
        positive_int("in_channels", in_channels)
        self.levels = checked_levels(levels)
        block, up = check_factory("block", block), check_factory("up", up)
        steps, rank, width = len(levels) - 1, levels[0].rank, levels[-1].channels
        if not 1 <= steps <= depth:
            raise ValueError(
                f"depth = {depth}: {len(levels)} levels need 1 to depth coarser ones; choose depth={steps}"
            )
        patch = tuple(prod(level.stride[axis] for level in levels) for axis in range(rank))
        self.patches = conv_strided(in_channels, width, patch)
        self.layers = Layers(width, depth, heads, hidden, dropout, positions, rank)
        self.after = [depth * i // steps for i in range(1, steps + 1)]  # layers before the map of each coarser level
        self.stem = block(in_channels, levels[0].channels, levels[0])
        self.rises = nn.ModuleList(_rise(levels[i:], block, up) for i in range(1, steps))
        self.in_channels, self.out_channels = in_channels, tuple(level.channels for level in levels)
        self.padding = self.stem.padding

    def forward(self, image: Tensor) -> list[Tensor]:
        """The block of the image, the upsampled maps of the transformer, and its last map."""
        *maps, bottom = self.layers.taps(self.patches(image), self.after)
        return [self.stem(image), *(rise(x) for rise, x in zip(self.rises, maps, strict=True)), bottom]


def _rise(levels: Sequence[Level], block: Block, up: Up) -> nn.Sequential:
    """From the coarsest of these levels to the finest, with the channels of the finest on the way."""
    channels = levels[0].channels
    parts = [up(levels[-1].channels, channels, levels[-1].stride)]
    for level, coarser in pairwise(reversed(levels[:-1])):
        parts += [up(channels, channels, level.stride), block(channels, channels, coarser)]
    return nn.Sequential(*parts)
