"""Lesson 12: what a checkpointed network keeps, in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_08 import whole

Bytes = Callable[[Sequence[int], Sequence[int]], int]


def _sizes(seed: int) -> Iterator[Case]:
    yield (8, 16, 32), (24, 48, 48)
    yield (4, 8, 8), (16, 8, 16 + 4 * seed)
    yield (8, 16, 32, 64), (64, 32 + 8 * seed)
    yield (6, 10 + 2 * seed), (10, 12, 14)
    yield (5,), (9, 7 + seed)


def _bytes(
    *,
    image: int = 1,
    down: int = 1,
    up: int = 1,
    bottom: int = 0,
    pooled: tuple[int, int] = (4, 8),
    each: int = 4,
    axes: int = 0,
) -> Bytes:
    """How often the image and the maps are kept, and of each pooled number the bytes of its value and its index."""

    def kept(widths: Sequence[int], size: Sequence[int]) -> int:
        voxels, halved = prod(size), axes or len(size)
        maps = [width * (voxels >> i * halved) for i, width in enumerate(widths)]
        smaller = sum(m >> halved for m in maps[:-1])
        numbers = image * voxels + down * sum(maps) + up * sum(maps[:-1]) + bottom * maps[-1]
        return each * numbers + sum(pooled) * smaller

    return kept


checkpointed_bytes = Exercise(
    "checkpointed_bytes",
    _bytes(),
    _sizes,
    {
        "the indices of the poolings are missing: 8 bytes for each number that a pooling gives": _bytes(pooled=(4, 0)),
        "a pooling keeps 12 bytes for each number that it gives: 4 of the number, and 8 of its index, an int64": (
            _bytes(pooled=(4, 4))
        ),
        "what the steps of the decoder give is missing; each enters the next step, or the head": _bytes(up=0),
        "a map that enters two things, such as a skip, is kept once; and what is made inside a step is not kept": (
            _bytes(up=2)
        ),
        "the concatenation is made inside a checkpointed step, and is not kept": _bytes(up=3),
        "what leaves a part and what enters the next are one and the same map; count it once": _bytes(down=2),
        "the bottom has no step of the decoder; its map is kept once": _bytes(bottom=1),
        "the bottom's map enters the first step of the decoder, so it is kept": _bytes(bottom=-1),
        "the maps of the encoder are missing; each enters a pooling and a step, and is kept once": _bytes(down=0),
        "the image enters the first block, so it is kept": _bytes(image=0),
        "these are numbers; a float32 has 4 bytes": _bytes(each=1, pooled=(1, 2)),
        "a pooling halves every axis: in 3D an eighth of the voxels is left, in 2D a quarter": _bytes(axes=1),
        "an eighth is left in 3D; in 2D it is a quarter": _bytes(axes=3),
        "that is the network without checkpointing: inside a part nothing is kept": (
            _bytes(down=4, up=6, pooled=(4, 8))
        ),
    },
    whole,
)

EXERCISES = (checkpointed_bytes,)
