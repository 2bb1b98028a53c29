"""Networks to draw, and the shapes that forward hooks report on a real run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import nn

from tests.oracles.uncommon_nets import Dense, Nested, TwoInputs, Uneven, classifier, without_skips
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.attention import AttentionGate
from unet_tutorial.nets.merge import Add, Concat
from unet_tutorial.nets.presets import BLOCK, attention_unet, padded_unet, paper_unet, unet3d
from unet_tutorial.nets.resample import StridedConv, resize_conv, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.unet import unet
from unet_tutorial.nets.wrappers import residual
from unet_tutorial.plan.levels import pyramid

Shape = tuple[int, ...]
FIVE, FOUR = (4, 6, 8, 10, 12), (4, 6, 8, 10)


def _added(up: Callable[..., nn.Module]) -> nn.Module:
    levels = pyramid((4, 8, 16))
    return unet(1, 2, levels, block=residual(BLOCK), down=StridedConv, up=up, merge=Add)


def _shuffled() -> nn.Module:
    return unet(1, 2, pyramid((4, 8)), block=BLOCK, down=StridedConv, up=PixelShuffle, merge=Concat)


# name: (network, shapes of its inputs)
NETS: dict[str, tuple[Callable[[], nn.Module], tuple[Shape, ...]]] = {
    "paper": (lambda: paper_unet(widths=FIVE), ((1, 1, 204, 220),)),
    "padded": (lambda: padded_unet(widths=FIVE), ((1, 1, 64, 64),)),
    "attention": (lambda: attention_unet(widths=FOUR), ((1, 1, 64, 32),)),
    "planar": (lambda: unet3d(widths=FOUR, planar=(0, 1)), ((1, 1, 8, 64, 64),)),
    "released": (lambda: released_unet(widths=FIVE), ((1, 1, 188, 188),)),
    "residual": (lambda: _added(transposed), ((1, 1, 32, 32),)),
    "resized": (lambda: _added(resize_conv("nearest", kernel=1)), ((1, 1, 32, 32),)),
    "shuffled": (_shuffled, ((1, 1, 16, 16),)),
    "five": (lambda: padded_unet(widths=(64, 128, 256, 512, 1024, 2048)), ((1, 1, 512, 512),)),
    "wide": (lambda: padded_unet(widths=(1000,) * 5), ((1, 1, 32, 32),)),
    "two": (TwoInputs, ((1, 1, 32, 32), (1, 2, 32, 32))),
    "dense": (Dense, ((1, 1, 16, 16),)),
    "uneven": (Uneven, ((1, 1, 17, 19),)),
    "without": (without_skips, ((1, 1, 32, 32),)),
    "nested": (Nested, ((1, 1, 32, 32),)),
    "classifier": (classifier, ((1, 1, 32, 32),)),
}


@cache
def arch(name: str) -> ArchIR:
    """The description of the network with this name in ``NETS``."""
    make, sizes = NETS[name]
    with torch.device("meta"):
        return trace(make(), *map(torch.empty, sizes))


def hooked(net: nn.Module, size: Shape) -> list[Shape]:
    """(C, *size) of the input and of each output of a convolution, pooling or merge outside a gate, on a real run."""
    image = torch.zeros(size)
    found, gated = [tuple(image.shape[1:])], set()
    for module in net.modules():
        gated |= set(module.modules()) if isinstance(module, AttentionGate) else set()
    seen = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Conv3d, nn.MaxPool2d, nn.MaxPool3d, Concat, Add))]
    hooks = [
        module.register_forward_hook(lambda _m, _given, out: found.append(tuple(out.shape[1:])))
        for module in seen
        if module not in gated
    ]
    with torch.no_grad():
        net.eval()(image)
    for hook in hooks:
        hook.remove()
    return found
