"""Lesson 11: a shortcut around any body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.crop import center_crop
from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import watched

Wrap = Callable[[nn.Module, int, int], nn.Module]
MISFIT = "a shortcut that does not fit; crop it to the body's size"
Join = Callable[[Tensor, Tensor], Tensor]  # (what the body gives, shortcut, not yet cropped) -> output


def _bodies(seed: int) -> Iterator[Case]:
    """Channels in and out, whether the body is padded, and an image."""
    generator = torch.Generator().manual_seed(seed)
    for channels, padded in (((3, 5), False), ((4, 4), False), ((4, 4), True), ((2, 6 + seed), True), ((5, 2), False)):
        yield *channels, padded, torch.randn(1, channels[0], 9, 8 + seed, generator=generator)


def _wrapped(answer: Wrap, case: Case) -> Any:
    """Output, gradient and number of parameters, with weights that depend on their shape alone."""
    in_channels, out_channels, padded, image = case
    pad = int(padded)
    body = nn.Sequential(
        nn.Conv2d(in_channels, 7, 3, padding=pad), nn.ReLU(), nn.Conv2d(7, out_channels, 3, padding=pad)
    )
    module = answer(body, in_channels, out_channels)
    if not isinstance(module, nn.Module):
        raise TypeError(f"a torch module is needed, and a {type(module).__name__} came")
    with torch.no_grad():
        for parameter in module.parameters():
            draw = torch.Generator().manual_seed(sum(7**i * n for i, n in enumerate(parameter.shape)))
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=draw))
    try:
        return watched(module.eval(), (image,))
    except RuntimeError as error:
        if "must match the size" in str(error):
            return MISFIT
        raise


class _Around(nn.Module):
    """A body, a shortcut, and how both are joined."""

    def __init__(self, body: nn.Module, shortcut: nn.Module, join: Join) -> None:
        super().__init__()
        self.body, self.shortcut, self.join = body, shortcut, join

    def forward(self, x: Tensor) -> Tensor:
        return self.join(self.body(x), self.shortcut(x))


class _Zeros(nn.Module):
    """Channels added as zeros, or cut off."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (0, 0, 0, 0, 0, self.channels - x.shape[1]))


def _added(out: Tensor, short: Tensor) -> Tensor:
    return out + center_crop(short, out.shape[2:])


def _needed(a: int, b: int) -> nn.Module:
    return nn.Identity() if a == b else nn.Conv2d(a, b, 1)


def _adding(shortcut: Callable[[int, int], nn.Module] = _needed, join: Join = _added) -> Wrap:
    return lambda body, a, b: _Around(body, shortcut(a, b), join)


with_shortcut = Exercise(
    "with_shortcut",
    _adding(),
    _bodies,
    {
        "where the channels agree, x itself is added; a convolution there costs parameters and the identity": (
            _adding(lambda a, b: nn.Conv2d(a, b, 1))
        ),
        "missing channels were filled with zeros; a 1×1 convolution makes them": _adding(lambda _a, b: _Zeros(b)),
        "the shortcut's kernel is 1×1; a 3×3 looks at neighbours": (
            _adding(lambda a, b: nn.Identity() if a == b else nn.Conv2d(a, b, 3, padding=1))
        ),
        "the 1×1 convolution has a bias": (
            _adding(lambda a, b: nn.Identity() if a == b else nn.Conv2d(a, b, 1, bias=False))
        ),
        "crop the shortcut to the body's size": _adding(join=lambda out, short: out + short),
        "you cropped the corner; an unpadded body loses pixels on all sides: take the middle": (
            _adding(join=lambda out, short: out + short[:, :, : out.shape[2], : out.shape[3]])
        ),
        "the shortcut was resized to fit; crop it, for its pixels must lie over those of the body": (
            _adding(join=lambda out, short: out + F.interpolate(short, size=out.shape[2:], mode="bilinear"))
        ),
        "the body was padded back to the size of x; crop the shortcut": (
            _adding(
                join=lambda out, short: short + F.pad(out, [(short.shape[i] - out.shape[i]) // 2 for i in (3, 3, 2, 2)])
            )
        ),
        "nothing follows the sum, no ReLU either": _adding(join=lambda out, short: _added(out, short).relu()),
        "the shortcut is detached; gradients must run through it": (
            _adding(join=lambda out, short: _added(out, short.detach()))
        ),
        "that is the mean of the two; their sum is wanted": _adding(join=lambda out, short: _added(out, short) / 2),
        "that is the body alone": _adding(join=lambda out, _short: out),
        "the shortcut was taken away; it is added": _adding(join=lambda out, short: _added(out, -short)),
    },
    _wrapped,
)

EXERCISES = (with_shortcut,)
