"""The U-Net of a diffusion model, in the style of the reference of DDPM (arXiv 2006.11239): ``net(x, t)``.

Residual blocks add a projection of the time embedding; self-attention follows them at some levels and at the bottom.
Every map of the encoder is kept, and every residual block of the decoder concatenates one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 4


def sinusoids(t: Tensor, width: int) -> Tensor:
    """Sines and cosines of the time steps t (N,), as (N, width)."""
    frequencies = torch.exp(torch.arange(width // 2, device=t.device) * (-log(10000) / (width // 2)))
    angles = t[:, None].float() * frequencies[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


def normalised(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(GROUPS, channels)


class ResidualBlock(nn.Module):
    """Norm, SiLU, conv; plus the projected embedding; norm, SiLU, conv; plus the input."""

    def __init__(self, before: int, after: int, width: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = normalised(before), nn.Conv2d(before, after, 3, padding=1)
        self.project = nn.Linear(width, after)
        self.norm2, self.conv2 = normalised(after), nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1) if before != after else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.project(F.silu(embedding))[:, :, None, None]
        out: Tensor = self.shortcut(x) + self.conv2(F.silu(self.norm2(h)))
        return out


class FilmBlock(ResidualBlock):
    """The embedding scales and shifts the second norm, as in improved diffusion (arXiv 2102.09672)."""

    def __init__(self, before: int, after: int, width: int) -> None:
        super().__init__(before, after, width)
        self.project = nn.Linear(width, 2 * after)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.project(F.silu(embedding))[:, :, None, None].chunk(2, dim=1)
        h = self.norm2(h) * (1 + scale) + shift
        out: Tensor = self.shortcut(x) + self.conv2(F.silu(h))
        return out


class SelfAttention(nn.Module):
    """Norm, q, k and v from one 1×1 convolution, a product per head, a 1×1 convolution; plus the input."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads, self.norm = heads, normalised(channels)
        self.qkv, self.out = nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, self.heads, c // self.heads, h * w).unbind(1)
        weights = torch.einsum("nhci,nhcj->nhij", q, k).mul((c // self.heads) ** -0.5).softmax(-1)
        y = torch.einsum("nhij,nhcj->nhci", weights, v).reshape(n, c, h, w)
        out: Tensor = x + self.out(y)
        return out


class CrossAttention(nn.Module):
    """The pixels ask a condition of shape (N, tokens, width)."""

    def __init__(self, channels: int, heads: int, width: int) -> None:
        super().__init__()
        self.heads, self.norm = heads, nn.LayerNorm(channels)
        self.q, self.k, self.v, self.out = (
            nn.Linear(a, channels, bias=False) for a in (channels, width, width, channels)
        )

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        n, c, h, w = x.shape
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        q, k, v = (
            each.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for each in (self.q(tokens), self.k(context), self.v(context))
        )
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        out: Tensor = x + self.out(y).transpose(1, 2).reshape(n, c, h, w)
        return out


class DiffusionUNet(nn.Module):
    """``blocks`` residual blocks per level; attention at the levels ``attend`` and at the bottom.

    ``classes`` adds the embedding of a class label to that of the time, ``context`` is the width of a condition for the
    cross-attention that then follows each self-attention.
    """

    def __init__(
        self,
        widths: tuple[int, ...] = (8, 16, 16),
        blocks: int = 2,
        attend: tuple[int, ...] = (1,),
        heads: int = 2,
        classes: int = 0,
        context: int = 0,
        block: Callable[[int, int, int], nn.Module] = ResidualBlock,
    ) -> None:
        super().__init__()
        width = 4 * widths[0]
        self.width, self.blocks, self.last = widths[0], blocks, len(widths) - 1
        self.time = nn.Sequential(nn.Linear(widths[0], width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(classes, width) if classes else None
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down, self.up, self.downsample, self.upsample = (nn.ModuleList() for _ in range(4))

        def attention(channels: int, *, wanted: bool) -> nn.ModuleList:
            layers: list[nn.Module] = [SelfAttention(channels, heads)] if wanted else []
            return nn.ModuleList([*layers, CrossAttention(channels, heads, context)] if wanted and context else layers)

        channels, kept = widths[0], [widths[0]]
        for level, after in enumerate(widths):
            for _ in range(blocks):
                self.down.append(
                    nn.ModuleList([block(channels, after, width), attention(after, wanted=level in attend)])
                )
                channels = after
                kept.append(channels)
            if level < self.last:
                self.downsample.append(nn.Conv2d(channels, channels, 3, stride=2, padding=1))
                kept.append(channels)
        self.middle = nn.ModuleList([block(channels, channels, width) for _ in range(2)])
        self.middle_attention = attention(channels, wanted=True)
        for level, after in reversed(list(enumerate(widths))):
            for _ in range(blocks + 1):
                own = attention(after, wanted=level in attend)
                self.up.append(nn.ModuleList([block(channels + kept.pop(), after, width), own]))
                channels = after
            if level:
                self.upsample.append(nn.Conv2d(channels, channels, 3, padding=1))
        self.norm, self.head = normalised(channels), nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor, y: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        embedding = self.time(sinusoids(t, self.width))
        if self.label is not None:
            embedding = embedding + self.label(y)

        def attended(x: Tensor, layers: nn.Module) -> Tensor:
            for layer in layers.children():
                x = layer(x, context) if isinstance(layer, CrossAttention) else layer(x)
            return x

        x = self.stem(x)
        kept = [x]
        for i, layers in enumerate(self.down):
            block, attention = layers.children()
            x = attended(block(x, embedding), attention)
            kept.append(x)
            if (i + 1) % self.blocks == 0 and i + 1 < len(self.down):
                x = self.downsample[i // self.blocks](x)
                kept.append(x)
        x = attended(self.middle[0](x, embedding), self.middle_attention)
        x = self.middle[1](x, embedding)
        for i, layers in enumerate(self.up):
            block, attention = layers.children()
            x = attended(block(torch.cat([x, kept.pop()], 1), embedding), attention)
            if (i + 1) % (self.blocks + 1) == 0 and i + 1 < len(self.up):
                x = self.upsample[i // (self.blocks + 1)](F.interpolate(x, scale_factor=2))
        out: Tensor = self.head(F.silu(self.norm(x)))
        return out
