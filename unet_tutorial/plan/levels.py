"""The plan of a U-Net: one ``Level`` per resolution, with its channels, kernel, stride and number of convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Size = tuple[int, ...]


@dataclass(frozen=True)
class Level:
    """One level of a U-Net.

    ``kernel`` is the kernel of its convolutions. ``stride`` is the factor by which it is coarser than the next finer
    level, and 1 along every axis of the finest level. Both are tuples with one integer per spatial axis, so their
    length is the rank, the number of spatial axes. Encoder and decoder each apply ``convs`` convolutions at this level.
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

    ``rank`` is the number of spatial axes. The levels whose indices are in ``planar`` do not convolve across slices:
    along the first axis, their kernel is 1, and the stride to the next coarser level is 1 too (Lee et al., arXiv
    1706.00120, section 2).

    >>> [level.channels for level in pyramid((64, 128, 256))]
    [64, 128, 256]
    >>> pyramid((8, 16), rank=3, planar=(0,))[1].stride
    (1, 2, 2)
    """
    if isinstance(channels, (str, bytes, int)) or not channels:
        raise ValueError(f"channels {channels!r}: a U-Net needs at least one level; pass for example [64, 128, 256]")
    positive_int("rank", rank)
    _check_planar(planar, len(channels), rank)
    kernels = [_size(3, rank, planar=i in planar) for i in range(len(channels))]
    strides = [_size(1, rank, planar=False)] + [_size(2, rank, planar=i in planar) for i in range(len(channels) - 1)]
    return tuple(Level(c, k, s) for c, k, s in zip(channels, kernels, strides, strict=True))


def plan_for(spacing: Sequence[float], depth: int) -> Size:
    """The indices of the levels that should be planar, for voxels of this spacing in a U-Net of ``depth`` levels.

    ``spacing`` is the distance of neighbouring voxels along each axis, in one unit for all, such as µm or nm. A level
    should be planar if the distance of slices (the first axis) is at least twice the distance of pixels within a slice
    at that level. From one planar level to the next, the distance of slices stays the same and the distance of pixels
    doubles. After the last one the voxels are nearly cubes. Raises ValueError for distances that are not above 0, and
    if the distance along any other axis than the first is at least twice the smallest one.

    >>> plan_for((0.5, 0.1, 0.1), depth=4)  # slices : pixels is 5 : 1 at level 0, 5 : 2 at level 1, 5 : 4 at level 2
    (0, 1)
    """
    check_spacing(spacing)
    positive_int("depth", depth)
    ratio = spacing[0] / max(spacing[1:], default=spacing[0])
    return tuple(i for i in range(depth) if ratio / 2**i >= 2)


def check_spacing(spacing: Sequence[float]) -> None:
    """Raise ValueError unless all distances are above 0 and no axis but the first is coarse (see ``plan_for``)."""
    if not spacing or not all(0 < s < float("inf") for s in spacing):
        raise ValueError(f"spacing {tuple(spacing)}: each axis needs a length above 0, for example (0.5, 0.1, 0.1)")
    if max(spacing[1:], default=spacing[0]) >= 2 * min(spacing):
        raise ValueError(
            f"spacing {tuple(spacing)}: only the first axis may be the coarse one; transpose the volume, or resample it"
        )


def _size(value: int, rank: int, *, planar: bool) -> Size:
    """``value`` along every axis; for a planar level, 1 along the first axis."""
    return ((1,) if planar else (value,)) + (value,) * (rank - 1)


def _check_planar(planar: Sequence[int], levels: int, rank: int) -> None:
    if isinstance(planar, int):
        raise ValueError(f"planar {planar} is not a list of levels; pass for example [0, 1], or [] for none")
    outside = [i for i in planar if i not in range(levels)]
    if outside:
        raise ValueError(f"planar level {outside[0]} does not exist; the levels are 0 to {levels - 1}")
    if planar and rank < 3:
        raise ValueError(f"planar levels need three axes or more, and rank is {rank}; leave planar empty")


def positive_int(name: str, value: object) -> None:
    """Raise ValueError, with the name of the argument, unless the value is an int of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} = {value!r} is not a whole number of at least 1; write for example 2")
