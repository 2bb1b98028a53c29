"""Receptive fields by interval arithmetic along one axis; no torch, so that `unet sizes` starts in 0.2 s.

Interval arithmetic: for an interval (first, last) of pixels of one feature map, each function returns the interval of
pixels of an earlier map that they were computed from. The upsampling is that of the paper, with kernel = stride, so
each of its output pixels depends on one input pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Padding, Plan, along, lost, valid_sizes

Interval = tuple[int, int]


def receptive_field(levels: Plan, *, padding: Padding) -> tuple[Interval, ...]:
    """The smallest and the largest receptive field of an inner output pixel, in input pixels per axis.

    Pooling divides the image into a fixed grid of blocks, and the receptive field of a pixel depends on its position in
    this grid. An inner pixel is one whose receptive field does not reach the border of the image.

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
    """First and last input pixel that output pixel ``position`` depends on, along one axis of an infinite image.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> seen_by(0, pyramid((64, 128, 256, 512, 1024)), padding="valid")
    (0, 187)
    """
    return _through_decoder((position, position), along(axis, levels), padding)


def plan_reach(levels: Plan, grid: int) -> int:
    """The largest distance between an output pixel and an input pixel that it depends on, for padding "same"."""
    seen = [(p, seen_by(p, levels, padding="same")) for p in range(grid)]
    return max(max(p - first, last - p) for p, (first, last) in seen)


def _through_decoder(seen: Interval, levels: Plan, padding: Padding) -> Interval:
    """From output pixels of the U-Net of these levels to its input pixels.

    The output depends on the input through the skip and through the coarser levels. The result is the smallest interval
    that contains both.
    """
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
    """From output pixels of a block to its input pixels: each convolution with kernel k adds k - 1 pixels.

    With padding "same", half of them are added on each side. With padding "valid", all are added at the end: for a
    kernel of 3, output pixel 0 depends on the input pixels 0, 1 and 2.
    """
    wider = lost(level, "valid")[0]
    before = 0 if padding == "valid" else wider // 2
    return seen[0] - before, seen[1] + wider - before


def _cropped(deeper: Plan, padding: Padding) -> int:
    """Pixels that the crop removes at the start of the skip: half of those lost on the path through deeper levels."""
    detour = 0
    for level in reversed(deeper):
        block = lost(level, padding)[0] * (1 if level is deeper[-1] else 2)
        detour = (detour + block) * level.stride[0]
    return detour // 2


def accumulated_reach(levels: Plan, reaches: Sequence[Iterable[Size]]) -> Size:
    """The number of pixels, per side and axis, by which a receptive field may exceed the interval of ``seen_by``.

    It exceeds the interval if parts read more pixels than the plan states, for example an upsampling by linear
    interpolation. ``reaches[i]`` holds the ``extra_reach`` (see ``nets.contracts.Part``) of each part of level i, in
    pixels of that level; the coarsest levels may be left out.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> accumulated_reach(pyramid((8, 16, 32)), [[(1, 1), ()], [(1, 1), ()]])
    (3, 3)
    """
    total, scale = [0] * levels[0].rank, [1] * levels[0].rank
    for level, parts in zip(levels, reaches, strict=False):
        scale = [s * t for s, t in zip(scale, level.stride, strict=True)]
        for reach in filter(None, parts):
            total = [t + s * r for t, s, r in zip(total, scale, reach, strict=True)]
    return tuple(total)


def block_widening(levels: Plan, axis: int) -> list[int]:
    """Pixels of the image by which the block of each level widens a receptive field, per side along an axis.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> block_widening(pyramid((8, 16, 32)), axis=0)  # two convolutions of 3 pixels, at strides 1, 2 and 4
    [2, 4, 8]
    """
    widening, scale = [], 1
    for level in along(axis, levels):
        scale *= level.stride[0]
        widening.append(lost(level, "valid")[0] // 2 * scale)
    return widening


def beyond_plan(widest: int, levels: Plan, axis: int) -> int:
    """By how many pixels a path that widens a receptive field by ``widest`` per side exceeds the U of these levels.

    The U has a block in the encoder and one in the decoder at each level, and one at the coarsest.
    """
    *finer, coarsest = block_widening(levels, axis)
    return max(0, widest - 2 * sum(finer) - coarsest)
