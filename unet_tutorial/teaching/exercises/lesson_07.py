"""Exercises of lesson 07, elastic deformation: smooth fields, sampling grids, labels, patches, and folds."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, exercise


def _arrows(seed: int) -> Iterator[Case]:
    """Standard normal random numbers (N, 2, 3, 3), a standard deviation, and the size of the images."""
    generator = torch.Generator().manual_seed(seed)
    for count, sd, size in ((2, 3.0 + seed, (9, 14)), (3, 0.7, (16, 11))):
        yield torch.randn(count, 2, 3, 3, dtype=torch.float64, generator=generator), sd, size


@exercise(
    _arrows,
    ("bicubic", "bilinear", "straight lines between the grid points leave kinks; the interpolation is bicubic"),
    (
        '"bicubic", align_corners=True',
        '"nearest"',
        "every pixel took the nearest arrow, so the field has steps; the interpolation is bicubic",
    ),
    (
        "True",
        "False",
        "the outermost arrows lie outside the image; align_corners=True puts them on the first and last pixel",
    ),
    ("sd *", "sd**2 *", "you scaled by the variance; the standard deviation is sd itself"),
    ("sd * ", "", "the numbers have standard deviation 1; multiply them by sd"),
    ("* numbers", "* numbers.clamp(-1, 1)", "you cut the arrows off at sd; a standard deviation is no bound"),
    (
        "* numbers",
        "* numbers.flip(1)",
        "rows and columns of the displacement are swapped; component 0 belongs to axis 0",
    ),
    ("size=size", "size=size[::-1]", "the size is (rows, columns), and you made (columns, rows)"),
    (
        "True)",
        "True) * 2 / (torch.tensor(size).reshape(2, 1, 1) - 1)",
        "the displacements are shares of the image, from −1 to 1; they are wanted in pixels",
    ),
    (
        "True)",
        'True) + torch.stack(torch.meshgrid(*map(torch.arange, size), indexing="ij"))',
        "that is where each pixel looks; the field holds only how far from its own place",
    ),
)
def smooth_field(numbers: Tensor, sd: float, size: tuple[int, int]) -> Tensor:
    arrows = sd * numbers  # (N, 2, 3, 3), in pixels
    return F.interpolate(arrows, size=size, mode="bicubic", align_corners=True)


def _fields(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield (3 * torch.randn(2, 2, 5, 8, dtype=torch.float64, generator=generator),)
    yield (2 * torch.randn(3, 2, 7, 4, dtype=torch.float64, generator=generator),)
    yield (torch.zeros(1, 2, 6, 9, dtype=torch.float64),)


@exercise(
    _fields,
    (".flip(1)", "", "x and y are swapped; grid_sample wants the last axis first"),
    (
        "here + fields",
        "here + fields.flip(1)",
        "the pixels' own places are x first, but their displacements rows first; turn both round",
    ),
    ("size - 1", "size", "from the first pixel to the last it is side − 1 pixels; you divided by the side"),
    (
        "(here + fields) / (size - 1)",
        "(here + fields + 0.5) / size",
        "that is the convention of align_corners=False; here −1 and 1 are the centres of the first and last pixel",
    ),
    (
        "2 * (here + fields) / (size - 1) - 1",
        "(here + fields) / (size - 1)",
        "you count from 0 to 1; grid_sample counts from −1 to 1",
    ),
    (
        "here + fields",
        "here + fields / 2",
        "the displacements are half as long as they should be; from −1 to 1 is a way of 2",
    ),
    (
        "(here + fields) / (size - 1)",
        "here / (size - 1) + fields",
        "the displacements are still in pixels; bring them to the units of the grid",
    ),
    ("here + fields", "here - fields", "the sign is turned; a pixel looks at its place plus its displacement"),
    (
        "(here + fields) / (size - 1) - 1",
        "fields / (size - 1)",
        "the pixels' own places are missing; a zero field must leave the image as it is",
    ),
    (
        "(here + fields) / (size - 1)",
        "here / (size - 1) + 2 * fields / (size.flip(0) - 1)",
        "rows were divided by the width and columns by the height",
    ),
    ("movedim(1, -1)", "movedim(1, -1).clamp(-1, 1)", "you clamped to the image; leave it to grid_sample to mirror"),
    ("+ fields", "+ fields[:1].expand_as(fields)", "every image took the field of the first; each has its own"),
)
def look_up(fields: Tensor) -> Tensor:
    _, _, height, width = fields.shape
    size = torch.tensor((height, width)).reshape(2, 1, 1)
    here = torch.stack(torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij"))  # (2, H, W)
    grid = 2 * (here + fields) / (size - 1) - 1  # (N, 2, H, W): rows first, -1 and 1 at the border pixels
    return grid.flip(1).movedim(1, -1)  # (N, H, W, 2): x first


def _labelled(seed: int) -> Iterator[Case]:
    """Labels with small numbers, then with some above 2^24; no grid point lies near the border between two pixels."""
    generator = torch.Generator().manual_seed(seed)
    for n, h, w, large in ((2, 7, 10, 0), (3, 9, 6, 2**24)):
        labels = torch.randint(40, (n, h, w), generator=generator)
        labels[:, ::2] += large
        steps = torch.randint(-4, 5, (n, 2, h, w), generator=generator)
        rest = 0.8 * torch.rand(n, 2, h, w, dtype=torch.float64, generator=generator) - 0.4
        yield labels, look_up(steps + rest)


@exercise(
    _labelled,
    (
        "nearest",
        "bilinear",
        ".long()",
        ".round().long()",
        "you averaged labels and rounded: cell 6 appears between 3 and 9; take the nearest",
    ),
    ("nearest", "bilinear", "you averaged labels and cut off the fraction; take the nearest"),
    ("reflection", "zeros", "zeros outside make a bar of class 0; mirror at the edges"),
    ("reflection", "border", "the last pixel is repeated beyond the edge; mirror instead"),
    (
        ', padding_mode="reflection", align_corners=True',
        ", align_corners=False",
        "padding_mode and align_corners were left at their defaults; mirror, and −1 and 1 are centres of pixels",
    ),
    (
        "True",
        "False",
        "align_corners was left at False; then −1 and 1 are the outer edges of pixels, and not their centres",
    ),
    (".long()", "", "labels are whole numbers; give them back as int64"),
    (
        "double()",
        "float()",
        "numbers, grid",
        "numbers, grid.float()",
        "float32 cannot hold every whole number above 16,777,216; take the labels through float64",
    ),
    ("numbers, grid", "numbers, grid.flip(-1)", "the grid is x first already; you turned it round"),
    ("found[:, 0].long()", "labels.clone()", "the labels were not moved"),
    tolerance=0.0,
)
def warp_labels(labels: Tensor, grid: Tensor) -> Tensor:
    numbers = labels[:, None].double()  # (N, 1, H, W); float32 would round the large ones
    found = F.grid_sample(numbers, grid, mode="nearest", padding_mode="reflection", align_corners=True)
    return found[:, 0].long()


def _slices(seed: int) -> Iterator[Case]:
    """A patch in the upper right corner, with arrows out of the image; one in the middle; one with a zero field."""
    generator = torch.Generator().manual_seed(seed)
    outward = torch.tensor([-1.0, 1.0], dtype=torch.float64).reshape(2, 1, 1)
    upper_right, middle, still = ((30, 31), (0, 19), (9, 12)), ((22, 27), (9, 4), (8, 11)), ((17, 15), (8, 2), (6, 5))
    for sd, (size, corner, patch) in ((2.0, upper_right), (1.5, middle), (0.0, still)):
        image = torch.randn(2, *size, dtype=torch.float64, generator=generator)
        labels = torch.randint(10, size, generator=generator)
        arrows = sd * (torch.randn(2, 3, 3, dtype=torch.float64, generator=generator) + outward)
        yield image, labels, arrows, corner, patch


@exercise(
    _slices,
    (
        "    field = smooth_field(arrows[None], 1.0, labels.shape)",
        "    image, labels = image[:, rows, columns], labels[rows, columns]\n"
        "    rows = columns = slice(None)\n"
        "    field = smooth_field(arrows[None], 1.0, size)",
        "you laid the arrows on the patch; they belong to the whole image: deform first, cut after",
    ),
    (
        "    grid = look_up(field)",
        "    image, labels = image[:, rows, columns], labels[rows, columns]\n"
        "    grid = look_up(field[:, :, rows, columns])\n"
        "    rows = columns = slice(None)",
        "you cut before the pixels looked: the image goes on beyond the patch, and must not be mirrored there",
    ),
    (
        "moved[rows, columns]",
        "labels[rows, columns]",
        "the labels stayed where they were; they go along the field of the image",
    ),
    ("bent[:,", "image[:,", "the image stayed where it was, and the labels moved"),
    (
        "(labels[None], grid)",
        "(labels[None], look_up(field.flip(1)))",
        "the labels went along another field than the image; take one grid for both",
    ),
    (
        "warp_labels(labels[None], grid)[0]",
        'F.grid_sample(labels[None, None].double(), grid, "bilinear", "reflection", True)[0, 0].round().long()',
        "labels were averaged; take the nearest",
    ),
    ("bilinear", "nearest", "the image took the nearest pixel; greys are interpolated linearly"),
    (
        "reflection",
        "zeros",
        "warp_labels(labels[None], grid)[0]",
        'F.grid_sample(labels[None, None].double(), grid, "nearest", "zeros", True)[0, 0].long()',
        "zeros came in from outside; mirror at the edges",
    ),
    ("zip(corner,", "zip(corner[::-1],", "the corner is (row, column), and you took it the other way round"),
    ("zip(corner,", "zip((0, 0),", "the patch begins at its corner, and not at the first pixel of the image"),
)
def deform_then_cut(
    image: Tensor, labels: Tensor, arrows: Tensor, corner: tuple[int, int], size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    rows, columns = (slice(first, first + count) for first, count in zip(corner, size, strict=True))
    field = smooth_field(arrows[None], 1.0, labels.shape)
    grid = look_up(field)  # one for both
    bent = F.grid_sample(image[None], grid, mode="bilinear", padding_mode="reflection", align_corners=True)[0]
    moved = warp_labels(labels[None], grid)[0]
    return bent[:, rows, columns], moved[rows, columns]


def _rough(seed: int) -> Iterator[Case]:
    """Fields rough enough to contain slopes of all sizes and signs."""
    generator = torch.Generator().manual_seed(seed)
    yield (0.8 * torch.randn(2, 2, 6, 9, dtype=torch.float64, generator=generator),)
    yield (1.5 * torch.randn(3, 2, 8, 5, dtype=torch.float64, generator=generator),)


@exercise(
    _rough,
    (
        "(1 + down[:, 0]) * (1 + right[:, 1])",
        "down[:, 0] * right[:, 1]",
        "the identity is missing: a pixel looks at its own place plus the field, so 1 goes onto the diagonal",
    ),
    (" - other", "", "you multiplied the diagonal only; the other diagonal is taken off: a·d − b·c"),
    ("- other", "+ other", "the other diagonal is added; a determinant takes it off"),
    (
        "diagonal - other",
        "1 + down[:, 0] + right[:, 1]",
        "you added the slopes; that holds for very small fields only, and the area is a determinant",
    ),
    (
        "diagonal - other",
        "(diagonal - other).abs()",
        "the sign is lost; below 0 the map has turned over, and that must show",
    ),
    (
        "gradient(fields,",
        "gradient(fields.flip(1),",
        "component 0 is the shift along axis 0, the rows; you took it for the columns",
    ),
    (
        "torch.gradient(fields, dim=(2, 3))",
        "(torch.cat((fields.diff(dim=d), fields.diff(dim=d).narrow(d, -1, 1)), d) for d in (2, 3))",
        "the slope is taken from a pixel to the next; take both neighbours, as torch.gradient does",
    ),
    ("dim=(2, 3)", "dim=(2, 3), spacing=0.5", "neighbours of a pixel are two pixels apart; halve their difference"),
    (
        "torch.gradient(fields, dim=(2, 3))",
        'torch.gradient(F.pad(fields, (1, 1, 1, 1), "replicate"), dim=(2, 3))',
        "diagonal - other",
        "(diagonal - other)[:, 1:-1, 1:-1]",
        "on the border there is one pixel's way only; the difference is not halved",
    ),
    (
        "torch.gradient(fields, dim=(2, 3))",
        'torch.gradient(F.pad(fields, (1, 1, 1, 1), "circular"), dim=(2, 3))',
        "diagonal - other",
        "(diagonal - other)[:, 1:-1, 1:-1]",
        "the border takes its neighbours from the opposite side; there the difference is one-sided",
    ),
)
def local_area(fields: Tensor) -> Tensor:
    down, right = torch.gradient(fields, dim=(2, 3))  # (N, 2, H, W) each: slopes along the rows' axis, and the columns'
    diagonal = (1 + down[:, 0]) * (1 + right[:, 1])
    other = right[:, 0] * down[:, 1]
    return diagonal - other


def _folding(seed: int) -> Iterator[Case]:
    """Random; all rows onto one row, exactly and nearly; reflection; rotation by 180°; zero. Then one with a NaN."""
    generator = torch.Generator().manual_seed(seed)
    rough = 0.5 * torch.randn(2, 2, 7, 9, dtype=torch.float64, generator=generator)
    here = torch.stack(torch.meshgrid(torch.arange(7.0).double(), torch.arange(9.0).double(), indexing="ij"))
    rows = here * torch.tensor([-1.0, 0.0], dtype=torch.float64).reshape(2, 1, 1)
    yield (torch.stack((rough[0], rows, 0.97 * rows, 2 * here.flip(0), -2 * here, 0 * here)),)
    lost = rough[1].clone()
    lost[seed % 2, 3, 2 + seed] = torch.nan
    yield (lost[None],)


@exercise(
    _folding,
    ("~(area > 0)", "area < 0", "a determinant of exactly 0 folds too, and NaN counts: count what is not above 0"),
    ("~(area > 0)", "area > 0", "you counted the pixels that do not fold"),
    ("~(area > 0)", "area <= 0", "NaN is neither above 0 nor below; count what is not above 0"),
    ("~(area > 0)", "area < 1", "below 1 tissue is only stretched; it turns over at 0"),
    ("sum((1, 2))", "flatten(1).any(1)", "the number of pixels is wanted, and not whether there are any"),
    ("sum((1, 2))", "sum()", "you counted all fields together; each field has its own number"),
    (
        "(1 + down[:, 0]) * (1 + right[:, 1])",
        "down[:, 0] * right[:, 1]",
        "the identity is missing: a still field folds nowhere",
    ),
    (" - right[:, 0] * down[:, 1]", "", "you left the other diagonal out of the determinant"),
    (
        "(1 + down[:, 0]) * (1 + right[:, 1]) - right[:, 0] * down[:, 1]",
        "torch.minimum(1 + down[:, 0], 1 + right[:, 1])",
        "you looked at each axis by itself; a half turn reverses both and folds nothing",
    ),
    ("sum((1, 2))", "double().mean((1, 2))", "that is a share of the pixels; their number is wanted"),
)
def folded_pixels(fields: Tensor) -> Tensor:
    down, right = torch.gradient(fields, dim=(2, 3))
    area = (1 + down[:, 0]) * (1 + right[:, 1]) - right[:, 0] * down[:, 1]  # as in local_area
    return (~(area > 0)).sum((1, 2))


EXERCISES = (smooth_field, look_up, warp_labels, deform_then_cut, local_area, folded_pixels)
