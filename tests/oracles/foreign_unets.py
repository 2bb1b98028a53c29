"""Small U-Nets in the coding styles of third-party repositories; none uses this library's parts."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RELU = nn.ReLU


def conv(before: int, after: int, stride: int = 1) -> nn.Sequential:
    """A padded 3x3 convolution with its ReLU."""
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1), nn.ReLU())


class Functional(nn.Module):
    """Bare parameters and functional calls; the skips are in a dict."""

    def __init__(self) -> None:
        super().__init__()
        shapes = {"a": (4, 1), "b": (8, 4), "c": (8, 16), "d": (4, 12), "e": (2, 4)}
        self.w = nn.ParameterDict({name: nn.Parameter(torch.randn(*s, 3, 3)) for name, s in shapes.items()})
        self.bottom = nn.Parameter(torch.randn(16, 8, 3, 3))
        self.up = nn.Parameter(torch.randn(16, 8, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        kept = {0: F.conv2d(x, self.w["a"], padding=1).relu()}
        kept[1] = F.relu(F.conv2d(F.avg_pool2d(kept[0], 2), self.w["b"], padding=1))
        x = torch.relu(F.conv2d(F.max_pool2d(kept[1], 2), self.bottom, padding=1))
        x = F.conv2d(torch.cat((F.conv_transpose2d(x, self.up, stride=2), kept[1]), 1), self.w["c"], padding=1)
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return F.conv2d(F.conv2d(torch.cat([kept[0], x], dim=1), self.w["d"], padding=1), self.w["e"])


class Stacked(nn.Module):
    """Module lists, skips popped from a stack; ``fit`` is how skip and upsampled map get the same size."""

    def __init__(self, fit: str = "pad", pad: int = 1, *, ceil: bool = False) -> None:
        super().__init__()
        self.fit, widths = fit, (4, 6, 8)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=pad) for a, b in zip((1, *widths[:-1]), widths, strict=True)
        )
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in ((6, 8), (4, 6)))
        self.after = nn.ModuleList(nn.Conv2d(2 * a, a, 3, padding=pad) for a in (6, 4))
        self.pool, self.head = nn.MaxPool2d(2, ceil_mode=ceil), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        stack = []
        for stage in self.down[:-1]:
            stack.append(stage(x).relu_())
            x = self.pool(stack[-1])
        x = self.down[-1](x)
        for up, after in zip(self.ups, self.after, strict=True):
            x = after(torch.cat(self.fitted(stack.pop(), up(x)), dim=1))
        return torch.as_tensor(self.head(x))

    def fitted(self, skip: Tensor, x: Tensor) -> list[Tensor]:
        h, w = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
        if self.fit == "pad":
            return [skip, F.pad(x, [w // 2, w - w // 2, h // 2, h - h // 2])]
        if self.fit == "crop":
            top, left = round(h / 2.0), round(w / 2.0)
            return [skip[:, :, top : top + x.shape[2], left : left + x.shape[3]], x]
        if self.fit == "negative pad":
            return [F.pad(skip, (-(w // 2), w // 2 - w, -(h // 2), h // 2 - h)), x]
        if self.fit == "frame":
            frame = x.new_zeros(x.shape[0], x.shape[1], *skip.shape[2:])
            frame[:, :, h // 2 : h // 2 + x.shape[2], w // 2 : w // 2 + x.shape[3]] = x
            return [frame, skip]
        return [skip, F.interpolate(x, size=skip.shape[2:])]


class Nested(nn.Module):
    """Each level contains the next: ``cat([x, inner(x)])``."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.inner(x)], 1)


def recursive() -> nn.Sequential:
    """Nested sequentials; strided convolutions downsample."""
    low = nn.Sequential(conv(4, 8, 2), conv(8, 8), nn.ConvTranspose2d(8, 4, 2, 2))
    middle = nn.Sequential(conv(4, 4, 2), Nested(low), conv(8, 4), nn.Upsample(scale_factor=2))
    return nn.Sequential(conv(1, 4), Nested(middle), nn.Conv2d(8, 2, 1))


class PreAct(nn.Module):
    """A pre-activation residual block with squeeze-and-excitation."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.n1, self.n2 = nn.BatchNorm2d(before), nn.BatchNorm2d(after)
        self.c1, self.c2 = nn.Conv2d(before, after, 3, stride, 1), nn.Conv2d(after, after, 3, padding=1)
        self.side = nn.Conv2d(before, after, 1, stride)
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(after, 2, 1), nn.ReLU(), nn.Conv2d(2, after, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.n1(x))
        out = self.c2(F.relu(self.n2(self.c1(y)), inplace=True))
        out = out * self.squeeze(out).sigmoid()
        out += self.side(x)
        return torch.as_tensor(out)


class Assembled(nn.Module):
    """A U of any blocks: skips go through ``lateral`` and are merged by ``merge``."""

    def __init__(self, block: Any, merge: Any, lateral: Any, *, wide: bool, bottom: nn.Module | None = None) -> None:
        super().__init__()
        self.enc0, self.enc1, self.enc2 = block(1, 4), block(4, 4, 2), block(4, 4, 2)
        self.bottom = bottom or nn.Identity()
        self.lat0, self.lat1 = lateral(), lateral()
        self.dec1, self.dec0 = block(8 if wide else 4, 4), block(8 if wide else 4, 4)
        self.merge, self.head = merge, nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        a = self.enc0(x)
        b = self.enc1(a)
        c = self.bottom(self.enc2(b))
        d = self.dec1(self.merge(self.lat1(b), F.interpolate(c, scale_factor=2)))
        return {"logits": self.head(self.dec0(self.merge(self.lat0(a), F.interpolate(d, scale_factor=2))))}
