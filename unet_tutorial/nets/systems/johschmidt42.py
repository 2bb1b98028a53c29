"""The U-Net of the johschmidt42 tutorial (https://github.com/johschmidt42/PyTorch-2D-3D-UNet-Tutorial).

Equivalent: layers, channels and sizes; a norm follows each activation.
Different: concatenation puts the skip first. In each decoder step the tutorial also builds a 1×1 convolution that is
not used if the upsampling is a transposed convolution; it is not built here (43,232 parameters with the default
arguments). An image size that is not valid raises an error.
"""

from __future__ import annotations

from typing import Any

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.foreign_weights import Allowed, Options, Structure, System, Unit
from unet_tutorial.nets.init import xavier_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import MaxPool, Up, then, transposed
from unet_tutorial.nets.sources import Source
from unet_tutorial.nets.systems.elektronn3 import norm_named, norms_of_elektronn3
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Plan

NORMED_LAST = ConvUnit(norm=batch_norm, order=("conv", "act", "norm"))
FOUR_LEVELS = pyramid((32, 64, 128, 256))  # the default of the tutorial


def johschmidt42_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    levels: Plan = FOUR_LEVELS,
    unit: ConvUnit = NORMED_LAST,
    up: Up = transposed,
) -> UNet:
    """The ``UNet`` of the tutorial: convolution, activation, norm.

    For its modes that upsample by interpolation, pass ``up=resize_conv(…, kernel=1)``.
    """
    block, up = conv_stack(unit), then(then(up, act=unit.act), unit.norm)
    return xavier_(unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=up, merge=Concat))


ACTS = {"relu": "relu", "leaky": ["leaky_relu", 0.1], "elu": "elu"}  # by their words: those of ``assembled_unet``


def _allowed(structure: Structure) -> Allowed:
    linear = ("linear", "bilinear", "trilinear")[structure.rank - 1]
    return {
        "in_channels": [structure.in_channels],
        "out_channels": [structure.out_channels],
        "n_blocks": [len(structure.widths)],
        "start_filters": [structure.widths[0]],
        "activation": list(ACTS),
        "normalization": [None if each == "none" else each for each in norms_of_elektronn3(structure)],
        "conv_mode": ["same", "valid"],
        "dim": [structure.rank],
        "up_mode": ["nearest", linear] if structure.up_kernel else ["transposed"],
    }


def _arguments(structure: Structure, options: Options) -> dict[str, Any]:
    norm, act = norm_named(options["normalization"]), ACTS[options["activation"]]
    mode = "nearest" if options["up_mode"] == "nearest" else "linear"
    return structure.arguments | {
        "padding": options["conv_mode"],
        "norm": norm,
        "act": act,
        "order": ["conv", "act", "norm"],
        "up": ["resize_conv", mode, 1] if structure.up_kernel else "transposed",
        "up_norm": norm,
        "up_act": act,
    }


JOHSCHMIDT42 = System(
    name=Source.JOHSCHMIDT42,
    address="https://github.com/johschmidt42/PyTorch-2D-3D-UNet-Tutorial",
    block=lambda i: (
        Unit(f"down_blocks.{i}.conv1", f"down_blocks.{i}.norm1", f"down_blocks.{i}.act1"),
        Unit(f"down_blocks.{i}.conv2", f"down_blocks.{i}.norm2", f"down_blocks.{i}.act2"),
    ),
    # the 1×1 convolution conv0 exists in every mode, and is used if there is no transposed convolution
    up=lambda i, levels: (f"up_blocks.{levels - 2 - i}.up", f"up_blocks.{levels - 2 - i}.conv0"),
    up_norm=lambda i, levels: f"up_blocks.{levels - 2 - i}.norm0",
    up_act=lambda i, levels: f"up_blocks.{levels - 2 - i}.act0",
    step=lambda i, levels: (
        Unit(*(f"up_blocks.{levels - 2 - i}.{layer}" for layer in ("conv1", "norm1", "act1"))),
        Unit(*(f"up_blocks.{levels - 2 - i}.{layer}" for layer in ("conv2", "norm2", "act2"))),
    ),
    head="conv_final",
    up_first=True,
    defaults={"activation": "relu", "normalization": "batch", "conv_mode": "same", "up_mode": "transposed"},
    allowed=_allowed,
    arguments=_arguments,
)
