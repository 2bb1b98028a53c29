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
    ("bicubic", "bilinear", "that is linear interpolation between the grid points; the paper's is bicubic"),
    (
        '"bicubic", align_corners=True',
        '"bilinear"',
        "the interpolation is bicubic, and align_corners=True puts the outermost points on the first and last pixel",
    ),
    (
        '"bicubic", align_corners=True',
        '"nearest"',
        "every pixel takes the nearest arrow, so the field has steps; the paper's interpolation is bicubic",
    ),
    (
        "True",
        "False",
        "the outermost grid points lie outside the image; align_corners=True puts them on the first and last pixel",
    ),
    ("sd *", "sd**2 *", "you multiplied by the variance; multiply by sd"),
    ("sd *", "sd**0.5 *", "you multiplied by the root of sd; multiply by sd"),
    ("sd *", "sd +", "sd was added; multiply by it"),
    ("sd * numbers", "numbers / sd", "you divided by sd; multiply by it"),
    (
        "sd * numbers",
        "sd * numbers / numbers.std()",
        "the numbers were scaled to their own std; multiply them by sd as they are",
    ),
    (
        "True)",
        "True) / F.interpolate(numbers, size=size, mode='bicubic', align_corners=True).std()",
        "the field was scaled to the std sd; only its arrows have this std, before they are interpolated",
    ),
    ("True)", "True).clamp(-sd, sd)", "the field is cut off at sd; a standard deviation is no bound"),
    ("sd * numbers", "int(sd) * numbers", "sd was cut off to a whole number; multiply by sd as it is"),
    (
        "sd * numbers",
        "sd * numbers.transpose(2, 3)",
        "rows and columns of the grid are exchanged; leave the numbers in their order",
    ),
    ("size=size", "size=(size[0], size[0])", "size[0] is used for both axes; the size is (rows, columns)"),
    (
        "size=size",
        "size=(size[0] + 1, size[1] + 1)",
        "True)",
        "True)[:, :, :-1, :-1]",
        "the field is made for an image that is 1 pixel larger; the last grid points lie on its last pixels",
    ),
    ("True)", "True).mean(0, keepdim=True)", "you averaged over the images; return all N fields"),
    ("True)", "True)[0]", "that is the field of the first image; return all N fields"),
    (
        "True)",
        "True).movedim(1, -1)",
        "the field has the shape (N, 2, rows, columns); leave the two components on axis 1",
    ),
    ("sd * ", "", "the numbers have standard deviation 1; multiply them by sd"),
    ("* numbers", "* numbers.clamp(-1, 1)", "the arrows are cut off at sd; a standard deviation is no bound"),
    (
        "* numbers",
        "* numbers.flip(1)",
        "the two components are exchanged; component 0 belongs to axis 0, the rows",
    ),
    ("size=size", "size=size[::-1]", "the size is (rows, columns), and you made (columns, rows)"),
    (
        "True)",
        "True) * 2 / (torch.tensor(size).reshape(2, 1, 1) - 1)",
        "the displacements are in the units of grid_sample, from -1 to 1; leave them in pixels",
    ),
    (
        "True)",
        "True) / torch.tensor(size).reshape(2, 1, 1)",
        "the displacements are divided by the size of the image; leave them in pixels",
    ),
    (
        "True)",
        'True) + torch.stack(torch.meshgrid(*map(torch.arange, size), indexing="ij"))',
        "that is the place where each pixel is read; the field holds the displacement alone",
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
    (".flip(1)", "", "x and y are exchanged; grid_sample needs x, the last axis, first"),
    (".movedim(1, -1)", "", "the two components belong on the last axis: (N, H, W, 2); use movedim(1, -1)"),
    (".flip(1).movedim(1, -1)", "", "the components belong on the last axis, x first: flip(1), then movedim(1, -1)"),
    (
        ".movedim(1, -1)",
        ".reshape(len(fields), height, width, 2)",
        "reshape does not exchange axes, it mixes x and y; use movedim or permute",
    ),
    (
        ".flip(1).movedim(1, -1)",
        ".reshape(len(fields), height, width, 2)",
        "reshape does not exchange axes, and x comes first; use flip(1), then movedim or permute",
    ),
    (
        ".movedim(1, -1)",
        ".permute(0, 3, 2, 1)",
        "rows and columns are exchanged; the order of the axes is permute(0, 2, 3, 1)",
    ),
    ("movedim(1, -1)", "movedim(1, -1)[0]", "that is the grid of the first image; return all N grids"),
    (
        "2 * (here + fields) / (size - 1) - 1",
        "here + fields",
        "the places are in pixels; grid_sample needs -1 at the first pixel and 1 at the last",
    ),
    ("(size - 1) - 1", "(size - 1)", "you count from 0 to 2; subtract 1, so that the first pixel is at -1"),
    (
        "/ (size - 1)",
        "/ (size + 1)",
        "you divided by side + 1; from the first pixel to the last there are side - 1 pixels",
    ),
    ("/ (size - 1)", "/ (size[:1] - 1)", "both axes are divided by the height; x is divided by width - 1"),
    ("/ (size - 1)", "/ (size[1:] - 1)", "both axes are divided by the width; y is divided by height - 1"),
    ("here + fields", "here + 1 + fields", "the pixels are counted from 1; count them from 0"),
    ("here + fields", "here + fields.round()", "the displacements were rounded to whole pixels; leave them"),
    ("/ (size - 1)", "/ (size.flip(0) - 1)", "rows are divided by the width, and columns by the height; exchange them"),
    ("here + fields", "here.flip(0) + fields", "the numbers of rows and columns are exchanged; component 0 is a row"),
    ("here + fields", "here + fields[:, :1]", "the displacement along the rows is used for both axes"),
    ("here + fields", "here + fields[:, 1:]", "the displacement along the columns is used for both axes"),
    (
        "(here + fields) / (size - 1)",
        "here / (size - 1) + fields / size",
        "the displacements are divided by the side; divide them by side - 1, as the places",
    ),
    (
        "(here + fields) / (size - 1)",
        "here / size + fields / (size - 1)",
        "the places are divided by the side; divide them by side - 1",
    ),
    (
        "here + fields",
        "here + fields.flip(1)",
        "the displacements alone are exchanged: rows are added to columns; flip both, after the sum",
    ),
    ("size - 1", "size", "you divided by the side; from the first pixel to the last there are side - 1 pixels"),
    (
        "(here + fields) / (size - 1)",
        "(here + fields + 0.5) / size",
        "that is the formula for align_corners=False; here -1 and 1 are the centres of the first and last pixel",
    ),
    (
        "2 * (here + fields) / (size - 1) - 1",
        "(here + fields) / (size - 1)",
        "you count from 0 to 1; grid_sample counts from -1 to 1",
    ),
    (
        "here + fields",
        "here + fields / 2",
        "the displacements are half as long as they should be; from -1 to 1 the distance is 2, so multiply them by 2",
    ),
    (
        "(here + fields) / (size - 1)",
        "here / (size - 1) + fields",
        "the displacements are still in pixels; divide them by (side - 1) / 2",
    ),
    ("here + fields", "here - fields", "the sign is wrong; a pixel is read at its place plus its displacement"),
    (
        "(here + fields) / (size - 1) - 1",
        "fields / (size - 1)",
        "the places of the pixels are missing; a zero field must leave the image as it is",
    ),
    (
        "(here + fields) / (size - 1)",
        "here / (size - 1) + 2 * fields / (size.flip(0) - 1)",
        "the displacements of rows are divided by the width, and those of columns by the height; exchange them",
    ),
    (
        "movedim(1, -1)",
        "movedim(1, -1).clamp(-1, 1)",
        "the places are clamped to the image; leave them, grid_sample mirrors",
    ),
    ("+ fields", "+ fields[:1].expand_as(fields)", "every image gets the field of the first one; each has its own"),
)
def look_up(fields: Tensor) -> Tensor:
    _, _, height, width = fields.shape
    size = torch.tensor((height, width)).reshape(2, 1, 1)
    here = torch.stack(torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij"))  # (2, H, W)
    grid = 2 * (here + fields) / (size - 1) - 1  # (N, 2, H, W): rows first, -1 and 1 at the border pixels
    return grid.flip(1).movedim(1, -1)  # (N, H, W, 2): x first


def _labelled(seed: int) -> Iterator[Case]:
    """Labels with small numbers, some above 2^24, some above 2^40; no grid point lies near the border of two pixels."""
    generator = torch.Generator().manual_seed(seed)
    for n, h, w, large in ((2, 7, 10, 0), (3, 9, 6, 2**24), (1, 6, 7, 2**40)):
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
        "labels were averaged and rounded, so that cell 6 appears between 3 and 9; take the nearest pixel",
    ),
    ("nearest", "bilinear", "labels were averaged, and the decimals cut off; take the nearest pixel"),
    ("nearest", "bicubic", "labels were interpolated, and the decimals cut off; take the nearest pixel"),
    (
        "nearest",
        "bicubic",
        ".long()",
        ".round().long()",
        "labels were interpolated and rounded, so that new numbers appear; take the nearest pixel",
    ),
    (
        'mode="nearest", padding_mode="reflection", ',
        "",
        "mode and padding_mode are left at their defaults; take the nearest pixel, and mirror",
    ),
    (
        'mode="nearest", padding_mode="reflection", ',
        "",
        ".long()",
        ".round().long()",
        "mode and padding_mode are left at their defaults, and rounding hides it; take the nearest pixel, and mirror",
    ),
    (
        "nearest",
        "bilinear",
        ".long()",
        ".gt(0.5).long()",
        "a threshold of 0.5 is for two classes; labels are numbers of cells: take the nearest pixel",
    ),
    ("double()", "half().double()", "float16 cannot hold every whole number above 2048; convert the labels to float64"),
    (".long()", ".to(torch.int8).long()", "int8 and int16 cannot hold large numbers; use .long()"),
    ("numbers, grid", "numbers, grid[:1].expand_as(grid)", "all images use the first grid; each has its own"),
    ("numbers, grid", "numbers, -grid", "the sign of the grid is wrong; use it as it is"),
    (
        'mode="nearest", padding_mode="reflection"',
        'padding_mode="border"',
        ".long()",
        ".round().long()",
        "labels were averaged and rounded, and the last pixel is repeated beyond the edge; take the nearest",
    ),
    ("found[:, 0]", "found", "the axis of channels stayed; remove it: found[:, 0]"),
    ("found[:, 0]", "found[0, 0]", "those are the labels of the first image; return all N"),
    (".long()", ".int()", "int32 cannot hold numbers above 2,147,483,647; use .long()"),
    (".long()", ".to(torch.uint8)", "uint8 cannot hold numbers above 255; use .long()"),
    ("reflection", "zeros", "outside the image there are zeros, so that a bar of class 0 appears; mirror at the edges"),
    ("reflection", "border", "the last pixel is repeated beyond the edge; mirror there"),
    (
        ', padding_mode="reflection", align_corners=True',
        ", align_corners=False",
        "padding_mode and align_corners are left at their defaults; mirror, and write align_corners=True",
    ),
    (
        "True",
        "False",
        "align_corners is False; then -1 and 1 are the edges of the image, and not the centres of its outermost pixels",
    ),
    (".long()", "", "labels are whole numbers; return them as int64, with .long()"),
    (
        "double()",
        "float()",
        "numbers, grid",
        "numbers, grid.float()",
        "float32 cannot hold every whole number above 16,777,216; convert the labels to float64",
    ),
    ("numbers, grid", "numbers, grid.flip(-1)", "the grid has x first already; leave out the flip"),
    ("found[:, 0].long()", "labels.clone()", "the labels were not moved"),
    tolerance=0.0,
)
def warp_labels(labels: Tensor, grid: Tensor) -> Tensor:
    numbers = labels[:, None].double()  # (N, 1, H, W); float32 would round the large ones
    found = F.grid_sample(numbers, grid, mode="nearest", padding_mode="reflection", align_corners=True)
    return found[:, 0].long()


