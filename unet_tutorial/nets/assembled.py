"""A U-Net whose parts are named by plain values, as a checkpoint and a command line can hold them.

In Python, hand in the parts themselves (``nets.unet.unet``). This preset exists for networks that are described by a
file: those of ``nets.foreign_weights``, whose parts follow from the weights of another system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import nn

from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.norms import affine_instance_norm, batch_norm, group_norm, instance_norm, no_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, resize_conv, then, transposed
from unet_tutorial.nets.systems.elektronn3 import grid_gated
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Padding

Named = str | Sequence[Any]  # the name of a part, such as "batch", or a list of it and its arguments: ["group", 8]
Makers = Mapping[str, Callable[..., Any]]  # by name: a function that makes the part from its arguments


def _constant(part: Any) -> Callable[[], Any]:
    """A maker without arguments."""
    return lambda: part


def _leaky_relu(slope: float = 0.01) -> Callable[[], nn.Module]:
    return partial(nn.LeakyReLU, float(slope))


def _merge(name: Named = "concat") -> Merge:
    merge: Merge = named("merge", MERGES, name)
    return merge


NORMS: Makers = {
    "none": _constant(no_norm),
    "batch": _constant(batch_norm),
    "instance": _constant(instance_norm),
    "affine_instance": _constant(affine_instance_norm),
    "group": group_norm,
}
ACTS: Makers = {
    "none": _constant(nn.Identity),
    "relu": _constant(nn.ReLU),
    "leaky_relu": _leaky_relu,
    "prelu": _constant(nn.PReLU),
    "rrelu": _constant(nn.RReLU),
    "elu": _constant(nn.ELU),
    "silu": _constant(nn.SiLU),
}
UPSAMPLINGS: Makers = {"transposed": _constant(transposed), "resize_conv": resize_conv}
MERGES: Makers = {
    "concat": _constant(Concat),
    "add": _constant(Add),
    "gated": lambda merge="concat": gated(_merge(merge)),
    "grid_gated": lambda merge="concat": grid_gated(_merge(merge)),
}


def named(kind: str, makers: Makers, name: Named) -> Any:
    """The part of this name. Raises ValueError for an unknown one and for wrong arguments.

    >>> named("norm", NORMS, "batch") is batch_norm
    True
    """
    first, *arguments = list(name) if isinstance(name, list | tuple) and name else [name]
    if not isinstance(first, str) or first not in makers:
        raise ValueError(f"{kind} {name!r} is unknown; write one of {', '.join(makers)}")
    try:
        return makers[first](*arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{kind} {name!r}: {error}; write its arguments after its name: ["group", 8]') from error


def assembled_unet(
    in_channels: int = 1,
    out_channels: int = 2,
    widths: Sequence[int] = (64, 128, 256, 512, 1024),
    rank: int = 2,
    *,
    planar: Sequence[int] = (),
    decoder_widths: Sequence[int] = (),
    up_widths: Sequence[int] = (),
    padding: Padding = "same",
    norm: Named = "none",
    first_norm: Named | None = None,
    act: Named = "relu",
    order: Sequence[str] = ("conv", "norm", "act"),
    bias: bool = True,
    up: Named = "transposed",
    up_norm: Named = "none",
    up_act: Named = "none",
    merge: Named = "concat",
) -> UNet:
    """A U-Net with max-pooling and two 3×3 convolutions per block, from parts that are named.

    ``norm`` follows each convolution; ``first_norm``, if it is given, replaces it after the first one of each block.
    ``order`` is that of a ``ConvUnit``, and also that of ``up_norm`` and ``up_act``, which follow the upsampling.
    ``bias`` is that of the convolutions of the blocks. ``decoder_widths`` are by default ``widths`` without the last,
    and ``up_widths``, the channels after each upsampling, are by default ``decoder_widths``; all begin with the finest
    level. Raises ValueError for an unknown part, with the known ones.
    """
    levels, order = pyramid(widths, rank, planar), tuple(order)
    norms = [named("norm", NORMS, each) for each in (norm if first_norm is None else first_norm, norm)]
    plain = partial(conv, bias=bias)
    units = [ConvUnit(padding, each, named("act", ACTS, act), order, plain) for each in norms]
    upsampling = named("up", UPSAMPLINGS, up)
    norm_after_up, act_after_up = named("up_norm", NORMS, up_norm), named("up_act", ACTS, up_act)
    if order.index("norm") < order.index("act"):
        upsampling = then(upsampling, norm_after_up, act_after_up)
    else:
        upsampling = then(then(upsampling, act=act_after_up), norm_after_up)
    block, decoder_widths = conv_stack(*units), decoder_widths or widths[:-1]
    encoder = Encoder(in_channels, levels, block, MaxPool)
    decoder = Decoder(levels, decoder_widths, block, upsampling, _merge(merge), up_widths=up_widths)
    return kaiming_(UNet(encoder, decoder, pointwise_head(decoder, out_channels)))
