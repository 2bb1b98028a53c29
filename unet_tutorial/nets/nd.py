"""What rank means, said once: torch's layers by the length of a tuple, the centre crop, and the two contracts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from traceback import walk_tb
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from unet_tutorial.nets.levels import Level, Size
from unet_tutorial.nets.sizes import Padding

Layers = tuple[type[nn.Module], ...]
CONV: Layers = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
CONV_TRANSPOSE: Layers = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
MAX_POOL: Layers = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
LINEAR = ("linear", "bilinear", "trilinear")  # torch's names of one interpolation, by rank
_P = ParamSpec("_P")
_M = TypeVar("_M", bound=nn.Module)
_HOMES = tuple(f"{Path(file).parent}{os.sep}" for file in (__file__, torch.__file__))  # of code that is not the user's


class Part(nn.Module):
    """A piece of a network that states what it gives.

    ``out_channels`` is set by every part. ``padding`` says whether its convolutions keep a size ("same") or shorten
    it ("valid"). A part with ``own_init`` has initialised itself, and an initialiser of the whole network leaves it.
    A way up or a merge that looks at neighbours states its ``reach``: the pixels of its output, per axis, that it looks
    farther to either side than one which gives each pixel a block of its own; () is none.
    """

    out_channels: int
    padding: Padding = "same"
    own_init: bool = False
    reach: Size = ()


def stated(part: nn.Module) -> int:
    """The ``out_channels`` of a part, or of one of torch's own layers; ValueError where a part does not state them."""
    channels = getattr(part, "out_channels", None)
    if not isinstance(channels, int):
        raise ValueError(f"{type(part).__name__} does not state its out_channels; set them in its __init__")
    return channels


def _sound(role: str, right: str, factory: Callable[_P, _M], kind: type[nn.Module] = Part) -> Callable[_P, _M]:
    """The factory; ValueError with the right ones where it cannot be called as its role is, or makes no ``kind``."""

    def misfit(why: str) -> ValueError:
        return ValueError(f"{role} is {getattr(factory, '__qualname__', repr(factory)[:60])}: {why}; hand in {right}")

    def made(*arguments: _P.args, **options: _P.kwargs) -> _M:
        if arguments and isinstance(factory, type) and factory.__module__.startswith("torch."):
            raise misfit("torch's own classes take other arguments")
        try:
            part = factory(*arguments, **options)
        except (TypeError, AttributeError) as error:
            if any(not frame.f_code.co_filename.startswith(_HOMES) for frame, _ in walk_tb(error.__traceback__)):
                raise  # a line of the user's own lies on its way, and there is what is wrong
            raise misfit(str(error)) from error
        if not isinstance(part, kind):
            raise misfit(f"it makes a {type(part).__name__}, which is no {kind.__name__}")
        if kind is Part:
            stated(part)
        return part

    return made


class FeatureExtractor(nn.Module):
    """Image (N, C, *size) -> feature maps, finest first.

    ``levels`` is the plan it was built from, and ``out_channels`` has one number for each of its maps. A decoder fits
    only if it was built from an equal plan, for the sizes of the skips follow from it.
    """

    in_channels: int
    levels: tuple[Level, ...]
    out_channels: Size
    padding: Padding = "same"


def conv(in_channels: int, out_channels: int, kernel: Size, *, padding: Padding = "same") -> nn.Module:
    """A convolution of rank ``len(kernel)``, with bias: (N, in, *size) -> (N, out, *size)."""
    return CONV[rank_of(kernel) - 1](in_channels, out_channels, kernel, padding=padding)


def conv_strided(in_channels: int, out_channels: int, stride: Size, *, bias: bool = True) -> nn.Module:
    """A convolution with kernel = stride: (N, in, *size) -> (N, out, *(size / stride))."""
    return CONV[rank_of(stride) - 1](in_channels, out_channels, stride, stride, bias=bias)


def conv_transpose(in_channels: int, out_channels: int, stride: Size) -> nn.Module:
    """A transposed convolution with kernel = stride, with bias: (N, in, *size) -> (N, out, *(size · stride))."""
    return CONV_TRANSPOSE[rank_of(stride) - 1](in_channels, out_channels, stride, stride)


def max_pool(stride: Size) -> nn.Module:
    """The largest of each block of ``stride`` pixels: (N, C, *size) -> (N, C, *(size / stride))."""
    return MAX_POOL[rank_of(stride) - 1](stride)


def memory_format(rank: int) -> torch.memory_format:
    """The layout in which convolutions of this rank run fastest: channels last, where torch has it."""
    return (torch.contiguous_format, torch.channels_last, torch.channels_last_3d)[rank - 1]


def rank_of(size: Size) -> int:
    """Number of spatial axes that a size speaks of: 1, 2 or 3; ValueError beyond, for torch has no such layers."""
    if not 1 <= len(size) <= len(CONV):
        raise ValueError(f"size {size} has {len(size)} axes; torch has layers for 1, 2 and 3 of them")
    return len(size)


def center_crop(features: Tensor, size: Sequence[int]) -> Tensor:
    """The middle of each feature map: (N, C, *large) -> (N, C, *size); where the sizes agree, the same numbers.

    An odd difference leaves the smaller half before. ValueError where ``size`` is larger or of another rank.

    >>> import torch
    >>> center_crop(torch.arange(6.0).reshape(1, 1, 6), (2,)).flatten().tolist()
    [2.0, 3.0]
    """
    have = features.shape[2:]
    if len(have) != len(size) or any(large < small for large, small in zip(have, size, strict=True)):
        raise ValueError(f"a crop of {tuple(have)} to {tuple(size)} needs the same axes, none of them longer")
    # start and length stay symbols under torch.export: an int() here would freeze the crop at the traced size
    for axis, (large, small) in enumerate(zip(have, size, strict=True), start=2):
        features = features.narrow(axis, (large - small) // 2, small)
    return features


def mirrored(image: Tensor, origin: Size, size: Size) -> Tensor:
    """The window of ``size`` pixels at ``origin`` of an image mirrored at its border pixels: (C, *any) -> (C, *size).

    >>> import torch
    >>> mirrored(torch.tensor([[0, 1, 2]]), (-3,), (9,)).tolist()
    [[1, 2, 1, 0, 1, 2, 1, 0, 1]]
    """
    for axis, (first, count) in enumerate(zip(origin, size, strict=True), start=1):
        last = image.shape[axis] - 1
        around = torch.arange(first, first + count, device=image.device) % max(2 * last, 1)
        image = image.index_select(axis, last - (around - last).abs())
    return image
