"""Receptive fields by interval arithmetic along one axis; no torch, so that `unet sizes` starts in 0.2 s.

An interval (first, last) of pixels of a feature map is followed back to the input pixels that it was computed from.
Assumes upsampling with kernel = stride, as in the paper: each output pixel depends on one input pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Padding, Plan, along, lost, valid_sizes

Interval = tuple[int, int]


def receptive_field(levels: Plan, *, padding: Padding) -> tuple[Interval, ...]:
    """The smallest and the largest receptive field of an inner output pixel, in input pixels per axis.

    There is a range because pooling lays a fixed grid over the image, and the receptive field depends on the place of
    the pixel in this grid.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> receptive_field(pyramid((64, 128, 256, 512, 1024)), padding="valid")
    ((188, 204), (188, 204))
    """
    return tuple(_range_along(along(axis, levels), padding) for axis in range(levels[0].rank))


def _range_along(levels: Plan, padding: Padding) -> Interval:
    (valid,) = valid_sizes(levels, padding=padding)
    fields = [seen_by(position, levels, padding=padding) for position in range(valid.step)]
    counts = [last - first + 1 for first, last in fields]
    return min(counts), max(counts)


def seen_by(position: int, levels: Plan, *, padding: Padding, axis: int = 0) -> Interval:
    """First and last input pixel that output pixel ``position`` depends on, along one axis of an endless image.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> seen_by(0, pyramid((64, 128, 256, 512, 1024)), padding="valid")
    (0, 187)
    """
    return _through_decoder((position, position), along(axis, levels), padding)


def _through_decoder(seen: Interval, levels: Plan, padding: Padding) -> Interval:
    """From an interval of these levels' output to one of their input: the hull of the skip and the path below it."""
    level, *deeper = levels
    if not deeper:
        return _through_block(seen, level, padding)
    first, last = _through_block(seen, level, padding)
    stride = deeper[0].stride[0]
    below = _through_decoder((first // stride, last // stride), deeper, padding)
    detour = below[0] * stride, below[1] * stride + stride - 1
    crop = _cropped(deeper, padding)
    skip = first + crop, last + crop
    hull = min(skip[0], detour[0]), max(skip[1], detour[1])
    return _through_block(hull, level, padding)


def _through_block(seen: Interval, level: Level, padding: Padding) -> Interval:
    """A 3-wide kernel reads one pixel more per side; under "valid" its first pixel has the position of the output."""
    wider = lost(level, "valid")[0]
    before = 0 if padding == "valid" else wider // 2
    return seen[0] - before, seen[1] + wider - before


def _cropped(deeper: Plan, padding: Padding) -> int:
    """Pixels that the crop removes before a skip: half of the loss on the path through the deeper levels."""
    detour = 0
    for level in reversed(deeper):
        block = lost(level, padding)[0] * (1 if level is deeper[-1] else 2)
        detour = (detour + block) * level.stride[0]
    return detour // 2


def accumulated_reach(levels: Plan, reaches: Sequence[Iterable[Size]]) -> Size:
    """Extra pixels per side and axis, beyond the intervals of ``seen_by``, that any output pixel may depend on.

    ``reaches[i]`` holds the ``extra_reach`` of each part in the decoder step of level i, in pixels of that level.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> accumulated_reach(pyramid((8, 16, 32)), [[(1, 1), ()], [(1, 1), ()]])
    (3, 3)
    """
    total, scale = [0] * levels[0].rank, [1] * levels[0].rank
    for below, step in zip(levels[1:], reaches, strict=True):
        for reach in filter(None, step):
            total = [t + s * r for t, s, r in zip(total, scale, reach, strict=True)]
        scale = [s * t for s, t in zip(scale, below.stride, strict=True)]
    return tuple(total)
