"""Lesson 07, the fold: how much tissue a pixel collects, and where a field turns over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_07 import places

Slopes = Callable[[Tensor, int], Tensor]
Area = Callable[[Tensor], Tensor]


def _rough(seed: int) -> Iterator[Case]:
    """Fields so rough that every sign and every slope occurs."""
    generator = torch.Generator().manual_seed(seed)
    yield (0.8 * torch.randn(2, 2, 6, 9, dtype=torch.float64, generator=generator),)
    yield (1.5 * torch.randn(3, 2, 8, 5, dtype=torch.float64, generator=generator),)


def _central(shift: Tensor, dim: int) -> Tensor:
    slope: Tensor = torch.gradient(shift, dim=dim)[0]
    return slope


def _forward(shift: Tensor, dim: int) -> Tensor:
    steps = shift.diff(dim=dim)
    return torch.cat((steps, steps.narrow(dim, steps.shape[dim] - 1, 1)), dim)


def _around(shift: Tensor, dim: int) -> Tensor:
    return (shift.roll(-1, dim) - shift.roll(1, dim)) / 2


def _halved(shift: Tensor, dim: int) -> Tensor:
    at, last = torch.arange(shift.shape[dim]), shift.shape[dim] - 1
    return (shift.index_select(dim, (at + 1).clamp_max(last)) - shift.index_select(dim, (at - 1).clamp_min(0))) / 2


def _matrices(fields: Tensor, slopes: Slopes = _central) -> Tensor:
    """The slopes of (N, 2, H, W) as (N, H, W, 2, 2): component by axis."""
    rows = [torch.stack([slopes(fields[:, component], axis) for axis in (1, 2)], -1) for component in (0, 1)]
    return torch.stack(rows, -2)


def _area(fields: Tensor, slopes: Slopes = _central) -> Tensor:
    determinant: Tensor = torch.linalg.det(_matrices(fields, slopes) + torch.eye(2, dtype=fields.dtype))
    return determinant


def _without_identity(fields: Tensor) -> Tensor:
    determinant: Tensor = torch.linalg.det(_matrices(fields))
    return determinant


def _diagonal(fields: Tensor) -> Tensor:
    return (_matrices(fields).diagonal(dim1=-2, dim2=-1) + 1).prod(-1)


def _trace(fields: Tensor) -> Tensor:
    return 1 + _matrices(fields).diagonal(dim1=-2, dim2=-1).sum(-1)


def _swapped(fields: Tensor) -> Tensor:
    return _area(fields.flip(1))


local_area = Exercise(
    "local_area",
    _area,
    _rough,
    {
        "the identity is missing: a pixel looks at its own place plus the field, so 1 goes onto the diagonal": (
            _without_identity
        ),
        "you multiplied the diagonal only; the other diagonal is taken off: a·d − b·c": _diagonal,
        "the other diagonal is added; a determinant takes it off": lambda f: 2 * _diagonal(f) - _area(f),
        "you added the slopes; that holds for very small fields only, and the area is a determinant": _trace,
        "the sign is lost; below 0 the map has turned over, and that must show": lambda f: _area(f).abs(),
        "component 0 is the shift along axis 0, the rows; you took it for the columns": _swapped,
        "the slope is taken from a pixel to the next; take both neighbours, as torch.gradient does": (
            lambda f: _area(f, _forward)
        ),
        "neighbours of a pixel are two pixels apart; halve their difference": (
            lambda f: _area(f, lambda shift, dim: 2 * _central(shift, dim))
        ),
        "on the border there is one pixel's way only; the difference is not halved": lambda f: _area(f, _halved),
        "the border takes its neighbours from the opposite side; there the difference is one-sided": (
            lambda f: _area(f, _around)
        ),
    },
)


def _folding(seed: int) -> Iterator[Case]:
    """Rough; all rows look at one row, or nearly so; mirrored by a slant; half a turn; still; a NaN."""
    generator = torch.Generator().manual_seed(seed)
    rough = 0.5 * torch.randn(2, 2, 7, 9, dtype=torch.float64, generator=generator)
    here = places((7, 9))
    rows = here * torch.tensor([-1.0, 0.0], dtype=torch.float64).reshape(2, 1, 1)
    yield (torch.stack((rough[0], rows, 0.97 * rows, 2 * here.flip(0), -2 * here, 0 * here)),)
    lost = rough[1].clone()
    lost[seed % 2, 3, 2 + seed] = torch.nan
    yield (lost[None],)


def _counting(bad: Callable[[Tensor], Tensor], area: Area = _area) -> Area:
    return lambda fields: bad(area(fields)).sum((1, 2))


def _turned(area: Tensor) -> Tensor:
    return ~(area > 0)


def _apart(fields: Tensor) -> Tensor:
    return (_matrices(fields).diagonal(dim1=-2, dim2=-1) + 1).amin(-1)


folded_pixels = Exercise(
    "folded_pixels",
    _counting(_turned),
    _folding,
    {
        "a determinant of exactly 0 folds too, and NaN counts: count what is not above 0": _counting(lambda a: a < 0),
        "you counted the pixels that do not fold": _counting(lambda area: area > 0),
        "NaN is neither above 0 nor below; count what is not above 0": _counting(lambda area: area <= 0),
        "below 1 tissue is only stretched; it turns over at 0": _counting(lambda area: area < 1),
        "the number of pixels is wanted, and not whether there are any": (
            lambda fields: _turned(_area(fields)).flatten(1).any(1)
        ),
        "you counted all fields together; each field has its own number": (lambda fields: _turned(_area(fields)).sum()),
        "the identity is missing: a still field folds nowhere": _counting(_turned, _without_identity),
        "you left the other diagonal out of the determinant": _counting(_turned, _diagonal),
        "you looked at each axis by itself; a half turn reverses both and folds nothing": _counting(_turned, _apart),
        "that is a share of the pixels; their number is wanted": (
            lambda fields: _turned(_area(fields)).double().mean((1, 2))
        ),
    },
)

EXERCISES = (local_area, folded_pixels)
