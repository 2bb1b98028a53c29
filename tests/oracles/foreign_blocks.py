"""Blocks, gates and bottoms in the styles of third-party U-Nets, for ``foreign_unets.Assembled``."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Dense(nn.Module):
    """A dense block: concatenates within its level."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, 4, 3, stride, 1)
        self.second, self.last = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(8, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).relu()
        return torch.as_tensor(self.last(torch.cat((x, F.relu(self.second(x))), 1)))


class ChannelsLast(nn.Module):
    """Norm and linear layers on (N, H, W, C), as in ConvNeXt."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(before, after, 3, stride, 1), nn.LayerNorm(after)
        self.wide, self.back = nn.Linear(after, 3 * after), nn.Linear(3 * after, after)
        self.scale = nn.Parameter(torch.ones(after))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        y = self.back(F.gelu(self.wide(self.norm(x.permute(0, 2, 3, 1)))))
        return torch.as_tensor(x + (self.scale * y).permute(0, 3, 1, 2))


class Unshuffled(nn.Module):
    """Downsamples by turning pixels into channels: with ``F.pixel_unshuffle``, by slices (Haar), or by views."""

    how = "own"

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.conv = stride, nn.Conv2d(before * stride**2, after, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 2:
            x = getattr(self, self.how)(x)
        return torch.as_tensor(self.conv(x).relu())

    def own(self, x: Tensor) -> Tensor:
        return F.pixel_unshuffle(x, 2)

    def haar(self, x: Tensor) -> Tensor:
        a, b, c, d = x[:, :, ::2, ::2], x[:, :, 1::2, ::2], x[:, :, ::2, 1::2], x[:, :, 1::2, 1::2]
        return torch.cat([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], 1)

    def views(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        x = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4)
        return x.reshape(n, 4 * c, h // 2, w // 2)


class Haar(Unshuffled):
    """Downsamples by slices."""

    how = "haar"


class Views(Unshuffled):
    """Downsamples by views."""

    how = "views"


class Split(nn.Module):
    """Half of the channels go through a convolution, the other half is passed on."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.conv, self.part = nn.Conv2d(before, after, 3, stride, 1), nn.Conv2d(after // 2, after // 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.conv(x).chunk(2, dim=1)
        rest = torch.cat([b, self.part(a)], 1)
        rest[:, :1].relu_()
        return rest


class Aspp(nn.Module):
    """Parallel dilated convolutions, and a branch with the mean over the whole image."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=d, dilation=d) for d in (1, 2, 4))
        self.whole, self.join = nn.Conv2d(4, 4, 1), nn.Conv2d(16, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = self.whole(F.adaptive_avg_pool2d(x, 1))
        mean = F.interpolate(mean, size=x.shape[-2:], mode="bilinear")
        return torch.as_tensor(self.join(torch.cat([*(branch(x) for branch in self.branches), mean], 1)))


class Attention(nn.Module):
    """Self-attention; the pixels are the tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.qkv, self.out = nn.GroupNorm(2, 4), nn.Linear(4, 12), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x).flatten(2).transpose(1, 2)).chunk(3, dim=-1)
        y = self.out((q @ k.transpose(1, 2) / c**0.5).softmax(-1) @ v)
        return torch.as_tensor(x + y.transpose(1, 2).reshape(n, c, h, w))


class Masked(nn.Module):
    """An attention gate: multiplies the skip by a mask computed from the skip and the upsampled map."""

    def __init__(self) -> None:
        super().__init__()
        self.mask = nn.Conv2d(8, 1, 1)

    def forward(self, skip: Tensor, up: Tensor) -> Tensor:
        gate = torch.sigmoid(F.relu(self.mask(torch.cat([skip, up], 1))))
        return torch.cat([gate * skip, up], 1)
