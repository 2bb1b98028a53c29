"""The U-Net of elektronn3 (https://github.com/ELEKTRONN/elektronn3), in 2D or 3D, with or without planar levels.

Equivalent: layers, channels and numbers of parameters, for each option listed in ``docs/coming_from.md``.
Different: concatenation puts the skip first. An image size that is not valid raises an error, where elektronn3 rounds
it. Attention gates keep their own initial weights. Those of ``grid_gated(Concat)`` have the layers of elektronn3's;
those of ``gated(Concat)`` have the stride of their level.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.attention import AttentionGate, gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.foreign_weights import Allowed, Options, Structure, System
from unet_tutorial.nets.init import xavier_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import MaxPool, Up, then, transposed
from unet_tutorial.nets.sources import Source
from unet_tutorial.nets.systems.jaxony import layers_of_jaxony
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import Size, pyramid
from unet_tutorial.plan.sizes import Plan

NORMED = ConvUnit(norm=batch_norm)
THREE_LEVELS = pyramid((32, 64, 128), rank=3)  # the default of elektronn3


class GridGate(AttentionGate):
    """The gate of elektronn3: its coefficients are on a grid that is coarser by 2 along every axis.

    It differs from ``AttentionGate`` at a planar level, whose stride is 1 across slices. There the map of the coarser
    level is interpolated to the grid of the coefficients. If no level strides along an axis, a prediction in tiles is
    exact only for tiles that start at even pixels along it, because the plan of the network does not contain this grid.
    Raises ValueError for a skip of fewer than 2 pixels along an axis.
    """

    def __init__(self, skip_channels: int, below_channels: int, stride: Size) -> None:
        super().__init__(skip_channels, below_channels, (2,) * len(stride))

    def coefficients(self, skip: Tensor, below: Tensor) -> Tensor:
        """The coefficient of each pixel: (N, 1, *size)."""
        if min(skip.shape[2:]) < 2:
            raise ValueError(
                f"skip {tuple(skip.shape)}: this gate needs at least 2 pixels along every axis; pass gated(Concat), "
                "whose gates stride as their level does"
            )
        coarse = self.theta(skip)  # (N, C / 2, *(size / 2))
        below = F.interpolate(self.phi(below), size=coarse.shape[2:], mode=self.mode)
        return F.interpolate(self.psi(coarse + below), size=skip.shape[2:], mode=self.mode)


def grid_gated(merge: Merge) -> Merge:
    """Return the merge with a ``GridGate`` on its skip."""
    return gated(merge, gate=GridGate)


def elektronn3_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    levels: Plan = THREE_LEVELS,
    unit: ConvUnit = NORMED,
    last: ConvUnit | None = None,
    up: Up = transposed,
    merge: Merge = Concat,
) -> UNet:
    """The ``UNet`` class of elektronn3: convolution, norm, activation.

    For its option ``full_norm=False`` pass a ``unit`` without a norm and a ``last`` unit with a norm.
    """
    block, up = conv_stack(unit, last), then(up, unit.norm, unit.act)
    return xavier_(unet(in_channels, out_channels, levels, block=block, down=MaxPool, up=up, merge=merge))


ACTS = {  # by their words: those of ``assembled_unet``
    "relu": "relu",
    "leaky": ["leaky_relu", 0.1],
    "silu": "silu",
    "prelu": "prelu",
    "rrelu": "rrelu",
    "lin": "none",
}


def norms_of_elektronn3(structure: Structure) -> list[Any]:
    """The norms that agree with the weights, in the words of elektronn3."""
    if (structure.norm or structure.first_norm) == "batch":
        return ["batch"]
    if structure.norm == "affine":
        return [*(["group"] if 8 in structure.groups else []), *(f"group{n}" for n in structure.groups)]
    return ["none", "instance"]


def norm_named(word: str | None) -> Any:
    """The norm of ``assembled_unet`` for a word of elektronn3; "group" has 8 groups."""
    if word and word.startswith("group"):
        return ["group", int(word.removeprefix("group") or 8)]
    return word or "none"


def _allowed(structure: Structure) -> Allowed:
    resized = [f"resizeconv_{mode}{'1' if structure.up_kernel == 1 else ''}" for mode in ("nearest", "linear")]
    return {
        "in_channels": [structure.in_channels],
        "out_channels": [structure.out_channels],
        "n_blocks": [len(structure.widths)],
        "start_filts": [structure.widths[0]],
        "up_mode": resized if structure.up_kernel else ["transpose"],
        "merge_mode": [structure.merge],
        "planar_blocks": [structure.planar],
        "attention": [structure.gates],
        "activation": ["prelu"] if structure.prelu else [name for name in ACTS if name != "prelu"],
        "normalization": norms_of_elektronn3(structure),
        "full_norm": [bool(structure.first_norm)] if structure.norm else [True, False],
        "dim": [structure.rank],
        "conv_mode": ["same", "valid"],
    }


def _arguments(structure: Structure, options: Options) -> dict[str, Any]:
    norm, act = norm_named(options["normalization"]), ACTS[options["activation"]]
    first = norm if options["full_norm"] else "none"
    kernel = structure.up_kernel
    mode = options["up_mode"].removeprefix("resizeconv_").removesuffix("1")
    return structure.arguments | {
        "padding": options["conv_mode"],
        "norm": norm,
        **({} if first == norm else {"first_norm": first}),
        "act": act,
        "up": ["resize_conv", mode, kernel] if kernel else "transposed",
        "up_norm": first,
        "up_act": act,
        "merge": ["grid_gated", structure.merge] if structure.gates else structure.merge,
    }


ELEKTRONN3 = System(
    name=Source.ELEKTRONN3,
    address="https://github.com/ELEKTRONN/elektronn3",
    **layers_of_jaxony(
        "conv",
        ("norm0", "norm1", "norm2"),
        tuple(f"attention.{layer}" for layer in ("theta", "phi", "psi", "w.0", "w.1")),
    ),
    defaults={
        "up_mode": "transpose",
        "activation": "relu",
        "normalization": "batch",
        "full_norm": True,
        "conv_mode": "same",
    },
    allowed=_allowed,
    arguments=_arguments,
)
