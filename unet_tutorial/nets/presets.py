"""Networks by name, each assembled in a few lines from the parts of this folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial

from torch import nn

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.levels import pyramid
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder, DropoutAtEnd, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet


def paper_unet(in_channels: int = 1, out_channels: int = 2, widths: Sequence[int] = (64, 128, 256, 512, 1024)) -> UNet:
    """Figure 1 of Ronneberger et al., arXiv 1505.04597; ``paper.PaperUNet`` is the same network in one sitting."""
    levels = pyramid(widths)
    block = conv_stack(ConvUnit(padding="valid", act=partial(nn.ReLU, inplace=True)))
    encoder = DropoutAtEnd(Encoder(in_channels, levels, block, MaxPool), p=0.5)
    return kaiming_(UNet(encoder, Decoder(levels, widths[:-1], block, transposed, Concat), out_channels))


PRESETS: dict[str, Callable[..., UNet]] = {"paper": paper_unet}


def build(name: str, **arguments: object) -> UNet:
    """The network a checkpoint or a command names; ValueError lists the names, or the arguments that a name takes.

    >>> build("paper", widths=(8, 16)).out_channels
    2
    """
    if name not in PRESETS:
        raise ValueError(f"preset {name!r} is unknown; the presets are {', '.join(PRESETS)}")
    takes = inspect.signature(PRESETS[name]).parameters
    unknown = [key for key in arguments if key not in takes]
    if unknown:
        raise ValueError(f"preset {name!r} takes {', '.join(takes)}, and not {unknown[0]!r}")
    return PRESETS[name](**arguments)
