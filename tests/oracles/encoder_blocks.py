"""The blocks of classification networks whose maps run side by side: each as the encoder of a U-Net."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.backbone_unets import DualPath, Features, unit

CHANNELS = (3, 8, 16, 24, 32)


def depthwise(channels: int, stride: int = 1) -> nn.Sequential:
    """A depthwise convolution and a batch norm."""
    convolution = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels))


class Stages(nn.Module):
    """A convolution with stride 2, then ``stage(before, after)`` per level; features at strides 1 (the image) to 16."""

    out_channels = CHANNELS

    def __init__(self, stage: Callable[[int, int], nn.Module]) -> None:
        super().__init__()
        self.stem = unit(3, 8, 3, 2)
        self.stages = nn.ModuleList(stage(before, after) for before, after in ((8, 16), (16, 24), (24, 32)))

    def forward(self, x: Tensor) -> Features:
        found = [x, self.stem(x)]
        for stage in self.stages:
            found.append(stage(found[-1]))
        return found


class Dense(nn.Module):
    """Each layer reads all maps before it (DenseNet, arXiv:1608.06993)."""

    def __init__(self, before: int, growth: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(unit(before + i * growth, 2 * growth, 1), nn.Conv2d(2 * growth, growth, 3, padding=1))
            for i in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        maps = [x]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, 1)))
        return torch.cat(maps, 1)


class DenseNet(nn.Module):
    """The feature of a level is the end of its dense block; a transition follows, with a mean pooling."""

    out_channels = (3, 16, 32, 32, 24)

    def __init__(self) -> None:
        super().__init__()
        self.stem = unit(3, 16, 7, 2)
        self.blocks = nn.ModuleList([Dense(16, 8, 2), Dense(16, 8, 2), Dense(8, 8, 2)])
        self.transitions = nn.ModuleList([nn.Identity(), unit(32, 16, 1), unit(32, 8, 1)])

    def forward(self, x: Tensor) -> Features:
        found = [x, self.stem(x)]
        for transition, block in zip(self.transitions, self.blocks, strict=True):
            found.append(block(F.avg_pool2d(transition(found[-1]), 2)))
        return found


class Res2(nn.Module):
    """Groups of channels, each convolved after the sum with the group before (Res2Net, arXiv:1904.01169)."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.first, self.last = stride, unit(before, 16, 1), nn.Conv2d(16, after, 1)
        self.groups = nn.ModuleList(unit(4, 4, 3, stride) for _ in range(3))
        changes = stride > 1 or before != after
        self.shortcut = nn.Conv2d(before, after, 1, stride) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        parts, found = self.first(x).split(4, 1), list[Tensor]()
        for i, (layer, part) in enumerate(zip(self.groups, parts[:3], strict=True)):
            found.append(layer(found[-1] + part if i and self.stride == 1 else part))
        found.append(F.avg_pool2d(parts[3], 3, self.stride, 1) if self.stride > 1 else parts[3])
        return torch.relu(self.last(torch.cat(found, 1)) + self.shortcut(x))


class Selective(nn.Module):
    """Three maps, each computed from the one before, and the stage's first map (SelecSLS, arXiv:1907.00837)."""

    def __init__(self, before: int, after: int, kept: int = 0) -> None:
        super().__init__()
        self.one = unit(before, 8, 3, 1 if kept else 2)
        self.two = nn.Sequential(unit(8, 8, 1), unit(8, 4))
        self.three = nn.Sequential(unit(4, 8, 1), unit(8, 4))
        self.last = unit(16 + kept, after, 1)

    def forward(self, x: Tensor, kept: list[Tensor]) -> Tensor:
        one = self.one(x)
        two = self.two(one)
        return torch.as_tensor(self.last(torch.cat([one, two, self.three(two), *kept], 1)))


class SelectiveStage(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first, self.second = Selective(before, after), Selective(after, after, after)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x, [])
        return torch.as_tensor(self.second(x, [x]))


