"""Attention in the spellings of many repositories, as modules that keep the shape (N, C, H, W) of a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Weighted = Callable[[Tensor, Tensor, Tensor], Tensor]  # queries, keys and values (N, heads, tokens, width)


def matmul(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.matmul(torch.softmax(torch.matmul(q, k.transpose(-2, -1)) / q.shape[-1] ** 0.5, dim=-1), v)


def einsum(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    weights = torch.einsum("nhid,nhjd->nhij", q * q.shape[-1] ** -0.5, k).softmax(dim=-1)
    return torch.einsum("nhij,nhjd->nhid", weights, v)


def bmm(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    q, k, v = (each.flatten(0, 1) for each in (q, k, v))
    return torch.bmm(F.softmax(torch.bmm(q, k.mT), -1), v)[None]


def baddbmm(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    q, k, v = (each.reshape(-1, *each.shape[-2:]) for each in (q, k, v))
    empty = torch.empty(q.shape[0], q.shape[1], k.shape[1], device=q.device)
    weights = torch.baddbmm(empty, q, k.transpose(1, 2), beta=0, alpha=0.5)
    return torch.bmm(torch.softmax(weights - weights.amax(-1, keepdim=True), -1), v)[None]


def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v)


def linear(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax of queries and keys apart, keys times values first."""
    return torch.einsum("nhid,nhde->nhie", q.softmax(-1), torch.einsum("nhjd,nhje->nhde", k.softmax(-2), v))


