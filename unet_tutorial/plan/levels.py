"""The plan of a U: how many levels it has, how wide each is, and how it is reached from the finer one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Size = tuple[int, ...]


@dataclass(frozen=True)
class Level:
    """One level of a U.

    ``kernel`` is the kernel of its convolutions and ``stride`` the factor by which it is coarser than the level
    above it (all ones for the finest). Both are tuples with one whole number per spatial axis, so their length is
    the rank. ``convs`` convolutions follow one another on each side of the U.
    """

    channels: int
    kernel: Size
    stride: Size
    convs: int = 2

    def __post_init__(self) -> None:
        if len(self.kernel) != len(self.stride) or not self.kernel:
            raise ValueError(
                f"kernel {self.kernel} and stride {self.stride} need one number per spatial axis; "
                "write, for two axes, kernel=(3, 3) and stride=(2, 2)"
            )
        for name, value in (("channels", self.channels), ("convs", self.convs)):
            positive_int(name, value)
        for name, size in (("kernel", self.kernel), ("stride", self.stride)):
            for value in size:
                positive_int(name, value)

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.kernel)


def pyramid(channels: Sequence[int], rank: int = 2, planar: Sequence[int] = ()) -> tuple[Level, ...]:
    """The usual U: 3-wide kernels, halving from level to level, ``channels[i]`` channels at level ``i``.

    A level named in ``planar`` works inside slices: its kernel is 1 along the first axis, and so is the stride to
    the level below it (Lee et al., arXiv 1706.00120, section 2).

    >>> [level.channels for level in pyramid((64, 128, 256))]
    [64, 128, 256]
    >>> pyramid((8, 16), rank=3, planar=(0,))[1].stride
    (1, 2, 2)
    """
    if isinstance(channels, (str, bytes, int)) or not channels:
        raise ValueError(f"channels {channels!r}: a U needs at least one level, as in (64, 128, 256)")
    positive_int("rank", rank)
    _refuse_planar(planar, len(channels), rank)
    kernels = [_size(3, rank, flat=i in planar) for i in range(len(channels))]
    strides = [_size(1, rank, flat=False)] + [_size(2, rank, flat=i in planar) for i in range(len(channels) - 1)]
    return tuple(Level(c, k, s) for c, k, s in zip(channels, kernels, strides, strict=True))


def plan_for(spacing: Sequence[float], depth: int) -> Size:
    """Which of the first ``depth`` levels to make planar, for voxels of this spacing, one number per axis.

    A level stays inside slices as long as neighbouring slices are at least twice as far apart as neighbouring pixels;
    each level doubles the pixels, until a voxel is about a cube. Units cancel: µm and nm give the same plan.
    ValueError for a spacing that is not above 0, and where another axis than the first is twice as coarse as any.

    >>> plan_for((0.5, 0.1, 0.1), depth=4)        # 5 : 1, then 5 : 2, then 5 : 4
    (0, 1)
    """
    _refuse_spacing(spacing)
    positive_int("depth", depth)
    ratio = spacing[0] / max(spacing[1:], default=spacing[0])
    return tuple(i for i in range(depth) if ratio / 2**i >= 2)


def _refuse_spacing(spacing: Sequence[float]) -> None:
    if not spacing or not all(0 < s < float("inf") for s in spacing):
        raise ValueError(f"spacing {tuple(spacing)}: each axis needs a length above 0, as in (0.5, 0.1, 0.1) µm")
    if max(spacing[1:], default=spacing[0]) >= 2 * min(spacing):
        raise ValueError(
            f"spacing {tuple(spacing)}: only the first axis may be the coarse one; turn the volume, or resample it"
        )


def _size(value: int, rank: int, *, flat: bool) -> Size:
    """``value`` along every axis, but 1 along the first where the level is flat."""
    return ((1,) if flat else (value,)) + (value,) * (rank - 1)


def _refuse_planar(planar: Sequence[int], levels: int, rank: int) -> None:
    if isinstance(planar, int):
        raise ValueError(f"planar {planar}: name the levels in a tuple, as in ({planar},)")
    outside = [i for i in planar if i not in range(levels)]
    if outside:
        raise ValueError(f"planar level {outside[0]} does not exist; the levels are 0 to {levels - 1}")
    if planar and rank < 3:
        raise ValueError(f"planar levels need three axes or more, and rank is {rank}; leave planar empty")


def positive_int(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} = {value!r} is not a whole number of at least 1; write for example {name}=2")