class Partial(nn.Module):
    """Half of the channels go around residual blocks (CSPDarknet, arXiv:1911.11929).

    ``split``: the halves of one map, as there; else two projections, as in YOLOv5.
    """

    def __init__(self, before: int, after: int, *, split: bool) -> None:
        super().__init__()
        half = after // 2
        self.down, self.last = unit(before, after, 3, 2), unit(after, after, 1)
        self.halves = nn.ModuleList([unit(after, after, 1)] if split else [unit(after, half, 1) for _ in range(2)])
        self.blocks = nn.ModuleList(nn.Sequential(unit(half, half, 1), unit(half, half)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        around, through = torch.cat([layer(x) for layer in self.halves], 1).chunk(2, 1)
        for block in self.blocks:
            through = through + block(through)
        return torch.as_tensor(self.last(torch.cat([around, through], 1)))


class AllParts(nn.Module):
    """Both halves and the map after each block together (C2f of YOLOv8)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        half = after // 2
        self.down, self.first, self.last = unit(before, after, 3, 2), unit(after, after, 1), unit(4 * half, after, 1)
        self.blocks = nn.ModuleList(nn.Sequential(unit(half, half), unit(half, half)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        maps = list(self.first(self.down(x)).chunk(2, 1))
        for block in self.blocks:
            maps.append(maps[-1] + block(maps[-1]))
        return torch.as_tensor(self.last(torch.cat(maps, 1)))


class Inception(nn.Module):
    """Branches of different depth; with ``stride`` 2 one of them is a pooling (arXiv:1512.00567)."""

    def __init__(self, before: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                unit(before, width, 3, stride),
                nn.Sequential(unit(before, width, 1), unit(width, width), unit(width, width, 3, stride)),
                nn.Sequential(nn.MaxPool2d(3, stride, 1), unit(before, width, 1)),
                nn.Sequential(unit(before, width, 1), unit(width, width, 3, stride)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


class Shuffled(nn.Module):
    """Half of the channels is convolved, then the halves are interleaved (ShuffleNet V2, arXiv:1807.11164)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        half = after // 2
        inner = before if stride > 1 else half
        self.around = nn.Sequential(depthwise(before, stride), unit(before, half, 1)) if stride > 1 else None
        self.through = nn.Sequential(unit(inner, half, 1), depthwise(half, stride), unit(half, half, 1))

    def forward(self, x: Tensor) -> Tensor:
        around, given = (self.around(x), x) if self.around else x.chunk(2, 1)
        y = torch.cat([around, self.through(given)], 1)
        n, c, h, w = y.shape
        return y.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Ghost(nn.Module):
    """Half of the channels from a 1×1 convolution, the others from these by a depthwise one (arXiv:1911.11907)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first, self.cheap = unit(before, after // 2, 1), depthwise(after // 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return torch.cat([x, self.cheap(x)], 1)


class GhostBlock(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        inner = 2 * before
        self.layers = nn.Sequential(Ghost(before, inner), depthwise(inner, stride), Ghost(inner, after))
        changes = stride > 1 or before != after
        projection = nn.Sequential(depthwise(before, stride), nn.Conv2d(before, after, 1))
        self.shortcut = projection if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.layers(x) + self.shortcut(x))


class Basic(nn.Module):
    """Two convolutions, added to a shortcut."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(unit(before, after, 3, stride), nn.Conv2d(after, after, 3, padding=1))
        changes = stride > 1 or before != after
        self.shortcut = nn.Conv2d(before, after, 1, stride) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.layers(x) + self.shortcut(x))


class Tree(nn.Module):
    """Blocks whose maps are aggregated as a tree of two levels (DLA, arXiv:1707.06484)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Basic(before, after, 2), *(Basic(after, after) for _ in range(3))])
        self.inner, self.root = unit(2 * after, after, 1), unit(3 * after + before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.blocks[0](x)
        inner = self.inner(torch.cat([one, self.blocks[1](one)], 1))
        three = self.blocks[2](inner)
        return torch.as_tensor(self.root(torch.cat([self.blocks[3](three), three, inner, F.max_pool2d(x, 2)], 1)))


class Split(nn.Module):
    """A sum of groups, with weights computed from the mean of both (ResNeSt, arXiv:2004.08955)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.down, self.groups = unit(before, after, 3, 2), unit(after, 2 * after)
        self.weights = nn.Sequential(nn.Conv2d(after, 4, 1), nn.ReLU(), nn.Conv2d(4, 2 * after, 1))

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.groups(self.down(x)).chunk(2, 1)
        weights = self.weights((one + other).mean((2, 3), keepdim=True))
        first, second = weights.unflatten(1, (2, -1)).softmax(1).unbind(1)
        return torch.as_tensor(first * one + second * other)


class Parallel(nn.Module):
    """A 3×3 and a 1×1 convolution and the map itself, added (RepVGG, arXiv:2101.03697)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.large, self.small = nn.Conv2d(before, after, 3, stride, 1), nn.Conv2d(before, after, 1, stride)
        self.itself = nn.BatchNorm2d(before) if stride == 1 else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.large(x) + self.small(x)
        return torch.relu(y + self.itself(x) if self.itself else y)


def twice(block: Callable[[int, int, int], nn.Module]) -> Callable[[int, int], nn.Module]:
    """A stage of two blocks, the first with stride 2."""
    return lambda before, after: nn.Sequential(block(before, after, 2), block(after, after, 1))


ENCODERS: dict[str, Callable[[], nn.Module]] = {
    "dual path": DualPath,
    "dense": DenseNet,
    "Res2Net": lambda: Stages(twice(Res2)),
    "SelecSLS": lambda: Stages(SelectiveStage),
    "cross-stage partial": lambda: Stages(lambda before, after: Partial(before, after, split=True)),
    "cross-stage partial, two projections": lambda: Stages(lambda before, after: Partial(before, after, split=False)),
    "all parts": lambda: Stages(AllParts),
    "Inception": lambda: Stages(
        lambda before, after: nn.Sequential(Inception(before, after // 4, 2), Inception(after, after // 4))
    ),
    "ShuffleNet": lambda: Stages(twice(Shuffled)),
    "GhostNet": lambda: Stages(twice(GhostBlock)),
    "DLA": lambda: Stages(Tree),
    "ResNeSt": lambda: Stages(Split),
    "RepVGG": lambda: Stages(twice(Parallel)),
}


class Parallels(nn.Module):
    """Branches of three sizes; each gets the sum of all (HRNet, arXiv:1908.07919)."""

    out_channels = (3, 8, 8, 8)

    def __init__(self) -> None:
        super().__init__()
        self.stem = unit(3, 8, 3, 2)
        self.down = nn.ModuleList(unit(8, 8, 3, 2) for _ in range(5))
        self.blocks = nn.ModuleList(Basic(8, 8) for _ in range(3))
        self.narrow = nn.ModuleList(nn.Conv2d(8, 8, 1) for _ in range(3))

    def forward(self, x: Tensor) -> Features:
        a = self.stem(x)
        b = self.down[0](a)
        c = self.down[1](b)
        a, b, c = (block(each) for block, each in zip(self.blocks, (a, b, c), strict=True))
        finest = a + F.interpolate(self.narrow[0](b), scale_factor=2) + F.interpolate(self.narrow[1](c), scale_factor=4)
        middle = self.down[2](a) + b + F.interpolate(self.narrow[2](c), scale_factor=2)
        return [x, finest.relu(), middle.relu(), (self.down[4](self.down[3](a)) + self.down[1](b) + c).relu()]
