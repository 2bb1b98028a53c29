"""An encoder of three levels with several decoders, heads or further inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_unets import conv

IMAGE = torch.zeros(1, 1, 16, 16)
MORE = torch.zeros(1, 2, 16, 16)


class Decoder(nn.Module):
    """Doubles the size per level; concatenates the skip of that level, if there are any."""

    def __init__(self, levels: int = 2, *, skips: bool = True, out: int = 1) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(conv(8 if skips else 4, 4) for _ in range(levels))
        self.skips, self.head = skips, nn.Conv2d(4, out, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """The maps are those of the finer levels and, last, the one to start from."""
        *kept, x = maps
        for block, skip in zip(self.blocks, kept[::-1], strict=False):
            x = F.interpolate(x, scale_factor=2)
            x = block(torch.cat([skip, x], 1) if self.skips else x)
        return torch.as_tensor(self.head(x))


class Encoded(nn.Module):
    """``run`` computes the outputs from the three maps of the encoder, finest first."""

    def __init__(self, run: Callable[..., Any], *layers: nn.Module) -> None:
        super().__init__()
        self.run, self.layers = run, nn.ModuleList(layers)
        self.stages = nn.ModuleList([conv(1, 4), conv(4, 4), conv(4, 4)])

    def forward(self, x: Tensor, *more: Tensor) -> Any:
        maps: list[Tensor] = []
        for i, stage in enumerate(self.stages):
            maps.append(stage(F.max_pool2d(maps[-1], 2) if i else x))
        return self.run(self.layers, maps, *more)


def every(layers: nn.ModuleList, maps: list[Tensor]) -> dict[str, Tensor]:
    return {str(i): layer(maps) for i, layer in enumerate(layers)}


def split(layers: nn.ModuleList, maps: list[Tensor]) -> list[Tensor]:
    """The decoders share their coarser level."""
    middle = layers[0](maps[1:])
    return [layer([maps[0], middle]) for layer in layers[1:]]


def after_the_decoder(layers: nn.ModuleList, maps: list[Tensor]) -> list[Tensor]:
    """The coarsest map and the decoder's result, with a head each."""
    return [layers[0](maps), layers[1](maps[-1])]


class Normalised(nn.Module):
    """Scales a map and adds to it, by values that are computed from a resized image (SPADE, arXiv:1903.07291)."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.scale, self.offset = conv(2, 4), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        image = self.shared(F.interpolate(image, size=x.shape[2:]))
        return torch.as_tensor(F.instance_norm(x) * (1 + self.scale(image)) + self.offset(image))


class NormalisedBlock(nn.Module):
    """A residual block with normalised shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(Normalised() for _ in range(2))
        self.layers = nn.ModuleList(conv(4, 4) for _ in range(2))

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        main, shortcut = (layer(norm(x, image)) for norm, layer in zip(self.norms, self.layers, strict=True))
        return torch.as_tensor(main + shortcut)


def at_each_level(layers: nn.ModuleList, maps: list[Tensor], more: Tensor) -> Tensor:
    x = maps[-1]
    for layer, skip in zip(layers[:2], maps[1::-1], strict=True):
        x = layer(F.interpolate(x, scale_factor=2) + skip, more)
    return torch.as_tensor(layers[2](x))


def once(layers: nn.ModuleList, maps: list[Tensor], more: Tensor) -> Tensor:
    x = layers[1](torch.cat([layers[0](maps), more], 1))
    return torch.as_tensor(x)


class Generator(nn.Module):
    """An image of four pixels, and its blocks up to the size of the input, from one input image."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = conv(2, 4), nn.Conv2d(4, 1, 1)
        self.blocks = nn.ModuleList(NormalisedBlock() for _ in range(3))

    def forward(self, image: Tensor) -> Tensor:
        x = self.first(F.interpolate(image, size=(4, 4)))
        for i, block in enumerate(self.blocks):
            x = block(F.interpolate(x, scale_factor=2) if i else x, image)
        return torch.as_tensor(self.head(x))


def head(*, up: int, after: bool = False) -> nn.Sequential:
    """A convolution and an upsampling; ``after``: a second convolution after it."""
    layers = [conv(4, 4), nn.Conv2d(4, 2, 1), nn.Upsample(scale_factor=up)]
    return nn.Sequential(*(layers[:1] + layers[2:] + layers[1:2] if after else layers))


# by name: the network, its inputs, the reason
SEVERAL = "its decoder merges an input at several levels, as SPADE does"
NETS: dict[str, tuple[Callable[[], nn.Module], tuple[Tensor, ...], str]] = {
    "three decoders": (
        lambda: Encoded(every, *(Decoder(out=n) for n in (2, 1, 3))), (IMAGE,), "it has 3 decoders, one per output"),
    "segmentation and reconstruction": (
        lambda: Encoded(every, Decoder(), Decoder(skips=False)), (IMAGE,), "it has 2 decoders, one per output"),
    "reconstruction first": (
        lambda: Encoded(every, Decoder(skips=False), Decoder()), (IMAGE,), "it has 2 decoders, one per output"),
    "shared and split": (
        lambda: Encoded(split, Decoder(1, out=4), Decoder(1), Decoder(1)), (IMAGE,),
        "it has 2 decoders, one per output"),
    "two decoders and a coarse head": (
        lambda: Encoded(
            lambda layers, maps: [layers[0](maps), layers[1](maps), layers[2](maps[-1])],
            Decoder(), Decoder(), nn.Conv2d(4, 2, 1)), (IMAGE,), "it has 2 decoders"),
    "a head at the coarsest level": (lambda: Encoded(after_the_decoder, Decoder(), head(up=4)), (IMAGE,), ""),
    "a convolution after the upsampling": (
        lambda: Encoded(after_the_decoder, Decoder(), head(up=4, after=True)), (IMAGE,), ""),
    "a learned upsampling": (
        lambda: Encoded(after_the_decoder, Decoder(), nn.ConvTranspose2d(4, 2, 4, 4)), (IMAGE,), ""),
    "at each level": (
        lambda: Encoded(at_each_level, Normalised(), Normalised(), nn.Conv2d(4, 1, 1)), (IMAGE, MORE), SEVERAL),
    "at each level, in residual blocks": (
        lambda: Encoded(at_each_level, NormalisedBlock(), NormalisedBlock(), nn.Conv2d(4, 1, 1)), (IMAGE, MORE),
        SEVERAL),
    "the only input at each level": (Generator, (MORE,), SEVERAL),
    "once": (
        lambda: Encoded(once, Decoder(out=4), nn.Conv2d(6, 1, 1)), (IMAGE, MORE),
        "its decoder merges an input besides the skips"),
}  # fmt: skip
