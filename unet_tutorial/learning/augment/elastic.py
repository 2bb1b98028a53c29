"""Elastic deformation of image, labels and weights by one smooth displacement field, and the detection of folds.

A pixel of the result at position x is read from the input at position x + d, where d is its displacement (backward
warping). A displacement field (rank, *size) holds d for each pixel, in pixels: one component per axis. Rank is the
number of spatial axes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unet_tutorial.learning.augment.sample import Sample, by_planes


def dense_field(displacements: Tensor, size: tuple[int, ...]) -> Tensor:
    """Bicubic interpolation of the displacements of a coarse grid: (rank, *grid) -> (rank, *size), in pixels.

    The first and last grid point along an axis lie on its first and last pixel. Bicubic interpolation is separable, so
    one axis after another is interpolated. Any rank and any grid. Returns float64. Raises ValueError for displacements
    that do not fit the size or are not finite.
    """
    if displacements.ndim != len(size) + 1 or len(displacements) != len(size):
        wanted = (len(size),) + (3,) * len(size)
        raise ValueError(f"displacements {tuple(displacements.shape)} do not fit size {size}; needed e.g. {wanted}")
    if not displacements.isfinite().all():
        raise ValueError("displacements hold NaN or infinity; pass finite ones, and a finite sd to augment")
    field = displacements.double()
    for pixels in size:
        weights = _bicubic_weights(field.shape[1], pixels).to(field.device)  # (grid points, pixels)
        field = torch.tensordot(field, weights, dims=([1], [0]))  # replaces a grid axis by a pixel axis, at the end
    return field


def _bicubic_weights(points: int, pixels: int) -> Tensor:
    """The weight of each grid point at each pixel of an axis, (points, pixels).

    Computed by torch's interpolation of unit vectors: 1 at one grid point and 0 at the others.
    """
    units = torch.eye(points, dtype=torch.float64)[None, :, :, None]  # (1, unit vectors, grid points, 1)
    return F.interpolate(units, size=(pixels, 1), mode="bicubic", align_corners=True)[0, :, :, 0]


def elastic(sample: Sample, displacements: Tensor) -> Sample:
    """Elastic deformation: each pixel is read at its position plus its displacement, mirrored beyond the border.

    ``displacements`` (rank, 3, …, 3), in pixels, are those of a coarse grid over the *whole image*. On a small patch
    the grid points would be closer together, and displacements of 10 px would distort the membranes. So deform the
    image first, then crop patches. The image is interpolated linearly. Labels and weights are those of the nearest
    pixel: a label between two classes has no meaning, and weights of 0 must stay 0. For 2D and 3D; raises ValueError
    for another rank. Zero displacements change the sample by rounding errors of float64 at most.
    Source: arXiv 1505.04597, section 3.1 (3×3 grid, sd 10 px, bicubic).
    """
    if len(sample.size) not in (2, 3):
        raise ValueError(f"elastic deforms 2 or 3 axes, but the labels have size {sample.size}; deform slice by slice")
    return resampled(sample, sampling_grid(dense_field(displacements.to(sample.image.device), sample.size)))


def resampled(sample: Sample, grid: Tensor) -> Sample:
    """The sample at the positions of a grid (*size, rank): image interpolated, labels and weights of nearest pixels."""

    def nearest(values: Tensor) -> Tensor:  # float64 keeps labels exact
        moved = by_planes(lambda planes: _resample(planes.double(), grid, "nearest"), values, len(sample.size))
        return moved.to(values.dtype)

    image = _resample(sample.image.double(), grid, "bilinear").float()
    return Sample(image, nearest(sample.labels), nearest(sample.weights))


def sampling_grid(field: Tensor) -> Tensor:
    """Sampling positions for ``F.grid_sample``: displacements (rank, *size) in pixels -> (*size, rank).

    Coordinates run from -1, the first pixel of an axis, to 1, the last one. The coordinate of the last axis comes
    first. They are float64, because float32 has errors of up to 1e-4 px.
    """
    size = field.shape[1:]
    pixels = torch.meshgrid(*(torch.arange(n, device=field.device) for n in size), indexing="ij")
    places = [2 * (i + shift) / max(n - 1, 1) - 1 for i, shift, n in zip(pixels, field, size, strict=True)]
    return torch.stack(places[::-1], dim=-1)


def _resample(values: Tensor, grid: Tensor, mode: str) -> Tensor:
    """Values (C, *size) at the positions of a grid (*size, rank) -> (C, *size). In 3D, "bilinear" means trilinear."""
    return F.grid_sample(values[None], grid[None], mode=mode, padding_mode="reflection", align_corners=True)[0]


def jacobian(field: Tensor) -> Tensor:
    """Determinant of the map x -> x + field(x) at each pixel: (rank, *size) in pixels -> (*size), float64.

    It is the area (in 3D, the volume) of input that one pixel of the result covers. If it is 1, objects keep their
    area; if it is 2, objects have half their area in the result. If it is 0 or negative, the map folds: parts of the
    input appear twice, once mirrored. Slopes are computed with central differences (one-sided on the border),
    so folds narrower than about a pixel are not found; ``dense_field`` with a coarse grid has no such folds. Any rank.
    Raises ValueError if the field does not have one component per axis, and for an axis of one pixel.

    >>> jacobian(torch.zeros(2, 3, 4)).unique().tolist()
    [1.0]
    """
    rank, size = len(field), tuple(field.shape[1:])
    if rank != len(size) or min(size, default=0) < 2:
        raise ValueError(f"field {tuple(field.shape)} is not (rank, *size) with 2 pixels or more along each axis")
    slopes = [torch.stack(torch.gradient(shift, dim=list(range(rank)))) for shift in field.double()]
    matrices = torch.stack(slopes).movedim((0, 1), (-2, -1))  # (*size, rank, rank): component by axis
    determinant: Tensor = torch.linalg.det(matrices + torch.eye(rank, dtype=torch.float64, device=field.device))
    return determinant


def folds(field: Tensor) -> bool:
    """Whether the map x -> x + field(x) folds anywhere: whether a determinant (``jacobian``) is 0, negative or NaN.

    >>> ramp = torch.arange(8.0)
    >>> folds(-0.9 * ramp[None]), folds(-1.1 * ramp[None])
    (False, True)
    """
    return not bool((jacobian(field) > 0).all())
