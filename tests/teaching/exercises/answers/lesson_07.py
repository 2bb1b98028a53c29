"""Answers to the exercises of lesson 07 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


def smooth(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size, mode="bicubic", align_corners=True)


def places(fields):
    h, w = fields.shape[2:]
    y = torch.arange(h, dtype=fields.dtype)[:, None] + fields[:, 0]
    x = torch.arange(w, dtype=fields.dtype)[None] + fields[:, 1]
    return y, x, h, w


def grid_of(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * x / (w - 1) - 1, 2 * y / (h - 1) - 1], -1)


def sample(x, grid, mode):
    return F.grid_sample(x, grid, mode=mode, padding_mode="reflection", align_corners=True)


@wrong("smooth_field", "that is linear interpolation between the grid points; the paper's is")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size, mode="bilinear", align_corners=True)


@wrong("smooth_field", "the outermost grid points lie outside the image; align_corners=True")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size, mode="bicubic")


@wrong("smooth_field", "the numbers have standard deviation 1; multiply them by sd")
def _(numbers, sd, size):
    return F.interpolate(numbers, size=size, mode="bicubic", align_corners=True)


@wrong("smooth_field", "the same call gave another result the second time; are random numbers")
def _(numbers, sd, size):
    return F.interpolate(sd * torch.randn_like(numbers), size=size, mode="bicubic", align_corners=True)


@wrong("smooth_field", "the size is (rows, columns), and you made (columns, rows)")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size[::-1], mode="bicubic", align_corners=True)


@wrong("smooth_field", "every pixel takes the nearest arrow, so the field has steps; the")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size)


@wrong("smooth_field", "you multiplied by the root of sd; multiply by sd")
def _(numbers, sd, size):
    return F.interpolate(sd**0.5 * numbers, size=size, mode="bicubic", align_corners=True)


@wrong("smooth_field", "sd was added; multiply by it")
def _(numbers, sd, size):
    return F.interpolate(sd + numbers, size=size, mode="bicubic", align_corners=True)


@wrong("smooth_field", "it changes its argument numbers; work on a copy: numbers.clone()")
def _(numbers, sd, size):
    numbers *= sd
    return F.interpolate(numbers, size=size, mode="bicubic", align_corners=True)


@wrong("smooth_field", "the field was scaled to the std sd; only its arrows have this std,")
def _(numbers, sd, size):
    f = F.interpolate(numbers, size=size, mode="bicubic", align_corners=True)
    return f / f.std() * sd


@wrong("smooth_field", "the two components are exchanged; component 0 belongs to axis 0, the")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size, mode="bicubic", align_corners=True).flip(1)


@wrong("smooth_field", "the field is cut off at sd; a standard deviation is no bound")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size, mode="bicubic", align_corners=True).clamp(-sd, sd)


@wrong("smooth_field", "the displacements are divided by the size of the image; leave them in")
def _(numbers, sd, size):
    return F.interpolate(
        sd * numbers / torch.tensor(size).view(1, 2, 1, 1), size=size, mode="bicubic", align_corners=True
    )


@wrong("look_up", "x and y are exchanged; grid_sample needs x, the last axis, first")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * y / (h - 1) - 1, 2 * x / (w - 1) - 1], -1)


@wrong("look_up", "you divided by the side; from the first pixel to the last there are")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * x / w - 1, 2 * y / h - 1], -1)


@wrong("look_up", "the sign is wrong; a pixel is read at its place plus its displacement")
def _(fields):
    return grid_of(-fields)


@wrong("look_up", "the places are in pixels; grid_sample needs -1 at the first pixel and 1")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([x, y], -1)


@wrong("look_up", "you count from 0 to 1; grid_sample counts from -1 to 1")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([x / (w - 1), y / (h - 1)], -1)


@wrong("look_up", "the two components belong on the last axis: (N, H, W, 2); use")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * x / (w - 1) - 1, 2 * y / (h - 1) - 1], 1)


@wrong("look_up", "the places of the pixels are missing; a zero field must leave the image")
def _(fields):
    h, w = fields.shape[2:]
    return torch.stack([2 * fields[:, 1] / (w - 1), 2 * fields[:, 0] / (h - 1)], -1)


@wrong("look_up", "the displacements are still in pixels; divide them by (side - 1) / 2")
def _(fields):
    h, w = fields.shape[2:]
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, h, dtype=fields.dtype), torch.linspace(-1, 1, w, dtype=fields.dtype), indexing="ij"
    )
    return torch.stack([x + fields[:, 1], y + fields[:, 0]], -1)


@wrong("look_up", "the displacements are half as long as they should be; from -1 to 1 the")
def _(fields):
    h, w = fields.shape[2:]
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, h, dtype=fields.dtype), torch.linspace(-1, 1, w, dtype=fields.dtype), indexing="ij"
    )
    return torch.stack([x + fields[:, 1] / (w - 1), y + fields[:, 0] / (h - 1)], -1)


@wrong("look_up", "rows are divided by the width, and columns by the height; exchange them")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * x / (h - 1) - 1, 2 * y / (w - 1) - 1], -1)


@wrong("look_up", "the displacements alone are exchanged: rows are added to columns; flip")
def _(fields):
    return grid_of(fields.flip(1))


@wrong("look_up", "that is the formula for align_corners=False; here -1 and 1 are the")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([(2 * x + 1) / w - 1, (2 * y + 1) / h - 1], -1)


@wrong("look_up", "the numbers of rows and columns are exchanged; component 0 is a row")
def _(fields):
    h, w = fields.shape[2:]
    x, y = torch.meshgrid(torch.arange(h).double(), torch.arange(w).double(), indexing="ij")
    return torch.stack([2 * (x + fields[:, 1]) / (w - 1) - 1, 2 * (y + fields[:, 0]) / (h - 1) - 1], -1)


@wrong("look_up", "that is the grid of the first image; return all N grids")
def _(fields):
    return grid_of(fields)[0]


@wrong("look_up", "the places are clamped to the image; leave them, grid_sample mirrors")
def _(fields):
    return grid_of(fields).clamp(-1, 1)


@wrong("warp_labels", "labels were averaged and rounded, so that cell 6 appears between 3 and")
def _(labels, grid):
    return sample(labels[:, None].double(), grid, "bilinear")[:, 0].round().long()


@wrong("warp_labels", "float32 cannot hold every whole number above 16,777,216; convert the")
def _(labels, grid):
    return sample(labels[:, None].float(), grid.float(), "nearest")[:, 0].long()


@wrong("warp_labels", "outside the image there are zeros, so that a bar of class 0 appears;")
def _(labels, grid):
    return F.grid_sample(labels[:, None].double(), grid, mode="nearest", align_corners=True)[:, 0].long()


@wrong("warp_labels", "the last pixel is repeated beyond the edge; mirror there")
def _(labels, grid):
    return F.grid_sample(labels[:, None].double(), grid, mode="nearest", padding_mode="border", align_corners=True)[
        :, 0
    ].long()


@wrong("warp_labels", "the axis of channels stayed; remove it: found[:, 0]")
def _(labels, grid):
    return sample(labels[:, None].double(), grid, "nearest").long()


@wrong("warp_labels", "labels are whole numbers; return them as int64, with .long()")
def _(labels, grid):
    return sample(labels[:, None].double(), grid, "nearest")[:, 0]


@wrong("warp_labels", "convert it, as with x.double()")
def _(labels, grid):
    return sample(labels[:, None], grid, "nearest")[:, 0]


@wrong("warp_labels", "add an axis with x[:, None] or x[None]")
def _(labels, grid):
    return sample(labels.double(), grid, "nearest").long()


@wrong("warp_labels", "add an axis with x[:, None] or x[None]")
def _(labels, grid):
    return sample(labels[None].double(), grid, "nearest")[0].long()


@wrong("warp_labels", "align_corners is False; then -1 and 1 are the edges of the image, and")
def _(labels, grid):
    return F.grid_sample(
        labels[:, None].double(), grid, mode="nearest", padding_mode="reflection", align_corners=False
    )[:, 0].long()


@wrong("warp_labels", "int32 cannot hold numbers above 2,147,483,647; use .long()")
def _(labels, grid):
    return sample(labels[:, None].double(), grid, "nearest")[:, 0].int()


@wrong("warp_labels", "uint8 cannot hold numbers above 255; use .long()")
def _(labels, grid):
    return sample(labels[:, None].double(), grid, "nearest")[:, 0].to(torch.uint8)


@wrong("warp_labels", "labels were averaged, and the decimals cut off; take the nearest pixel")
def _(labels, grid):
    return sample(labels[:, None].double(), grid, "bilinear")[:, 0].long()


@wrong("warp_labels", "the grid has x first already; leave out the flip")
def _(labels, grid):
    return sample(labels[:, None].double(), grid.flip(-1), "nearest")[:, 0].long()


@wrong("warp_labels", "labels were interpolated and rounded, so that new numbers appear; take")
def _(labels, grid):
    return sample(labels[:, None].double(), grid, "bicubic")[:, 0].round().long()


@wrong("warp_labels", "mode and padding_mode are left at their defaults; take the nearest")
def _(labels, grid):
    return F.grid_sample(labels[:, None].double(), grid, align_corners=True)[:, 0].long()


def dtc(image, labels, arrows, corner, size):
    f = smooth(arrows[None], 1.0, tuple(image.shape[1:]))
    g = grid_of(f)
    i = sample(image[None].double(), g, "bilinear")[0]
    l = sample(labels[None, None].double(), g, "nearest")[0, 0].long()
    r, c = corner
    return i[:, r : r + size[0], c : c + size[1]], l[r : r + size[0], c : c + size[1]]


@wrong("deform_then_cut", "the arrows lie on a grid over the patch; they belong to the whole")
def _(image, labels, arrows, corner, size):
    r, c = corner
    image, labels = image[:, r : r + size[0], c : c + size[1]], labels[r : r + size[0], c : c + size[1]]
    g = grid_of(smooth(arrows[None], 1.0, size))
    return sample(image[None], g, "bilinear")[0], sample(labels[None, None].double(), g, "nearest")[0, 0].long()


@wrong("deform_then_cut", "a slice is first : end, and not first : length; the end is first +")
def _(image, labels, arrows, corner, size):
    g = grid_of(smooth(arrows[None], 1.0, tuple(image.shape[1:])))
    i = sample(image[None], g, "bilinear")[0]
    l = sample(labels[None, None].double(), g, "nearest")[0, 0].long()
    return i[:, corner[0] : size[0], corner[1] : size[1]], l[corner[0] : size[0], corner[1] : size[1]]


@wrong("deform_then_cut", "labels were averaged; take the nearest pixel")
def _(image, labels, arrows, corner, size):
    g = grid_of(smooth(arrows[None], 1.0, tuple(image.shape[1:])))
    i = sample(image[None], g, "bilinear")[0]
    l = sample(labels[None, None].double(), g, "bilinear")[0, 0].round().long()
    r, c = corner
    return i[:, r : r + size[0], c : c + size[1]], l[r : r + size[0], c : c + size[1]]


@wrong("deform_then_cut", "the image took the nearest pixel; grey values are interpolated linearly")
def _(image, labels, arrows, corner, size):
    g = grid_of(smooth(arrows[None], 1.0, tuple(image.shape[1:])))
    i = sample(image[None], g, "nearest")[0]
    l = sample(labels[None, None].double(), g, "nearest")[0, 0].long()
    r, c = corner
    return i[:, r : r + size[0], c : c + size[1]], l[r : r + size[0], c : c + size[1]]


@wrong("deform_then_cut", "the corner is (row, column); you exchanged them")
def _(image, labels, arrows, corner, size):
    return dtc(image, labels, arrows, corner[::-1], size)


@wrong("deform_then_cut", "the labels are not deformed; use the grid of the image for them, too")
def _(image, labels, arrows, corner, size):
    r, c = corner
    return dtc(image, labels, arrows, corner, size)[0], labels[r : r + size[0], c : c + size[1]]


@wrong("deform_then_cut", "the image is not deformed, but the labels are")
def _(image, labels, arrows, corner, size):
    r, c = corner
    return image[:, r : r + size[0], c : c + size[1]], dtc(image, labels, arrows, corner, size)[1]


@wrong("deform_then_cut", "the axis of the batch stayed; return (C, rows, columns) and (rows,")
def _(image, labels, arrows, corner, size):
    i, l = dtc(image, labels, arrows, corner, size)
    return i[None], l[None]


@wrong("deform_then_cut", "corner is the first pixel of the patch, and not its middle")
def _(image, labels, arrows, corner, size):
    return dtc(image, labels, arrows, (corner[0] - size[0] // 2, corner[1] - size[1] // 2), size)


@wrong("deform_then_cut", "outside the image there are zeros, in the image and in the labels;")
def _(image, labels, arrows, corner, size):
    g = grid_of(smooth(arrows[None], 1.0, tuple(image.shape[1:])))
    i = F.grid_sample(image[None], g, align_corners=True)[0]
    l = F.grid_sample(labels[None, None].double(), g, mode="nearest", align_corners=True)[0, 0].long()
    r, c = corner
    return i[:, r : r + size[0], c : c + size[1]], l[r : r + size[0], c : c + size[1]]


@wrong("deform_then_cut", "the pair is in reverse order; return the image first")
def _(image, labels, arrows, corner, size):
    return dtc(image, labels, arrows, corner, size)[::-1]


@wrong("deform_then_cut", "the patch is not cut out; return its size alone")
def _(image, labels, arrows, corner, size):
    g = grid_of(smooth(arrows[None], 1.0, tuple(image.shape[1:])))
    return sample(image[None], g, "bilinear")[0], sample(labels[None, None].double(), g, "nearest")[0, 0].long()


@wrong("deform_then_cut", "size has to hold the sides of a map alone, such as x.shape[-2:]")
def _(image, labels, arrows, corner, size):
    g = grid_of(smooth(arrows[None], 1.0, tuple(image.shape)))
    return sample(image[None], g, "bilinear")[0], labels


@wrong("deform_then_cut", "rows and columns of the size are exchanged; size is (rows, columns)")
def _(image, labels, arrows, corner, size):
    return dtc(image, labels, arrows, corner, size[::-1])


def det(fields):
    fy, fx = fields[:, 0], fields[:, 1]
    fyy, fyx = torch.gradient(fy, dim=(1, 2))
    fxy, fxx = torch.gradient(fx, dim=(1, 2))
    return (1 + fyy) * (1 + fxx) - fyx * fxy


@wrong("local_area", "the identity is missing: the map is x + f(x), so add 1 to both slopes")
def _(fields):
    fy, fx = fields[:, 0], fields[:, 1]
    fyy, fyx = torch.gradient(fy, dim=(1, 2))
    fxy, fxx = torch.gradient(fx, dim=(1, 2))
    return fyy * fxx - fyx * fxy


@wrong("local_area", "the other diagonal was added; subtract it: a·d - b·c")
def _(fields):
    fy, fx = fields[:, 0], fields[:, 1]
    fyy, fyx = torch.gradient(fy, dim=(1, 2))
    fxy, fxx = torch.gradient(fx, dim=(1, 2))
    return (1 + fyy) * (1 + fxx) + fyx * fxy


@wrong("local_area", "you multiplied the diagonal only; subtract the other one: a·d - b·c")
def _(fields):
    fyy = torch.gradient(fields[:, 0], dim=1)[0]
    fxx = torch.gradient(fields[:, 1], dim=2)[0]
    return (1 + fyy) * (1 + fxx)


@wrong("local_area", "the sign is lost; where the map folds, the determinant is negative")
def _(fields):
    return det(fields).abs()


@wrong("local_area", "you added the slopes; that holds for very small fields only: compute")
def _(fields):
    fyy = torch.gradient(fields[:, 0], dim=1)[0]
    fxx = torch.gradient(fields[:, 1], dim=2)[0]
    return 1 + fyy + fxx


@wrong("local_area", "diff has one row or column less; torch.gradient keeps the size, and")
def _(fields):
    d = torch.diff(fields, dim=2)[:, :, :, :-1]
    e = torch.diff(fields, dim=3)[:, :, :-1]
    return (1 + d[:, 0]) * (1 + e[:, 1]) - d[:, 1] * e[:, 0]


@wrong("local_area", "component 0 is the displacement along the rows; you used it for the")
def _(fields):
    return det(fields.flip(1))


@wrong("local_area", "1 was added to all four slopes; add it to the two on the diagonal")
def _(fields):
    fy, fx = fields[:, 0], fields[:, 1]
    fyy, fyx = torch.gradient(fy, dim=(1, 2))
    fxy, fxx = torch.gradient(fx, dim=(1, 2))
    return (1 + fyy) * (1 + fxx) - (1 + fyx) * (1 + fxy)


@wrong("local_area", "axis 0 holds the images; rows and columns are the last two axes")
def _(fields):
    fyy, fyx = torch.gradient(fields[:, 0], dim=(0, 1))
    fxy, fxx = torch.gradient(fields[:, 1], dim=(0, 1))
    return (1 + fyy) * (1 + fxx) - fyx * fxy


@wrong("local_area", "that is the change of the area; return the determinant itself, which is")
def _(fields):
    return det(fields) - 1


@wrong("local_area", "on the border the neighbour is taken from the opposite side; take the")
def _(fields):
    g = lambda f, d: (f.roll(-1, d) - f.roll(1, d)) / 2
    fy, fx = fields[:, 0], fields[:, 1]
    return (1 + g(fy, 1)) * (1 + g(fx, 2)) - g(fy, 2) * g(fx, 1)


@wrong("local_area", "the two neighbours are two pixels apart; halve their difference")
def _(fields):
    return det(2 * fields)


@wrong("local_area", "1 was added to the determinant of the slopes; add it to both slopes on")
def _(fields):
    fy, fx = fields[:, 0], fields[:, 1]
    fyy, fyx = torch.gradient(fy, dim=(1, 2))
    fxy, fxx = torch.gradient(fx, dim=(1, 2))
    return 1 + fyy * fxx - fyx * fxy


@wrong("local_area", "that is the map x - f(x); it is x + f(x)")
def _(fields):
    return det(-fields)


@wrong("folded_pixels", "a determinant of exactly 0 counts too, and so does NaN: count where it")
def _(fields):
    return (det(fields) < 0).sum((1, 2))


@wrong("folded_pixels", "NaN is neither above 0 nor below; count where the determinant is not")
def _(fields):
    return (det(fields) <= 0).sum((1, 2))


@wrong("folded_pixels", "you counted all fields together; each field has its own number")
def _(fields):
    return (~(det(fields) > 0)).sum()


@wrong("folded_pixels", "those are booleans, whether a field folds; return the number of its")
def _(fields):
    return (~(det(fields) > 0)).flatten(1).any(1)


@wrong("folded_pixels", "that is a share of the pixels; return their number")
def _(fields):
    return (~(det(fields) > 0)).double().mean((1, 2))


@wrong("folded_pixels", "you counted the pixels that do not fold")
def _(fields):
    return (det(fields) > 0).sum((1, 2))


@wrong("folded_pixels", "expected a torch tensor, got a list; torch.as_tensor(…) makes one")
def _(fields):
    return [int((~(det(f[None]) > 0)).sum()) for f in fields]


@wrong("folded_pixels", "numbers of pixels are whole numbers; leave the conversion to floats out")
def _(fields):
    return (~(det(fields) > 0)).double().sum((1, 2))


@wrong("folded_pixels", "axis 0 holds the fields; add over the axes 1 and 2, rows and columns")
def _(fields):
    return (~(det(fields) > 0)).sum(0)


@wrong("folded_pixels", "a determinant below 1 is no fold yet; a fold begins at 0")
def _(fields):
    return (~(det(fields) >= 1)).sum((1, 2))


@wrong("folded_pixels", "a determinant of exactly 0 counts as a fold too: count where it is not")
def _(fields):
    d = det(fields)
    return ((d < 0) | d.isnan()).sum((1, 2))


@wrong("folded_pixels", "you added over the rows only; add over the axes 1 and 2")
def _(fields):
    return (~(det(fields) > 0)).sum(1)


@wrong("folded_pixels", "the sign of the determinant is lost; a negative one is a fold")
def _(fields):
    return (~(det(fields).abs() > 0)).sum((1, 2))


@right("smooth_field")
def _(numbers, sd, size):
    w = [
        F.interpolate(torch.eye(3, dtype=numbers.dtype)[None, :, :, None], (s, 1), mode="bicubic", align_corners=True)[
            0, :, :, 0
        ]
        for s in size
    ]
    return torch.einsum("ncij,iy,jx->ncyx", numbers, *w) * sd


@right("smooth_field")
def _(numbers, sd, size):
    return torch.cat([nn.Upsample(size=size, mode="bicubic", align_corners=True)(n[None]) for n in numbers]).mul(sd)


@right("look_up")
def _(fields):
    n, _, h, w = fields.shape
    out = torch.zeros(n, h, w, 2, dtype=fields.dtype)
    for i in range(h):
        for j in range(w):
            out[:, i, j, 0] = (fields[:, 1, i, j] + j) * 2 / (w - 1) - 1
            out[:, i, j, 1] = (fields[:, 0, i, j] + i) * 2 / (h - 1) - 1
    return out


@right("look_up")
def _(fields):
    n, _, h, w = fields.shape
    eye = torch.tensor([[1.0, 0, 0], [0, 1, 0]], dtype=fields.dtype).expand(n, 2, 3)
    base = F.affine_grid(eye, [n, 1, h, w], align_corners=True)
    return base + fields.flip(1).permute(0, 2, 3, 1) * 2 / torch.tensor([w - 1, h - 1])


@right("warp_labels")
def _(labels, grid):
    n, h, w = labels.shape
    index = torch.arange(h * w, dtype=torch.float64).reshape(1, 1, h, w).expand(n, 1, h, w)
    at = sample(index, grid, "nearest")[:, 0].long()
    return labels.flatten(1).gather(1, at.flatten(1)).reshape(at.shape)


@right("warp_labels")
def _(labels, grid):
    values, where = labels.unique(return_inverse=True)
    return values[sample(where[:, None].float().to(grid.dtype), grid, "nearest")[:, 0].round().long()]


@right("deform_then_cut")
def _(image, labels, arrows, corner, size):
    g = grid_of(smooth(arrows[None], 1.0, labels.shape))
    g = g[:, corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
    return [
        sample(image[None], g, "bilinear").squeeze(0),
        sample(labels[None, None].double(), g, "nearest").long().squeeze(),
    ]


@right("local_area")
def _(fields):
    out = []
    for f in fields.numpy():
        j = np.stack([np.stack(np.gradient(c)) for c in f]) + np.eye(2)[:, :, None, None]
        out.append(np.linalg.det(j.transpose(2, 3, 0, 1)))
    return torch.from_numpy(np.stack(out))


@right("local_area")
def _(fields):
    s = torch.stack(torch.gradient(fields, dim=(-2, -1)), -1).movedim(1, -2)
    return torch.det(s + torch.eye(2))


@right("folded_pixels")
def _(fields):
    return fields.shape[2] * fields.shape[3] - torch.count_nonzero(det(fields) > 0, dim=(1, 2))


@right("folded_pixels")
def _(fields):
    return torch.tensor([sum(not v > 0 for v in d.flatten().tolist()) for d in det(fields)])


@right("smooth_field")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, scale_factor=(size[0] / 3, size[1] / 3), mode="bicubic", align_corners=True)


@wrong("smooth_field", "NotImplementedError: Input Error: Only 3D, 4D and 5D input Tensors")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size, mode="cubic", align_corners=True)


@wrong("smooth_field", "the field is made for an image that is 1 pixel larger; the last grid")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=(size[0] + 1, size[1] + 1), mode="bicubic", align_corners=True)[
        :, :, :-1, :-1
    ]


@wrong("smooth_field", "you multiplied by the variance; multiply by sd")
def _(numbers, sd, size):
    return sd * F.interpolate(sd * numbers, size=size, mode="bicubic", align_corners=True)


@wrong("smooth_field", "sd was cut off to a whole number; multiply by sd as it is")
def _(numbers, sd, size):
    return F.interpolate(int(sd) * numbers, size=size, mode="bicubic", align_corners=True)


@wrong("smooth_field", "you averaged over the images; return all N fields")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size, mode="bicubic", align_corners=True).mean(0, keepdim=True)


@wrong("smooth_field", "size[0] is used for both axes; the size is (rows, columns)")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size[0], mode="bicubic", align_corners=True)


@wrong("smooth_field", "rows and columns of the grid are exchanged; leave the numbers in their")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers.transpose(2, 3), size=size, mode="bicubic", align_corners=True)


@wrong("look_up", "it changes its argument fields; work on a copy: fields.clone()")
def _(fields):
    fields[:, 0] += torch.arange(fields.shape[2])[:, None]
    fields[:, 1] += torch.arange(fields.shape[3])
    h, w = fields.shape[2:]
    return torch.stack([2 * fields[:, 1] / (w - 1) - 1, 2 * fields[:, 0] / (h - 1) - 1], -1)


@wrong("look_up", "brackets are missing: * and / are computed before + and -, and from")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * x / w - 1 - 1, 2 * y / h - 1 - 1], -1)


@wrong("look_up", "you divided by side + 1; from the first pixel to the last there are")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * x / (w + 1) - 1, 2 * y / (h + 1) - 1], -1)


@wrong("look_up", "both axes are divided by the height; x is divided by width - 1")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * x / (h - 1) - 1, 2 * y / (h - 1) - 1], -1)


@wrong("look_up", "the pixels are counted from 1; count them from 0")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * (x + 1) / (w - 1) - 1, 2 * (y + 1) / (h - 1) - 1], -1)


@wrong("look_up", "the displacements were rounded to whole pixels; leave them")
def _(fields):
    return grid_of(fields.round())


@wrong("warp_labels", "a threshold of 0.5 is for two classes; labels are numbers of cells:")
def _(labels, grid):
    return (sample(labels[:, None].double(), grid, "bilinear")[:, 0] > 0.5).long()


@wrong("warp_labels", "float16 cannot hold every whole number above 2048; convert the labels")
def _(labels, grid):
    return sample(labels[:, None].half().double(), grid, "nearest")[:, 0].long()


@wrong("warp_labels", "rows and columns are exchanged")
def _(labels, grid):
    return sample(labels[:, None].double(), grid.transpose(1, 2), "nearest")[:, 0].long()


@wrong("warp_labels", "all images use the first grid; each has its own")
def _(labels, grid):
    return sample(labels[:, None].double(), grid[:1].expand_as(grid), "nearest")[:, 0].long()


@wrong("warp_labels", "int8 and int16 cannot hold large numbers; use .long()")
def _(labels, grid):
    return sample(labels[:, None].double(), grid, "nearest")[:, 0].to(torch.int8).long()


@wrong("warp_labels", "ValueError: nn.functional.grid_sample(): expected padding_mode to be")
def _(labels, grid):
    return F.grid_sample(labels[:, None].double(), grid, mode="nearest", padding_mode="reflect", align_corners=True)[
        :, 0
    ].long()


@wrong("deform_then_cut", "the image was cut before it was deformed, and mirrored at the edge of")
def _(image, labels, arrows, corner, size):
    f = smooth(arrows[None], 1.0, tuple(labels.shape))
    r, c = corner
    f = f[:, :, r : r + size[0], c : c + size[1]]
    i, l = image[:, r : r + size[0], c : c + size[1]], labels[r : r + size[0], c : c + size[1]]
    g = grid_of(f)
    return sample(i[None], g, "bilinear")[0], sample(l[None, None].double(), g, "nearest")[0, 0].long()


@wrong("deform_then_cut", "the same call gave another result the second time; are random numbers")
def _(image, labels, arrows, corner, size):
    return dtc(image, labels, torch.randn_like(arrows), corner, size)


@wrong("deform_then_cut", "that is the image alone; return a pair, image and labels")
def _(image, labels, arrows, corner, size):
    return dtc(image, labels, arrows, corner, size)[0]


@wrong("deform_then_cut", "an axis too many stayed in the labels; return (rows, columns)")
def _(image, labels, arrows, corner, size):
    i, l = dtc(image, labels, arrows, corner, size)
    return i, l[None]


@wrong("deform_then_cut", "size has to hold the sides of a map alone, such as x.shape[-2:]")
def _(image, labels, arrows, corner, size):
    f = F.interpolate(arrows, size=tuple(labels.shape), mode="bicubic", align_corners=True)
    return f, f


@wrong("deform_then_cut", "corner[0] is used for both axes; the corner is (row, column)")
def _(image, labels, arrows, corner, size):
    return dtc(image, labels, arrows, (corner[0], corner[0]), size)


@wrong("deform_then_cut", "item 0: axis 0 is missing; item 1 is right")
def _(image, labels, arrows, corner, size):
    i, l = dtc(image, labels, arrows, corner, size)
    return i[0], l


@wrong("deform_then_cut", "corner is the first pixel of the patch, and not the one behind its last")
def _(image, labels, arrows, corner, size):
    i, l = dtc(image, labels, arrows, (0, 0), tuple(labels.shape))
    return i[:, corner[0] - size[0] : corner[0], corner[1] - size[1] : corner[1]], l[
        corner[0] - size[0] : corner[0], corner[1] - size[1] : corner[1]
    ]


@wrong("local_area", "that is the determinant of the first field; return all N")
def _(fields):
    a, b = np.gradient(fields[0].numpy(), axis=(1, 2))
    return torch.from_numpy((1 + a[0]) * (1 + b[1]) - a[1] * b[0])


@wrong("local_area", "that is the size of the slopes; the area is a determinant: (1 + a)·(1 +")
def _(fields):
    y, x = torch.gradient(fields, dim=(2, 3))
    return (y**2 + x**2).sum(1).sqrt()


@wrong("local_area", "one slope of the other diagonal is squared; it is the product of two")
def _(fields):
    fyy, fyx = torch.gradient(fields[:, 0], dim=(1, 2))
    fxy, fxx = torch.gradient(fields[:, 1], dim=(1, 2))
    return (1 + fyy) * (1 + fxx) - fyx**2


@wrong("local_area", "without dim, the first two slopes are those along the images and the")
def _(fields):
    g = torch.gradient(fields)
    return (1 + g[0][:, 0]) * (1 + g[1][:, 1]) - g[1][:, 0] * g[0][:, 1]


@wrong("local_area", "you added the slopes; that holds for very small fields only: compute")
def _(fields):
    fyy = torch.gradient(fields[:, 0], dim=1)[0]
    fxx = torch.gradient(fields[:, 1], dim=2)[0]
    return 2 + fyy + fxx


@wrong("local_area", "every value is 1 divided by the right one")
def _(fields):
    return 1 / det(fields)


@wrong("local_area", "on the left there are 2 names")
def _(fields):
    fy, fx = torch.gradient(fields)
    return fy * fx


@wrong("local_area", "negative values are set to 0; where the map folds, the determinant is")
def _(fields):
    return det(fields).clamp(min=0)


@wrong("local_area", "the border is filled with zeros; there the slope is the whole")
def _(fields):
    return F.pad(det(fields)[:, 1:-1, 1:-1], (1, 1, 1, 1))


@wrong("local_area", "the border is missing; there the slope is the whole difference to the")
def _(fields):
    return det(fields)[:, 1:-1, 1:-1]


@wrong("folded_pixels", "expected a torch tensor, got a list; torch.as_tensor(…) makes one")
def _(fields):
    return (~(det(fields) > 0)).sum((1, 2)).tolist()


@wrong("folded_pixels", "this condition has one truth value for each entry: use .any() or")
def _(fields):
    return (not det(fields) > 0).sum((1, 2))


@wrong("folded_pixels", "that is one number for all fields; return a tensor with one number for")
def _(fields):
    return len(torch.nonzero(~(det(fields) > 0)))


@wrong("folded_pixels", "NaN is neither above 0 nor below; count where the determinant is not")
def _(fields):
    d = torch.nan_to_num(det(fields), nan=1.0)
    return (d <= 0).sum((1, 2))


@wrong("folded_pixels", "a determinant of exactly 0 counts too, and so does NaN: count where it")
def _(fields):
    return (det(fields).sign() == -1).sum((1, 2))


@wrong("folded_pixels", "that is 1 where the smallest determinant is not above 0; count the")
def _(fields):
    return det(fields).amin((1, 2)).le(0).long()


@wrong("folded_pixels", "a large displacement is no fold; look at the determinant")
def _(fields):
    return (fields.abs() > 1).any(1).sum((1, 2))


@right("smooth_field")
def _(numbers, sd, size):
    rows = F.interpolate(
        numbers * torch.tensor(sd, dtype=torch.float64), size=(size[0], 3), mode="bicubic", align_corners=True
    )
    return F.interpolate(rows, size=(size[0], size[1]), mode="bicubic", align_corners=True)


@right("look_up")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([(x - (w - 1) / 2) / ((w - 1) / 2), (y - (h - 1) / 2) / ((h - 1) / 2)], dim=3)


@right("local_area")
class D:
    def __call__(self, fields):
        here = torch.stack(
            torch.meshgrid(*[torch.arange(n, dtype=torch.float64) for n in fields.shape[2:]], indexing="ij")
        )
        (a, b), (c, d) = [torch.gradient((here + fields)[:, i], dim=(1, 2)) for i in (0, 1)]
        return torch.addcmul(a * d, b, c, value=-1)


ANSWERS.right_ones[-1] = ("local_area", D())


@wrong("smooth_field", "the outermost grid points lie outside the image; align_corners=True")
def _(numbers, sd, size):
    return F.interpolate(sd * numbers, size=size, mode="bicubic", align_corners=False)


@wrong("smooth_field", "every pixel takes the nearest arrow, so the field has steps; the")
def _(numbers, sd, size):
    return sd * F.interpolate(numbers, size=size, mode="nearest")


@wrong("look_up", "you divided by the side; from the first pixel to the last there are")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([2 * y / h - 1, 2 * x / w - 1], -1)


@wrong("look_up", "the factor 2 is missing")
def _(fields):
    y, x, h, w = places(fields)
    return torch.stack([x / (w - 1) - 1, y / (h - 1) - 1], -1)


@wrong("look_up", "the two components belong on the last axis: (N, H, W, 2); use")
def _(fields):
    return grid_of(fields).permute(0, 3, 1, 2)


@wrong("warp_labels", "float32 cannot hold every whole number above 16,777,216; convert the")
def _(labels, grid):
    return (
        F.grid_sample(
            labels.unsqueeze(1).float(), grid.float(), mode="nearest", padding_mode="reflection", align_corners=True
        )
        .squeeze(1)
        .long()
    )


@wrong("warp_labels", "labels were averaged and rounded, and the last pixel is repeated beyond")
def _(labels, grid):
    return (
        F.grid_sample(labels.unsqueeze(1).double(), grid, padding_mode="border", align_corners=True)
        .squeeze(1)
        .round()
        .long()
    )


@wrong("deform_then_cut", "[1]: expected whole numbers (dtype torch.int64), got floats (dtype")
def _(image, labels, arrows, corner, size):
    g = grid_of(smooth(arrows[None], 1.0, tuple(labels.shape)))
    i = sample(image[None], g, "bilinear")[0]
    l = sample(labels[None, None].double(), g, "bilinear")[0, 0]
    r, c = corner
    return i[:, r : r + size[0], c : c + size[1]], l[r : r + size[0], c : c + size[1]]


@wrong("deform_then_cut", "the items are taken in reverse order")
def _(image, labels, arrows, corner, size):
    i, l = dtc(image, labels, arrows, (0, 0), tuple(labels.shape))
    r, c = corner
    return i[:, c : c + size[1], r : r + size[0]], l[c : c + size[1], r : r + size[0]]


@wrong("deform_then_cut", "in look_up: the sign is wrong; a pixel is read at its place plus its")
def _(image, labels, arrows, corner, size):
    return dtc(image, labels, -arrows, corner, size)


@wrong("local_area", "that is the sum for each field; return the determinant at each pixel")
def _(fields):
    return det(fields).sum((1, 2))


@wrong("local_area", "you added the slopes; that holds for very small fields only: compute")
def _(fields):
    a, b = torch.gradient(fields, dim=(2, 3))
    return (1 + a[:, 0]) * (1 + b[:, 1]) - a[:, 0] * b[:, 1]


@wrong("folded_pixels", "1 is the determinant of a zero field; a fold begins at 0")
def _(fields):
    return (det(fields) - 1 <= 0).sum((1, 2))


@wrong("folded_pixels", "in the determinant: the identity is missing: the map is x + f(x), so")
def _(fields):
    a, b = torch.gradient(fields, dim=(2, 3))
    return (~(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] > 0)).sum((1, 2))


@wrong("folded_pixels", "that is one share for all fields; return the number of pixels for each")
def _(fields):
    return (~(det(fields) > 0)).float().mean()


@wrong("local_area", "these are differences of two neighbours")
def _(fields):
    down = torch.diff(fields, dim=2, append=fields[:, :, -1:])
    right = torch.diff(fields, dim=3, append=fields[:, :, :, -1:])
    return (1 + down[:, 0]) * (1 + right[:, 1]) - right[:, 0] * down[:, 1]
