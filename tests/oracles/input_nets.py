"""Networks whose first layer does not tell the channels of the image, and networks with inputs that are no images."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Start(nn.Module):
    """The layers of a U of one pooling, its head first; a subclass makes the finest map from its inputs."""

    def __init__(self, channels: int = 3, rank: int = 2, after: int = 8) -> None:
        super().__init__()
        kinds: Any = {1: (nn.Conv1d, nn.ConvTranspose1d), 2: (nn.Conv2d, nn.ConvTranspose2d)}
        conv, up = kinds.get(rank, (nn.Conv3d, nn.ConvTranspose3d))
        self.head = conv(16, 2, 1)
        self.up = up(after, 8, 2, stride=2)
        self.down = conv(8, after, 3, padding=1)
        self.stem = conv(channels, 8, 3, padding=1)

    def body(self, fine: Tensor) -> Tensor:
        coarse = self.down(F.interpolate(fine, scale_factor=0.5))
        logits: Tensor = self.head(torch.cat((fine, self.up(coarse)), 1))
        return logits


class U(Start):
    """Its first convolution is registered last."""

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.stem(x))


class Grouped(U):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4, 8, 3, padding=1, groups=4)


class InDict(U):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({"last": self.head, "first": nn.Conv2d(5, 8, 3, padding=1)})
        del self.stem

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.layers["first"](x))


class Normalised(U):
    """The image must have three channels before the first convolution runs."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - self.mean)


class Coordinates(U):
    """Two channels of coordinates join those of the image."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.cat((x, x[:, :1], x[:, :1]), 1))


class Focus(U):
    """Four pixels become channels before the first convolution."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pixel_unshuffle(x, 2))


class Gray(U):
    """Averages the channels first, so that any number of them is accepted; the convolution reads 1."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.mean(1, keepdim=True))


class TwoBranches(U):
    """Three channels go into one branch, the fourth into another."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = nn.Conv2d(1, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        rgb, depth = x.split((3, 1), dim=1)
        return self.body(self.stem(rgb) + self.depth(depth))


class Functional(nn.Module):
    """Weights that belong to no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 2, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        y = F.conv2d(x, self.weight, padding=1)
        return y + F.interpolate(F.max_pool2d(y, 2), scale_factor=2)


class Patches(nn.Module):
    """Patches of 4×4 pixels through a linear layer, as in a vision transformer; a linear layer runs on nothing else."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.embed, self.out = nn.Linear(16 * channels, 8), nn.Linear(8, 16)

    def forward(self, x: Tensor) -> Tensor:
        patches = F.unfold(x, 4, stride=4).transpose(1, 2)
        return F.fold(self.out(self.embed(patches)).transpose(1, 2), x.shape[2:], 4, stride=4)


class Stating(U):
    """States its channels."""

    def __init__(self) -> None:
        super().__init__(6)
        self.in_channels = 6


class Joined(Start):
    """The image and a second one are concatenated first."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.body(self.stem(torch.cat((x, y), 1)))


class Conditioned(Start):
    """A vector or scalar t, of any dtype or only integers, shifts the first map."""

    def __init__(self, classes: int = 0) -> None:
        super().__init__()
        self.embed = nn.Embedding(classes, 8) if classes else nn.Linear(1, 8)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        shift = self.embed(t if isinstance(self.embed, nn.Embedding) else t.reshape(-1, 1))
        return self.body(self.stem(x) + shift.reshape(-1, 8, 1, 1))


class Condition(Start):
    """A vector of 128 numbers per image shifts the first map."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(128, 8)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        return self.body(self.stem(x) + self.embed(c)[:, :, None, None])


class Pair(Start):
    def forward(self, pair: list[Tensor]) -> Tensor:
        one, other = pair
        return self.body(self.stem(one) + self.stem(other))


class Batch(Start):
    def forward(self, batch: dict[str, Any]) -> Tensor:
        return self.body(self.stem(batch["image"]) * batch["meta"]["scale"][:, None, None, None])


class Checking(Start):
    """Refuses a float time step itself."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        if t.is_floating_point():
            raise TypeError("t must be an integer")
        return self.body(self.stem(x))


class Anything(nn.Module):
    """Accepts any arguments, and returns them."""

    def forward(self, *args: Tensor, **kwargs: Any) -> tuple[Any, ...]:
        return *args, *kwargs.values()
