"""Lesson 07, the field: from nine arrows to a displacement of every pixel, and to where it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Size = tuple[int, int]
SmoothField = Callable[[Tensor, float, Size], Tensor]
LookUp = Callable[[Tensor], Tensor]


def _draws(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for count, sd, size in ((2, 3.0 + seed, (9, 14)), (3, 0.7, (16, 11))):
        yield torch.randn(count, 2, 3, 3, dtype=torch.float64, generator=generator), sd, size


def bicubic(arrows: Tensor, size: Size) -> Tensor:
    return F.interpolate(arrows, size=size, mode="bicubic", align_corners=True)


def _by(mode: str, **options: bool) -> SmoothField:
    return lambda numbers, sd, size: F.interpolate(sd * numbers, size=size, mode=mode, **options)


def _drawing(arrows: Callable[[Tensor, float], Tensor]) -> SmoothField:
    return lambda numbers, sd, size: bicubic(arrows(numbers, sd), size)


def _right_field(numbers: Tensor, sd: float, size: Size) -> Tensor:
    return bicubic(sd * numbers, size)


def places(size: Size) -> Tensor:
    """Row and column of every pixel: (2, *size)."""
    return torch.stack(torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in size), indexing="ij"))


def _spans(size: Size) -> Tensor:
    """From the first pixel of each axis to its last, as (2, 1, 1)."""
    return torch.tensor([n - 1.0 for n in size], dtype=torch.float64).reshape(2, 1, 1)


smooth_field = Exercise(
    "smooth_field",
    _right_field,
    _draws,
    {
        "straight lines between the grid points leave kinks; the interpolation is bicubic": _by(
            "bilinear", align_corners=True
        ),
        "every pixel took the nearest arrow, so the field has steps; the interpolation is bicubic": _by("nearest"),
        "the outermost arrows lie outside the image; align_corners=True puts them on the first and last pixel": (
            _by("bicubic", align_corners=False)
        ),
        "you scaled by the variance; the standard deviation is sd itself": _drawing(lambda n, sd: sd**2 * n),
        "the numbers have standard deviation 1; multiply them by sd": _drawing(lambda n, _sd: n),
        "you cut the arrows off at sd; a standard deviation is no bound": _drawing(lambda n, sd: sd * n.clamp(-1, 1)),
        "rows and columns of the displacement are swapped; component 0 belongs to axis 0": (
            _drawing(lambda n, sd: sd * n.flip(1))
        ),
        "the size is (rows, columns), and you made (columns, rows)": lambda n, sd, size: bicubic(sd * n, size[::-1]),
        "the displacements are shares of the image, from −1 to 1; they are wanted in pixels": (
            lambda n, sd, size: _right_field(n, sd, size) * 2 / _spans(size)
        ),
        "that is where each pixel looks; the field holds only how far from its own place": (
            lambda n, sd, size: _right_field(n, sd, size) + places(size)
        ),
    },
)


def _fields(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield (3 * torch.randn(2, 2, 5, 8, dtype=torch.float64, generator=generator),)
    yield (2 * torch.randn(3, 2, 7, 4, dtype=torch.float64, generator=generator),)
    yield (torch.zeros(1, 2, 6, 9, dtype=torch.float64),)


def looks(fields: Tensor) -> Tensor:
    """(N, 2, H, W) in pixels -> (N, H, W, 2), x first, from −1 on the first pixel to 1 on the last."""
    return _scaled(fields + places(_size(fields)), _size(fields))


def _size(fields: Tensor) -> Size:
    return fields.shape[2], fields.shape[3]


def _scaled(pixels: Tensor, size: Size) -> Tensor:
    return (2 * pixels / _spans(size) - 1).flip(1).movedim(1, -1)


def _mixed(displacement: Callable[[Tensor, Tensor], Tensor], base: float = 1.0) -> LookUp:
    """The right place of each pixel, times ``base``, with another use of its displacement."""

    def look(fields: Tensor) -> Tensor:
        size = _size(fields)
        here = base * (2 * places(size) / _spans(size) - 1)
        return (here + displacement(fields, _spans(size))).flip(1).movedim(1, -1)

    return look


def _by_sides(fields: Tensor) -> Tensor:
    sides = _spans(_size(fields)) + 1
    return (2 * (fields + places(_size(fields))) / sides - 1).flip(1).movedim(1, -1)


look_up = Exercise(
    "look_up",
    looks,
    _fields,
    {
        "x and y are swapped; grid_sample wants the last axis first": lambda fields: looks(fields).flip(-1),
        "the pixels' own places are x first, but their displacements rows first; turn both round": (
            _mixed(lambda fields, spans: fields.flip(1) * 2 / spans)
        ),
        "from the first pixel to the last it is side − 1 pixels; you divided by the side": _by_sides,
        "that is the convention of align_corners=False; here −1 and 1 are the centres of the first and last pixel": (
            lambda fields: _by_sides(fields + 0.5)
        ),
        "you count from 0 to 1; grid_sample counts from −1 to 1": lambda fields: (looks(fields) + 1) / 2,
        "the displacements are half as long as they should be; from −1 to 1 is a way of 2": (
            _mixed(lambda fields, spans: fields / spans)
        ),
        "the displacements are still in pixels; bring them to the units of the grid": (
            _mixed(lambda fields, _spans: fields)
        ),
        "the sign is turned; a pixel looks at its place plus its displacement": lambda fields: looks(-fields),
        "the pixels' own places are missing; a zero field must leave the image as it is": (
            _mixed(lambda fields, spans: 2 * fields / spans, base=0.0)
        ),
        "rows were divided by the width and columns by the height": (
            _mixed(lambda fields, spans: 2 * fields / spans.flip(0))
        ),
        "you clamped to the image; leave it to grid_sample to mirror": lambda fields: looks(fields).clamp(-1, 1),
        "every image took the field of the first; each has its own": lambda f: looks(f[:1].expand_as(f)),
    },
)

EXERCISES = (smooth_field, look_up)
