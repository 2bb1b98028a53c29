"""The U-Net of https://github.com/jaxony/unet-pytorch, with padding "same" and without norms.

Equivalent: layers, channels and numbers of parameters (31,031,875 for 3 channels and 3 classes).
Different: concatenation puts the skip first, an image size that is not valid raises an error, and up-convolutions are
initialised by ``xavier_`` too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.foreign_weights import System, Unit
from unet_tutorial.nets.init import xavier_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.resample import MaxPool, Up, transposed
from unet_tutorial.nets.sources import Source
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import pyramid


def jaxony_unet(
    in_channels: int = 3,
    out_channels: int = 2,
    widths: Sequence[int] = (64, 128, 256, 512, 1024),
    up: Up = transposed,
    merge: Merge = Concat,
) -> UNet:
    """The ``UNet`` of jaxony/unet-pytorch. For ``up_mode="upsample"`` pass ``up=resize_conv("linear", kernel=1)``."""
    block = conv_stack(ConvUnit())
    return xavier_(unet(in_channels, out_channels, pyramid(widths), block=block, down=MaxPool, up=up, merge=merge))


def layers_of_jaxony(name: str, norms: tuple[str, str, str], gate: tuple[str, ...] = ()) -> dict[str, Any]:
    """The names of jaxony's layers, which elektronn3 has too; ``name`` is that of the convolution after resizing."""
    zero, one, two = norms

    def up(i: int, levels: int) -> str:
        return f"up_convs.{levels - 2 - i}."

    return {
        "block": lambda i: (
            Unit(f"down_convs.{i}.conv1", f"down_convs.{i}.{zero}", f"down_convs.{i}.act1"),
            Unit(f"down_convs.{i}.conv2", f"down_convs.{i}.{one}", f"down_convs.{i}.act2"),
        ),
        "up": lambda i, levels: (f"{up(i, levels)}upconv", f"{up(i, levels)}upconv.{name}"),
        "up_norm": lambda i, levels: f"{up(i, levels)}{zero}",
        "up_act": lambda i, levels: f"{up(i, levels)}act0",
        "gate": lambda i, levels: tuple(f"{up(i, levels)}{layer}" for layer in gate),
        "step": lambda i, levels: (
            Unit(*(f"{up(i, levels)}{layer}" for layer in ("conv1", one, "act1"))),
            Unit(*(f"{up(i, levels)}{layer}" for layer in ("conv2", two, "act2"))),
        ),
        "head": "conv_final",
        "up_first": True,
    }


JAXONY = System(
    name=Source.JAXONY,
    address="https://github.com/jaxony/unet-pytorch",
    **layers_of_jaxony("1", ("no norm", "no norm", "no norm")),
    defaults={},
    allowed=lambda structure: {
        "num_classes": [structure.out_channels],
        "in_channels": [structure.in_channels],
        "depth": [len(structure.widths)],
        "start_filts": [structure.widths[0]],
        "up_mode": ["upsample" if structure.up_kernel else "transpose"],
        "merge_mode": [structure.merge],
    },
    arguments=lambda structure, options: (  # noqa: ARG005
        structure.arguments
        | {"up": ["resize_conv", "linear", 1] if structure.up_kernel else "transposed", "merge": structure.merge}
    ),
)