IN_A_PATCH = (
    "that is linear interpolation between the grid points; the paper's is bicubic",
    "the outermost grid points lie outside the image; align_corners=True puts them on the first and last pixel",
    "the two components are exchanged; component 0 belongs to axis 0, the rows",
    "x and y are exchanged; grid_sample needs x, the last axis, first",
    "you divided by the side; from the first pixel to the last there are side - 1 pixels",
    "rows are divided by the width, and columns by the height; exchange them",
    "the displacements are half as long as they should be; from -1 to 1 the distance is 2, so multiply them by 2",
    "the displacements are still in pixels; divide them by (side - 1) / 2",
    "the sign is wrong; a pixel is read at its place plus its displacement",
    "outside the image there are zeros, so that a bar of class 0 appears; mirror at the edges",
    "the last pixel is repeated beyond the edge; mirror there",
)


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
        "the arrows lie on a grid over the patch; they belong to the whole image: deform first, then cut",
    ),
    (
        "    grid = look_up(field)",
        "    image, labels = image[:, rows, columns], labels[rows, columns]\n"
        "    grid = look_up(field[:, :, rows, columns])\n"
        "    rows = columns = slice(None)",
        "the image was cut before it was deformed, and mirrored at the edge of the patch; deform first, then cut",
    ),
    (
        "slice(first, first + count)",
        "slice(first, count)",
        "a slice is first : end, and not first : length; the end is first + length",
    ),
    (
        "slice(first, first + count)",
        "slice(first, first + count - 1)",
        "a slice leaves its end out already; the end is first + length",
    ),
    (
        "slice(first, first + count)",
        "slice(first, first + count + 1)",
        "one row and one column too many; the end of a slice is left out",
    ),
    (
        "slice(first, first + count)",
        "slice(first - count // 2, first - count // 2 + count)",
        "corner is the first pixel of the patch, and not its middle",
    ),
    ("(corner, size,", "(corner, size[::-1],", "rows and columns of the size are exchanged; size is (rows, columns)"),
    (
        "bent[:, rows, columns], moved[rows, columns]",
        "bent[:, rows, columns]",
        "that is the image alone; return a pair, image and labels",
    ),
    (
        "bent[:, rows, columns], moved[rows, columns]",
        "moved[rows, columns], bent[:, rows, columns]",
        "the pair is in reverse order; return the image first",
    ),
    ("bent[:, rows, columns], moved[rows, columns]", "bent, moved", "the patch is not cut out; return its size alone"),
    (
        "bent[:, rows, columns], moved[rows, columns]",
        "bent[None, :, rows, columns], moved[None, rows, columns]",
        "the axis of the batch stayed; return (C, rows, columns) and (rows, columns)",
    ),
    (
        "bent[:, rows, columns]",
        "bent[None, :, rows, columns]",
        "the axis of the batch stayed in the image; return (C, rows, columns)",
    ),
    (
        "moved[rows, columns]",
        "moved[None, rows, columns]",
        "an axis too many stayed in the labels; return (rows, columns)",
    ),
    (
        "bent[:, rows, columns]",
        "bent[rows, columns]",
        "axis 0 of the image holds the channels; write image[:, rows, columns]",
    ),
    (
        "bent[:, rows, columns], moved[rows, columns]",
        "image[:, rows, columns], labels[rows, columns]",
        "nothing was deformed; that is the patch as it was",
    ),
    ("moved[rows, columns]", "moved[rows, columns].double()", "labels are whole numbers; return them as int64"),
    ("1.0,", "10.0,", "the arrows are in pixels already; do not multiply them by 10"),
    ("labels.shape", "tuple(labels.shape)[::-1]", "the size of the image is (rows, columns); you exchanged them"),
    (
        "moved[rows, columns]",
        "labels[rows, columns]",
        "the labels are not deformed; use the grid of the image for them, too",
    ),
    ("bent[:,", "image[:,", "the image is not deformed, but the labels are"),
    (
        "(labels[None], grid)",
        "(labels[None], look_up(field.flip(1)))",
        "image and labels are deformed by different fields; take one grid for both",
    ),
    (
        "warp_labels(labels[None], grid)[0]",
        'F.grid_sample(labels[None, None].double(), grid, "bilinear", "reflection", True)[0, 0].round().long()',
        "labels were averaged; take the nearest pixel",
    ),
    (
        "warp_labels(labels[None], grid)[0]",
        'F.grid_sample(labels[None, None].double(), grid, "bilinear", "reflection", True)[0, 0].long()',
        "labels were averaged, and the decimals cut off; take the nearest pixel",
    ),
    ("bilinear", "nearest", "the image took the nearest pixel; grey values are interpolated linearly"),
    ("bilinear", "bicubic", "grey values are interpolated linearly, as in the lesson, and not bicubically"),
    (
        'padding_mode="reflection", align_corners=True',
        "align_corners=True",
        "outside the image there are zeros; write padding_mode='reflection' for the image too",
    ),
    (
        'padding_mode="reflection", align_corners=True',
        'padding_mode="border", align_corners=True',
        "the last pixel of the image is repeated beyond the edge; mirror there",
    ),
    (
        '"reflection", align_corners=True',
        '"reflection"',
        "align_corners is False for the image; the grid is made for align_corners=True",
    ),
    (
        "reflection",
        "zeros",
        "warp_labels(labels[None], grid)[0]",
        'F.grid_sample(labels[None, None].double(), grid, "nearest", "zeros", True)[0, 0].long()',
        "outside the image there are zeros, in the image and in the labels; mirror at the edges",
    ),
    ("zip(corner,", "zip(corner[::-1],", "the corner is (row, column); you exchanged them"),
    (
        "slice(first, first + count)",
        "slice(first - count, first)",
        "corner is the first pixel of the patch, and not the one behind its last",
    ),
    ("zip(corner,", "zip((corner[0], corner[0]),", "corner[0] is used for both axes; the corner is (row, column)"),
    ("zip(corner,", "zip((corner[1], corner[1]),", "corner[1] is used for both axes; the corner is (row, column)"),
    ("zip(corner,", "zip((0, 0),", "the patch begins at its corner, and not at the first pixel of the image"),
    # a wrong field, grid or warp is a wrong answer here too
    *[
        (f"{each.name}(", f"{each.name}.mistakes[{hint!r}](", f"in {each.name}: {hint}")
        for each in (smooth_field, look_up, warp_labels)
        for hint in each.mistakes
        if hint in IN_A_PATCH
    ],
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
    *(
        (
            "down, right = torch.gradient(fields, dim=(2, 3))",
            f"down, right = (torch.diff(fields, dim=i, {end}) for i in (2, 3))",
            "these are differences of two neighbours; torch.gradient takes half of that of the pixels on both sides",
        )
        for end in ("append=fields.narrow(i, -1, 1)", "prepend=fields.narrow(i, 0, 1)")
    ),
    (
        "(1 + down[:, 0]) * (1 + right[:, 1])",
        "down[:, 0] * right[:, 1]",
        "the identity is missing: the map is x + f(x), so add 1 to both slopes on the diagonal",
    ),
    (
        "(1 + down[:, 0]) * (1 + right[:, 1])",
        "1 + down[:, 0] * right[:, 1]",
        "1 was added to the determinant of the slopes; add it to both slopes on the diagonal: (1 + a)·(1 + d) - b·c",
    ),
    (
        "right[:, 0] * down[:, 1]",
        "(1 + right[:, 0]) * (1 + down[:, 1])",
        "1 was added to all four slopes; add it to the two on the diagonal",
    ),
    ("(1 + right[:, 1])", "right[:, 1]", "1 is missing in one of the two slopes on the diagonal"),
    ("(1 + down[:, 0])", "down[:, 0]", "1 is missing in the first of the two slopes on the diagonal"),
    (
        "(1 + down[:, 0]) * (1 + right[:, 1])",
        "(1 - down[:, 0]) * (1 - right[:, 1])",
        "that is the map x - f(x); it is x + f(x)",
    ),
    (
        "diagonal - other",
        "diagonal - other - 1",
        "that is the change of the area; return the determinant itself, which is 1 for a zero field",
    ),
    ("diagonal - other", "diagonal * other", "the two products were multiplied; subtract them: a·d - b·c"),
    ("diagonal - other", "other - diagonal", "the sign is wrong: the determinant is a·d - b·c"),
    ("right[:, 1]", "down[:, 1]", "the second slope on the diagonal is that of component 1 along the columns"),
    (" - other", "", "you multiplied the diagonal only; subtract the other one: a·d - b·c"),
    ("- other", "+ other", "the other diagonal was added; subtract it: a·d - b·c"),
    (
        "diagonal - other",
        "1 + down[:, 0] + right[:, 1]",
        "you added the slopes; that holds for very small fields only: compute the determinant",
    ),
    (
        "diagonal - other",
        "(diagonal - other).abs()",
        "the sign is lost; where the map folds, the determinant is negative",
    ),
    (
        "gradient(fields,",
        "gradient(fields.flip(1),",
        "component 0 is the displacement along the rows; you used it for the columns, or exchanged the two slopes",
    ),
    (
        "torch.gradient(fields, dim=(2, 3))",
        "(torch.cat((fields.diff(dim=d), fields.diff(dim=d).narrow(d, -1, 1)), d) for d in (2, 3))",
        "the slope is the difference to the next pixel; take both neighbours, as torch.gradient does",
    ),
    (
        "right[:, 0] * down[:, 1]",
        "right[:, 0] ** 2",
        "one slope of the other diagonal is squared; it is the product of two slopes, b·c",
    ),
    (
        "right[:, 0] * down[:, 1]",
        "down[:, 1] ** 2",
        "a slope of the other diagonal is squared; it is the product of two slopes, b·c",
    ),
    (
        "torch.gradient(fields, dim=(2, 3))",
        "torch.gradient(fields)[:2]",
        "without dim, the first two slopes are those along the images and the components; write dim=(2, 3)",
    ),
    (
        "diagonal - other",
        "(down.square() + right.square()).sum(1).sqrt()",
        "that is the size of the slopes; the area is a determinant: (1 + a)·(1 + d) - b·c",
    ),
    (
        "diagonal - other",
        "(diagonal - other).clamp(min=0)",
        "negative values are set to 0; where the map folds, the determinant is negative",
    ),
    (
        "diagonal - other",
        "F.pad((diagonal - other)[:, 1:-1, 1:-1], (1, 1, 1, 1))",
        "the border is filled with zeros; there the slope is the whole difference to the one neighbour",
    ),
    (
        "diagonal - other",
        "(diagonal - other)[:, 1:-1, 1:-1]",
        "the border is missing; there the slope is the whole difference to the one neighbour",
    ),
    (
        "torch.gradient(fields, dim=(2, 3))",
        "fields.diff(dim=2)[..., :-1], fields.diff(dim=3)[..., :-1, :]",
        "diff has one row or column less; torch.gradient keeps the size, and takes both neighbours",
    ),
    ("dim=(2, 3)", "dim=(0, 2)", "axis 0 holds the images; rows and columns are the last two axes"),
    ("dim=(2, 3)", "dim=(1, 2)", "axis 1 holds the components; rows and columns are the last two axes"),
    (
        "dim=(2, 3)",
        "dim=(2, 3), edge_order=2",
        "on the border the slope is the whole difference to the one neighbour; leave edge_order out",
    ),
    (
        "diagonal - other",
        "(diagonal - other).sum((1, 2))",
        "that is the sum for each field; return the determinant at each pixel",
    ),
    (
        "diagonal - other",
        "(diagonal - other).mean((1, 2))",
        "that is the mean of each field; return the determinant at each pixel",
    ),
    ("diagonal - other", "(diagonal - other)[0]", "that is the determinant of the first field; return all N"),
    ("dim=(2, 3)", "dim=(2, 3), spacing=0.5", "the two neighbours are two pixels apart; halve their difference"),
    (
        "dim=(2, 3)",
        "dim=(2, 3), spacing=2.0",
        "the slopes are half as large as they should be; torch.gradient halves them already",
    ),
    (
        "torch.gradient(fields, dim=(2, 3))",
        'torch.gradient(F.pad(fields, (1, 1, 1, 1), "replicate"), dim=(2, 3))',
        "diagonal - other",
        "(diagonal - other)[:, 1:-1, 1:-1]",
        "on the border the slope is the whole difference to the one neighbour, and not half of it",
    ),
    (
        "torch.gradient(fields, dim=(2, 3))",
        'torch.gradient(F.pad(fields, (1, 1, 1, 1), "circular"), dim=(2, 3))',
        "diagonal - other",
        "(diagonal - other)[:, 1:-1, 1:-1]",
        "on the border the neighbour is taken from the opposite side; take the difference to the one neighbour",
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


def _smaller_stretch(fields: Tensor) -> Tensor:
    down, right = torch.gradient(fields, dim=(2, 3))
    return torch.minimum(1 + down[:, 0], 1 + right[:, 1])


NOT_OF_FOLDS = (
    "each field",
    "first field",
    "sign is lost",
    "set to 0",
    "filled with zeros",
)  # they count the same, or all pixels
OF_FOLDS = tuple(hint for hint in local_area.mistakes if not any(words in hint for words in NOT_OF_FOLDS))


@exercise(
    _folding,
    (
        "~(area > 0)",
        "(area < 0) | area.isnan()",
        "a determinant of exactly 0 counts as a fold too: count where it is not above 0",
    ),
    (
        "~(area > 0)",
        "area < 0",
        "a determinant of exactly 0 counts too, and so does NaN: count where it is not above 0",
    ),
    ("~(area > 0)", "area > 0", "you counted the pixels that do not fold"),
    ("~(area > 0)", "area <= 0", "NaN is neither above 0 nor below; count where the determinant is not above 0"),
    ("~(area > 0)", "area < 1", "below 1 the tissue is only compressed or stretched; a fold begins at 0"),
    ("~(area > 0)", "area <= 1", "1 is the determinant of a zero field; a fold begins at 0"),
    ("sum((1, 2))", "double().mean()", "that is one share for all fields; return the number of pixels for each"),
    ("~(area > 0)", "~(area >= 1)", "a determinant below 1 is no fold yet; a fold begins at 0"),
    ("~(area > 0)", "~(area.abs() > 0)", "the sign of the determinant is lost; a negative one is a fold"),
    ("~(area > 0)", "area.isnan()", "that is the number of NaNs; count where the determinant is not above 0"),
    ("~(area > 0)", "area", "you added up the determinants; count the pixels where they are not above 0"),
    (
        "sum((1, 2))",
        "flatten(1).any(1)",
        "those are booleans, whether a field folds; return the number of its folded pixels",
    ),
    (
        "sum((1, 2))",
        "flatten(1).any(1).long()",
        "you counted whether a field folds; return the number of its folded pixels",
    ),
    (
        "sum((1, 2))",
        "any(dim=(1, 2)).sum()",
        "that is the number of folded fields; return the number of pixels for each field",
    ),
    (
        "(~(area > 0)).sum((1, 2))",
        "area.amin((1, 2)).le(0).long()",
        "that is 1 where the smallest determinant is not above 0; count the pixels",
    ),
    ("~(area > 0)", "(fields.abs() > 1).any(1)", "a large displacement is no fold; look at the determinant"),
    ("sum((1, 2))", "sum()", "you counted all fields together; each field has its own number"),
    ("sum((1, 2))", "sum().item()", "that is one number for all fields; return a tensor with one number for each"),
    ("sum((1, 2))", "sum(0)", "axis 0 holds the fields; add over the axes 1 and 2, rows and columns"),
    ("sum((1, 2))", "sum(1)", "you added over the rows only; add over the axes 1 and 2"),
    ("sum((1, 2))", "sum(2)", "you added over the columns only; add over the axes 1 and 2"),
    (".sum((1, 2))", "", "that is a mask of the folded pixels; return their number for each field"),
    ("sum((1, 2))", "double().mean((1, 2))", "that is a share of the pixels; return their number"),
    ("sum((1, 2))", "double().sum((1, 2))", "numbers of pixels are whole numbers; leave the conversion to floats out"),
    (
        "local_area(fields)",
        "_smaller_stretch(fields)",
        "you looked at each axis by itself; a half turn reverses both and folds nothing: use the determinant",
    ),
    # a wrong determinant is a wrong answer here too
    *[
        ("local_area(", f"local_area.mistakes[{hint!r}](", f"in the determinant: {hint}")
        for hint in local_area.mistakes
        if hint in OF_FOLDS
    ],
)
def folded_pixels(fields: Tensor) -> Tensor:
    area: Tensor = local_area(fields)
    return (~(area > 0)).sum((1, 2))


EXERCISES = (smooth_field, look_up, warp_labels, deform_then_cut, local_area, folded_pixels)