def normalised_linear(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """ReLU of queries and keys, divided by the sum of the weights."""
    q, k = q.relu(), k.relu()
    return (q @ (k.transpose(-2, -1) @ v)) / (q @ k.sum(-2, keepdim=True).transpose(-2, -1) + 1e-6)


def channels(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """As Restormer (arXiv 2111.09881): weights between channels, from normalised queries and keys."""
    q, k, v = (each.transpose(-2, -1) for each in (q, k, v))
    weights = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
    return (weights.softmax(dim=-1) @ v).transpose(-2, -1)


def rotary(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Rotary positions of queries and keys."""
    angles = torch.arange(q.shape[-2], device=q.device)[:, None] / torch.arange(
        1, q.shape[-1] // 2 + 1, device=q.device
    )

    def turned(x: Tensor) -> Tensor:
        a, b = x.chunk(2, dim=-1)
        return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)

    return F.scaled_dot_product_attention(turned(q), turned(k), v)


class Tokens(nn.Module):
    """Pre-norm attention on tokens (N, H·W, C) with one linear layer for q, k and v; ``residual`` adds the input."""

    def __init__(self, weighted: Weighted, heads: int = 2, width: int = 8, *, residual: bool = True) -> None:
        super().__init__()
        self.weighted, self.heads, self.residual = weighted, heads, residual
        self.norm, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm(tokens)).reshape(n, h * w, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = self.out(self.weighted(q, k, v).transpose(1, 2).reshape(n, h * w, c))
        y = tokens + y if self.residual else y
        return torch.as_tensor(y.transpose(1, 2).reshape(n, c, h, w))


class Maps(nn.Module):
    """q, k and v from three convolutions; the result is scaled by a learned number, as in SAGAN and DANet."""

    def __init__(self, kernel: int = 1, narrow: int = 2, width: int = 8) -> None:
        super().__init__()
        self.q, self.k = (nn.Conv2d(width, narrow, kernel, padding=kernel // 2) for _ in range(2))
        self.v = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        weights = torch.softmax(
            torch.bmm(self.q(x).view(n, -1, h * w).permute(0, 2, 1), self.k(x).view(n, -1, h * w)), -1
        )
        y = torch.bmm(self.v(x).view(n, -1, h * w), weights.permute(0, 2, 1)).view(n, c, h, w)
        return self.gamma * y + x


class OfChannels(nn.Module):
    """The channel attention of DANet (arXiv 1809.02983): queries, keys and values are the map itself."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        energy = torch.bmm(x.view(n, c, -1), x.view(n, c, -1).permute(0, 2, 1))
        weights = torch.softmax(energy.max(-1, keepdim=True)[0].expand_as(energy) - energy, dim=-1)
        return self.gamma * torch.bmm(weights, x.view(n, c, -1)).view(n, c, h, w) + x


class Library(nn.Module):
    """``nn.MultiheadAttention`` on tokens."""

    def __init__(self, heads: int = 2, width: int = 8, *, batch_first: bool = True, **options: Any) -> None:
        super().__init__()
        self.norm, self.options = nn.GroupNorm(1, width), options
        self.batch_first = batch_first
        self.attention = nn.MultiheadAttention(width, heads, batch_first=batch_first)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.norm(x).flatten(2).permute(*((0, 2, 1) if self.batch_first else (2, 0, 1)))
        y, _ = self.attention(tokens, tokens, tokens, **self.options)
        return torch.as_tensor(x + y.permute(*((0, 2, 1) if self.batch_first else (1, 2, 0))).reshape(x.shape))


class Reduced(nn.Module):
    """As Segformer and PVT: keys and values from a map pooled by a strided convolution."""

    def __init__(self, heads: int = 2, width: int = 8) -> None:
        super().__init__()
        self.heads, self.norm, self.reduced = heads, nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.kv, self.out = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.reduce = nn.Conv2d(width, width, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        q = self.q(tokens).reshape(n, h * w, self.heads, -1).transpose(1, 2)
        small = self.reduce(tokens.transpose(1, 2).reshape(n, c, h, w)).flatten(2).transpose(1, 2)
        k, v = self.kv(self.reduced(small)).reshape(n, -1, 2, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        y = self.out(matmul(q, k, v).transpose(1, 2).reshape(n, h * w, c))
        return torch.as_tensor(x + y.transpose(1, 2).reshape(n, c, h, w))


class Windows(nn.Module):
    """As Swin (arXiv 2103.14030): attention in windows, shifted by ``shift``, with a bias per pair of pixels."""

    def __init__(self, window: tuple[int, int] = (4, 4), heads: int = 2, width: int = 8, shift: int = 0) -> None:
        super().__init__()
        self.window, self.heads, self.shift, area = window, heads, shift, window[0] * window[1]
        self.norm, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(heads, area, area))

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        a, b = self.window
        y = self.norm(x.permute(0, 2, 3, 1))
        down, right = -h % a, -w % b
        y = F.pad(y, (0, 0, 0, right, 0, down))
        y = torch.roll(y, (-self.shift, -self.shift), (1, 2)) if self.shift else y
        rows, columns = y.shape[1] // a, y.shape[2] // b
        y = y.view(n, rows, a, columns, b, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, a * b, c)
        q, k, v = self.qkv(y).reshape(-1, a * b, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) + self.bias[None]).softmax(-1)
        y = self.out((weights @ v).transpose(1, 2).reshape(-1, a * b, c))
        y = y.view(n, rows, columns, a, b, c).permute(0, 1, 3, 2, 4, 5).reshape(n, rows * a, columns * b, c)
        y = torch.roll(y, (self.shift, self.shift), (1, 2)) if self.shift else y
        return x + y[:, :h, :w].permute(0, 3, 1, 2)


class Rows(nn.Module):
    """Axial attention: the pixels of a row attend to each other."""

    def __init__(self, heads: int = 2, width: int = 8) -> None:
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        rows = self.qkv(x).permute(0, 2, 1, 3).reshape(n * h, 3, self.heads, c // self.heads, w)
        q, k, v = (each.transpose(-2, -1) for each in rows.unbind(1))
        y = fused(q, k, v).transpose(-2, -1).reshape(n, h, c, w).permute(0, 2, 1, 3)
        return torch.as_tensor(x + self.out(y))


class Restormer(nn.Module):
    """Attention between channels, depthwise convolutions after the projections, and a gated branch."""

    def __init__(self, heads: int = 2, width: int = 8) -> None:
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.GroupNorm(1, width), nn.GroupNorm(1, width)
        self.qkv, self.out = nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)
        self.deep = nn.Conv2d(3 * width, 3 * width, 3, padding=1, groups=3 * width)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.wide, self.back = nn.Conv2d(width, 4 * width, 1), nn.Conv2d(2 * width, width, 1)
        self.mix = nn.Conv2d(4 * width, 4 * width, 3, padding=1, groups=4 * width)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q, k, v = (
            each.reshape(n, self.heads, -1, h * w) for each in self.deep(self.qkv(self.norm1(x))).chunk(3, dim=1)
        )
        weights = (F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * self.temperature).softmax(-1)
        x = x + self.out((weights @ v).reshape(n, c, h, w))
        a, b = self.mix(self.wide(self.norm2(x))).chunk(2, dim=1)
        out: Tensor = x + self.back(F.gelu(a) * b)
        return out


class Memory(nn.Module):
    """Learned keys and values beside those of the map; the norms divide by the length of a pixel's vector."""

    def __init__(self, heads: int = 2, width: int = 8) -> None:
        super().__init__()
        self.heads, self.gain = heads, nn.Parameter(torch.ones(2, width, 1, 1))
        self.memory = nn.Parameter(torch.zeros(2, 1, heads, 4, width // heads))
        self.qkv, self.out = nn.Conv2d(width, 3 * width, 1, bias=False), nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        maps = self.qkv(F.normalize(x, dim=1) * self.gain[0] * c**0.5).chunk(3, dim=1)
        q, k, v = (each.reshape(n, self.heads, -1, h * w).transpose(-2, -1) for each in maps)
        k, v = (torch.cat([own.expand(n, -1, -1, -1), each], -2) for own, each in zip(self.memory, (k, v), strict=True))
        y = self.out(einsum(q, k, v).transpose(-2, -1).reshape(n, c, h, w))
        return torch.as_tensor(F.normalize(y, dim=1) * self.gain[1] + x)


class Transformer(nn.Module):
    """``depth`` layers of ``nn.TransformerEncoder`` on tokens with learned positions."""

    def __init__(self, depth: int, heads: int = 2, width: int = 8, *, norm_first: bool) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, heads, 16, batch_first=True, norm_first=norm_first)
        self.layers = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.positions = nn.Parameter(torch.zeros(1, 64, width))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.layers(x.flatten(2).transpose(1, 2) + self.positions)
        return torch.as_tensor(tokens.transpose(1, 2).reshape(x.shape))


class AroundBlock(nn.Module):
    """A U with one pooling; ``inner`` works on the coarse map with ``width`` channels, of 8×8 pixels for 16×16."""

    def __init__(self, inner: nn.Module, width: int = 8) -> None:
        super().__init__()
        self.first, self.down = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, width, 3, padding=1)
        self.inner, self.after, self.head = inner, nn.Conv2d(width, 8, 3, padding=1), nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        y = self.after(self.inner(self.down(F.max_pool2d(x, 2))))
        return torch.as_tensor(self.head(torch.cat([x, F.interpolate(y, scale_factor=2)], 1)))


SPELLINGS: dict[str, tuple[Callable[[], nn.Module], str]] = {  # module, name of its block
    "matmul": (lambda: Tokens(matmul), "self-attention, 2 heads"),
    "einsum": (lambda: Tokens(einsum, 4), "self-attention, 4 heads"),
    "bmm": (lambda: Tokens(bmm), "self-attention, 2 heads"),
    "baddbmm": (lambda: Tokens(baddbmm, 1), "self-attention, 1 head"),
    "fused": (lambda: Tokens(fused, 8), "self-attention, 8 heads"),
    "rotary": (lambda: Tokens(rotary), "self-attention, 2 heads"),
    "not residual": (lambda: Tokens(matmul, residual=False), "self-attention, 2 heads"),
    "fused, not residual": (lambda: Tokens(fused, 4, residual=False), "self-attention, 4 heads"),
    "linear": (lambda: Tokens(linear), "linear attention, 2 heads"),
    "normalised linear": (lambda: Tokens(normalised_linear), "linear attention, 2 heads"),
    "channels": (lambda: Tokens(channels), "channel attention, 2 heads"),
    "SAGAN": (Maps, "self-attention, 1 head"),
    "3×3 projections": (lambda: Maps(kernel=3), "self-attention, 1 head"),
    "DANet channels": (OfChannels, "channel attention, 1 head"),
    "library": (lambda: Library(4), "self-attention, 4 heads"),
    "library, no weights": (lambda: Library(need_weights=False), "self-attention, 2 heads"),
    "library, batch second": (lambda: Library(8, batch_first=False), "self-attention, 8 heads"),
    "reduced": (Reduced, "self-attention, 2 heads"),
    "windows": (Windows, "window attention 4×4, 2 heads"),
    "shifted windows": (lambda: Windows(heads=4, shift=2), "window attention 4×4, 4 heads"),
    "padded windows": (lambda: Windows((3, 5), shift=1), "window attention 3×5, 2 heads"),
    "one window": (lambda: Windows((8, 8)), "self-attention, 2 heads"),
    "memory": (Memory, "self-attention, 2 heads"),
    "rows": (Rows, "axial attention, 2 heads"),
    "Restormer": (Restormer, "transformer block, channel attention, 2 heads"),
    "pre-norm transformer": (lambda: Transformer(1, norm_first=True), "transformer block, 2 heads"),
    "post-norm transformer": (lambda: Transformer(1, norm_first=False), "transformer block, 2 heads"),
    "three layers": (lambda: Transformer(3, 4, norm_first=True), "3 × transformer block, 4 heads"),
    "three post-norm layers": (lambda: Transformer(3, norm_first=False), "3 × transformer block, 2 heads"),
}  # fmt: skip
