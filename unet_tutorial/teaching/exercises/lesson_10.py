"""Lesson 10: an image made to fit a padded net. The net handed in refuses what does not pass, and knows its border."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.nets.crop import mirrored
from unet_tutorial.teaching.checking.exercise import Case, Exercise

Size = tuple[int, int]
Fit = Callable[[int, int], tuple[int, int]]  # (pixels, step) -> how many to add before and behind


@dataclass(frozen=True)
class _Net:
    """Two padded convolutions with a pooling between: (1, H, W) -> (2, H, W), H and W multiples of ``step``."""

    step: int
    seed: int

    def __call__(self, image: Tensor) -> Tensor:
        if image.ndim != 3 or image.shape[0] != 1 or any(n % self.step or not n for n in image.shape[1:]):
            raise ValueError(
                f"an image (1, H, W) with H and W multiples of {self.step} is needed, and {tuple(image.shape)} came"
            )
        generator = torch.Generator().manual_seed(self.seed)  # the same weights at every call
        first, second = (torch.randn(2, c, 3, 3, generator=generator) for c in (1, 2))
        low = F.max_pool2d(F.conv2d(image, first, padding=1), self.step)
        return F.conv2d(F.interpolate(low[None], scale_factor=float(self.step))[0], second, padding=1)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for depth, size in (
        (3, (21 + seed, 34)),
        (2, (13, 19 + 4 * seed)),
        (1, (9, 12)),
        (3, (16, 24)),
        (3, (3, 18 + seed)),
    ):
        yield _Net(2**depth, seed + 1), torch.randn(1, *size, generator=generator), depth


def shared(n: int, step: int) -> tuple[int, int]:
    """Up to the next multiple, the smaller half before."""
    missing = -n % step
    return missing // 2, missing - missing // 2


def _behind(n: int, step: int) -> tuple[int, int]:
    return 0, -n % step


def _larger_before(n: int, step: int) -> tuple[int, int]:
    return shared(n, step)[::-1]


def _always_more(n: int, step: int) -> tuple[int, int]:
    missing = step - n % step
    return missing // 2, missing - missing // 2


def _fitting(
    fit: Fit = shared, mode: str = "reflect", *, corner: bool = False
) -> Callable[[_Net, Tensor, int], Tensor]:
    def pad_and_cut(net: _Net, image: Tensor, depth: int) -> Tensor:
        added = [fit(n, 2**depth) for n in image.shape[1:]]
        keywords = {"constant_values": 0} if mode == "constant" else {}
        larger = np.pad(image.numpy(), [(0, 0), *added], mode, **keywords)  # type: ignore[call-overload]
        answer = net(torch.from_numpy(larger))
        top, left = (0, 0) if corner else (before for before, _ in added)
        return answer[:, top : top + image.shape[1], left : left + image.shape[2]]

    return pad_and_cut


Window = Callable[[int, int], tuple[int, int]]  # (added above, added on the left) -> its origin, or where to cut


def _cutting(
    origin: Window = lambda top, left: (-top, -left), cut: Window = lambda top, left: (top, left)
) -> Callable[[_Net, Tensor, int], Tensor]:
    """By lesson 08's mirror."""

    def pad_and_cut(net: _Net, image: Tensor, depth: int) -> Tensor:
        (top, below), (left, right) = (shared(n, 2**depth) for n in image.shape[1:])
        height, width = image.shape[1:]
        answer = net(mirrored(image, origin(top, left), (top + height + below, left + width + right)))
        y, x = cut(top, left)
        return answer[:, y : y + height, x : x + width]

    return pad_and_cut


def _to_square(net: _Net, image: Tensor, depth: int) -> Tensor:
    """Both sides made as long as the longer one."""
    longest = max(image.shape[1:])
    side = longest + -longest % 2**depth
    added = [((side - n) // 2, side - n - (side - n) // 2) for n in image.shape[1:]]
    answer = net(torch.from_numpy(np.pad(image.numpy(), [(0, 0), *added], "reflect")))
    (top, _), (left, _) = added
    return answer[:, top : top + image.shape[1], left : left + image.shape[2]]


def _stretched(net: _Net, image: Tensor, depth: int) -> Tensor:
    size = [n + -n % 2**depth for n in image.shape[1:]]
    return F.interpolate(net(F.interpolate(image[None], size)[0])[None], image.shape[1:])[0]


def _uncut(net: _Net, image: Tensor, depth: int) -> Tensor:
    added = [shared(n, 2**depth) for n in image.shape[1:]]
    return net(torch.from_numpy(np.pad(image.numpy(), [(0, 0), *added], "reflect")))


pad_and_cut = Exercise(
    "pad_and_cut",
    _fitting(),
    _images,
    {
        "you kept the corner of the answer; some of the mirror stands before the image: cut where the image is": (
            _fitting(corner=True)
        ),
        "the window begins before the image: the origin is minus what goes before": _cutting(
            lambda top, left: (top, left)
        ),
        "(x, y) went in as the origin; y comes first, as in the shape": _cutting(lambda top, left: (-left, -top)),
        "(x, y) was taken for the corner of the cut; y comes first": _cutting(cut=lambda top, left: (left, top)),
        "the origin was (0, 0), so all of the mirror stands behind the image; it is minus what goes before": (
            _cutting(lambda _top, _left: (0, 0))
        ),
        "zeros stand around the image; mirror it": _fitting(mode="constant"),
        "the border pixel stands there twice; the mirror is the pixel itself": _fitting(mode="symmetric"),
        "the border pixel is repeated; walk back into the image instead": _fitting(mode="edge"),
        "all that was added stands behind the image; share it between both sides": _fitting(_behind),
        "of an odd number the smaller half goes before the image": _fitting(_larger_before),
        "a side that passes already needs nothing: step - n % step is a whole step there": _fitting(_always_more),
        "you made the image square; each side goes up to its own next multiple": _to_square,
        "you stretched the image; its pixels must stay what they are": _stretched,
        "the answer is still as large as what the net was given; cut it back to the image": _uncut,
    },
)

EXERCISES = (pad_and_cut,)
