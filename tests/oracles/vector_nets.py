"""Networks that lead an image through a vector or another tensor without its axes, and back to an image."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Variational(nn.Module):
    """A variational auto-encoder: three convolutions with stride 2, a vector of 10, three transposed convolutions."""

    def __init__(self) -> None:
        super().__init__()
        channels = (1, 4, 8, 16)
        pairs = list(pairwise(channels))
        self.encoder = nn.Sequential(*(nn.Conv2d(a, b, 3, 2, 1) for a, b in pairs))
        self.mean, self.log_variance = nn.Linear(16 * 4 * 4, 10), nn.Linear(16 * 4 * 4, 10)
        self.back = nn.Linear(10, 16 * 4 * 4)
        self.decoder = nn.Sequential(*(nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairs[::-1]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        flat = self.encoder(x).flatten(1)
        mean, log_variance = self.mean(flat), self.log_variance(flat)
        code = mean + torch.exp(log_variance / 2)
        return self.decoder(self.back(code).view(-1, 16, 4, 4).relu()), mean, log_variance


class Between(nn.Module):
    """A convolution with stride 2, then ``inner`` on the map (N, 8, 8, 8), then a transposed convolution and a head."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.down, self.inner = nn.Conv2d(1, 8, 3, 2, 1), inner
        self.up, self.head = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.head(self.up(self.inner(self.down(x)))))


class Dense(nn.Module):
    """Through a vector; the view gives channels last, or a single pixel for a transposed convolution of 8×8."""

    def __init__(self, *, pixel: bool) -> None:
        super().__init__()
        self.code, self.pixel = nn.Sequential(nn.Flatten(), nn.Linear(512, 16), nn.ReLU(), nn.Linear(16, 512)), pixel
        self.grow = nn.ConvTranspose2d(512, 8, 8) if pixel else nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        code = self.code(x)
        if self.pixel:
            return torch.as_tensor(self.grow(code[:, :, None, None]))
        return torch.as_tensor(self.grow(code.view(-1, 8, 8, 8).permute(0, 3, 1, 2)))


class Mixed(nn.Module):
    """A linear layer on all pixels of a channel, as in an MLP-Mixer (arXiv:2105.01601)."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 64)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.layer(x.flatten(2)).view(x.shape))


class Affine(nn.Module):
    """A displacement of each pixel by an affine transformation, whose numbers are computed from the image."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.layer = nn.Conv2d(1, 4, 3, 2, 1), nn.Linear(4 * 8 * 8, 6)

    def forward(self, x: Tensor) -> Tensor:
        matrix = self.layer(self.down(x).flatten(1)).view(-1, 2, 3)
        grid = F.affine_grid(matrix, [len(x), 1, 16, 16], align_corners=False)
        return torch.as_tensor(grid.permute(0, 3, 1, 2))
