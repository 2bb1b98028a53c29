"""Valid input sizes and the resulting feature-map sizes; no torch, so that `unet sizes` starts in 0.2 s.

A convolution with kernel k shortens an axis by k - 1 with padding "valid" and keeps its length with padding "same".
Downsampling divides it by the stride, which must leave no remainder, and upsampling multiplies it by the stride. A size
is valid if no downsampling leaves a remainder and the output has at least one pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from unet_tutorial.plan.levels import Level, Size

Padding = Literal["same", "valid"]
Plan = Sequence[Level]
LARGEST = 2**31


@dataclass(frozen=True)
class SizeStep:
    """The size after one operation: ``op`` is one of input, down, conv, up, crop and head, at ``level`` (0: finest).

    For "crop", ``size`` is the size of the cropped skip, and ``crop`` the number of pixels removed at the start of each
    axis. The same number is removed at its end, or one more if an odd number is removed in all.
    """

    op: str
    level: int
    size: Size
    crop: Size = ()


def lost(level: Level, padding: Padding) -> Size:
    """Pixels per axis that one block of this level removes: ``convs · (kernel - 1)``, or 0 with padding "same"."""
    if padding not in ("same", "valid"):
        raise ValueError(f"padding {padding!r} is unknown; write 'same' or 'valid'")
    return tuple(level.convs * (k - 1) if padding == "valid" else 0 for k in level.kernel)


def along(axis: int, levels: Plan) -> tuple[Level, ...]:
    """The same levels with one axis only, because sizes along different axes do not depend on each other."""
    return tuple(replace(level, kernel=(level.kernel[axis],), stride=(level.stride[axis],)) for level in levels)


def valid_sizes(levels: Plan, *, padding: Padding) -> tuple[range, ...]:
    """All valid input sizes per axis, as a ``range``: equally spaced numbers up to 2**31.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> (rows, columns) = valid_sizes(pyramid((64, 128, 256, 512, 1024)), padding="valid")
    >>> list(rows[:4]), 572 in rows, 512 in rows
    ([188, 204, 220, 236], True, False)
    """
    return tuple(_valid_along(along(axis, levels), padding) for axis in range(levels[0].rank))


def _valid_along(levels: Plan, padding: Padding) -> range:
    """The smallest valid size, computed backwards from one output pixel, and the step to each further valid size."""
    needed, period = 1, 1
    for level, below in pairwise(levels):
        needed = math.ceil((needed + lost(level, padding)[0]) / below.stride[0])
        period *= below.stride[0]
    size = needed + lost(levels[-1], padding)[0]
    for below, level in pairwise(reversed(levels)):
        size = size * below.stride[0] + lost(level, padding)[0]
    return range(size, LARGEST, period)


def nearest_valid(size: Size, levels: Plan, *, padding: Padding) -> tuple[Size, ...]:
    """The nearest valid sizes (below, above) along each axis.

    (n,) if the size n is valid, and (smallest,) if n is below the smallest valid size.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> nearest_valid((570, 572, 100), pyramid((64, 128, 256, 512, 1024), rank=3), padding="valid")
    ((556, 572), (572,), (188,))
    """
    ranges = valid_sizes(levels, padding=padding)
    return tuple(_neighbours(n, valid) for n, valid in zip(size, ranges, strict=True))


def _neighbours(n: int, valid: range) -> Size:
    below = max(n - (n - valid.start) % valid.step, valid.start - valid.step)
    return tuple(m for m in (below, below + valid.step) if m >= valid.start and (m <= n or n not in valid))


def size_error(size: Size, levels: Plan, *, padding: Padding) -> str:
    """One sentence that says why a size is not valid and gives the nearest valid sizes. Empty if it is valid."""
    if len(size) != levels[0].rank:
        return f"{len(size)} spatial axes, and this network has {levels[0].rank}; add or drop an axis"
    for axis, (n, valid) in enumerate(zip(size, valid_sizes(levels, padding=padding), strict=True)):
        if n not in valid:
            near = _neighbours(n, valid)
            gives = output_size((near[-1],), along(axis, levels), padding=padding)[0]
            names = " and ".join(str(m) for m in near)
            which = f"nearest sizes that do are {names}" if near[1:] else f"smallest size that does is {names}"
            poolings = f"{len(levels) - 1} pooling{'s' * (len(levels) != 2)}"
            return f"axis {axis} = {n} does not pass {poolings}; the {which} ({near[-1]} gives {gives})"
    return ""


def output_size(size: Size, levels: Plan, *, padding: Padding) -> Size:
    """The size of the logits for an input of this size.

    Raises ValueError with the nearest valid sizes if the input size is not valid.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> output_size((572, 572), pyramid((64, 128, 256, 512, 1024)), padding="valid")
    (388, 388)
    """
    return size_steps(size, levels, padding=padding)[-1].size


def size_steps(size: Size, levels: Plan, *, padding: Padding) -> tuple[SizeStep, ...]:
    """Every size from the input to the head and every crop, in the order of the forward pass.

    Raises ValueError with the nearest valid sizes if the input size is not valid.
    """
    error = size_error(size, levels, padding=padding)
    if error:
        raise ValueError(f"size {size}: {error}")
    steps = [SizeStep("input", 0, size)]
    skips = []
    for i, level in enumerate(levels):
        if i:
            size = tuple(n // t for n, t in zip(size, level.stride, strict=True))
            steps.append(SizeStep("down", i, size))
        steps += _convs(i, size, level, padding)
        size = steps[-1].size
        skips.append(size)
    for i, (level, below) in reversed(list(enumerate(pairwise(levels)))):
        size = tuple(n * t for n, t in zip(size, below.stride, strict=True))
        crop = tuple((n - m) // 2 for n, m in zip(skips[i], size, strict=True))
        steps += [SizeStep("up", i, size), SizeStep("crop", i, size, crop), *_convs(i, size, level, padding)]
        size = steps[-1].size
    return (*steps, SizeStep("head", 0, size))


def _convs(i: int, size: Size, level: Level, padding: Padding) -> list[SizeStep]:
    each = lost(replace(level, convs=1), padding)
    after = [tuple(n - k * e for n, e in zip(size, each, strict=True)) for k in range(1, level.convs + 1)]
    return [SizeStep("conv", i, size) for size in after]
