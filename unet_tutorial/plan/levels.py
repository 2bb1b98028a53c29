"""The plan of a U-Net: one ``Level`` per resolution, with its channels, kernel, stride and number of convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Size = tuple[int, ...]


@dataclass(frozen=True)
class Level:
    """One level of a U-Net.

    ``kernel`` is the kernel of its convolutions and ``stride`` the factor by which it is coarser than the next finer
    level (all ones for the finest). Both are tuples with one integer per spatial axis, so their length is the rank.
    Encoder and decoder each apply ``convs`` convolutions at this level.
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
    """The levels of the usual U-Net: kernels of 3, strides of 2, and ``channels[i]`` channels at level ``i``.

    A level listed in ``planar`` works inside slices: along the first axis its kernel is 1, and so is the stride to the
    next coarser level (Lee et al., arXiv 1706.00120, section 2).

    >>> [level.channels for level in pyramid((64, 128, 256))]
    [64, 128, 256]
    >>> pyramid((8, 16), rank=3, planar=(0,))[1].stride
    (1, 2, 2)
    """
    if isinstance(channels, (str, bytes, int)) or not channels:
        raise ValueError(f"channels {channels!r}: a U needs at least one level, as in (64, 128, 256)")
    positive_int("rank", rank)
    _check_planar(planar, len(channels), rank)
    kernels = [_size(3, rank, planar=i in planar) for i in range(len(channels))]
    strides = [_size(1, rank, planar=False)] + [_size(2, rank, planar=i in planar) for i in range(len(channels) - 1)]
    return tuple(Level(c, k, s) for c, k, s in zip(channels, kernels, strides, strict=True))


def plan_for(spacing: Sequence[float], depth: int) -> Size:
    """The levels among the first ``depth`` to make planar, for voxels of this spacing (one length per axis).

    A level is planar if neighbouring slices are at least twice as far apart as neighbouring pixels at that level. Each
    planar level doubles the distance of pixels only, until voxels are about cubes. All lengths share one unit, µm or
    nm. ValueError for lengths that are not above 0, and if an axis other than the first is at least twice as coarse as
    the finest axis.

    >>> plan_for((0.5, 0.1, 0.1), depth=4)        # 5 : 1, then 5 : 2, then 5 : 4
    (0, 1)
    """
    check_spacing(spacing)
    positive_int("depth", depth)
    ratio = spacing[0] / max(spacing[1:], default=spacing[0])
    return tuple(i for i in range(depth) if ratio / 2**i >= 2)


def check_spacing(spacing: Sequence[float]) -> None:
    """ValueError unless all lengths are above 0 and only the first axis is coarse."""
    if not spacing or not all(0 < s < float("inf") for s in spacing):
        raise ValueError(f"spacing {tuple(spacing)}: each axis needs a length above 0, as in (0.5, 0.1, 0.1) µm")
    if max(spacing[1:], default=spacing[0]) >= 2 * min(spacing):
        raise ValueError(
            f"spacing {tuple(spacing)}: only the first axis may be the coarse one; transpose the volume, or resample it"
        )


def _size(value: int, rank: int, *, planar: bool) -> Size:
    """``value`` along every axis, but 1 along the first axis of a planar level."""
    return ((1,) if planar else (value,)) + (value,) * (rank - 1)


def _check_planar(planar: Sequence[int], levels: int, rank: int) -> None:
    if isinstance(planar, int):
        raise ValueError(f"planar {planar}: name the levels in a tuple, as in ({planar},)")
    outside = [i for i in planar if i not in range(levels)]
    if outside:
        raise ValueError(f"planar level {outside[0]} does not exist; the levels are 0 to {levels - 1}")
    if planar and rank < 3:
        raise ValueError(f"planar levels need three axes or more, and rank is {rank}; leave planar empty")


def positive_int(name: str, value: object) -> None:
    """ValueError, with the name of the argument, unless the value is an int of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} = {value!r} is not a whole number of at least 1; write for example {name}=2")
