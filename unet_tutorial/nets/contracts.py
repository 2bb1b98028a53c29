"""Contracts: what a part, an encoder and a decoder state of themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from traceback import walk_tb
from typing import ParamSpec, TypeVar

import torch
from torch import nn

from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Padding

_P = ParamSpec("_P")
_M = TypeVar("_M", bound=nn.Module)
_HOMES = tuple(f"{Path(file).parent}{os.sep}" for file in (__file__, torch.__file__))  # of code that is not the user's


class Part(nn.Module):
    """A piece of a network that states what it gives.

    ``out_channels`` is set by every part. ``padding`` says whether its convolutions keep a size ("same") or shorten
    it ("valid"). A part with ``own_init`` has initialised itself, and an initialiser of the whole network leaves it.
    A way up or a merge that looks at neighbours states its ``extra_reach``: the pixels of its output, per axis, that it looks
    farther to either side than one which gives each pixel a block of its own; () is none.
    """

    out_channels: int
    padding: Padding = "same"
    own_init: bool = False
    extra_reach: Size = ()


def out_channels_of(part: nn.Module) -> int:
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
            out_channels_of(part)
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
