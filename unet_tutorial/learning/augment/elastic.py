"""Elastic deformation of image, labels and weights by one smooth displacement field, and the detection of folds.

A displacement field (rank, *size) holds, for each pixel of the result, the offset in pixels along each axis to the
place in the input that it is sampled from (backward warping).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unet_tutorial.learning.augment.sample import Sample


def dense_field(displacements: Tensor, size: tuple[int, ...]) -> Tensor:
    """Bicubic interpolation of the displacements of a coarse grid: (rank, *grid) -> (rank, *size), in pixels.

    The outermost grid points lie on the first and last pixel. Bicubic interpolation is separable, so the axes are
    multiplied by their weights one after another. Any rank, any grid; float64. Raises ValueError for displacements
    that do not fit the size or are not finite.
    """
    if displacements.ndim != len(size) + 1 or len(displacements) != len(size):
        wanted = (len(size),) + (3,) * len(size)
        raise ValueError(f"displacements {tuple(displacements.shape)} do not fit size {size}; needed e.g. {wanted}")
    if not displacements.isfinite().all():
        raise ValueError("displacements hold NaN or infinity; give finite pixels, and a finite sd to augment")
    field = displacements.double()
    for pixels in size:
        weights = _bicubic_weights(field.shape[1], pixels).to(field.device)  # (grid points, pixels)
        field = torch.tensordot(field, weights, dims=([1], [0]))  # removes this axis of the grid, appends one of pixels
    return field


def _bicubic_weights(points: int, pixels: int) -> Tensor:
    """Weight of each grid point at each pixel of an axis: torch's interpolation applied to unit vectors."""
    units = torch.eye(points, dtype=torch.float64)[None, :, :, None]  # (1, unit vectors, grid points, 1)
    return F.interpolate(units, size=(pixels, 1), mode="bicubic", align_corners=True)[0, :, :, 0]


def elastic(sample: Sample, displacements: Tensor) -> Sample:
    """Elastic deformation: each pixel is sampled at its position plus its displacement, mirrored beyond the border.

    ``displacements`` (rank, 3, …, 3), in pixels, belong to a coarse grid over the *whole image*. On a patch the grid
    points would be a few dozen pixels apart, and the same 10 px would distort membranes. So deform the image first,
    then crop patches. The image is interpolated linearly. Labels are taken from the nearest pixel, since there is no
    class 0.5; so are the weights, which belong to the labels and keep their zeros. 2D and 3D; ValueError for another
    rank. Zero displacements change the sample by no more than the rounding of float64.
    Source: arXiv 1505.04597, section 3.1 (3×3 grid, sd 10 px, bicubic).
    """
    if len(sample.size) not in (2, 3):
        raise ValueError(f"elastic deforms 2 or 3 axes, the labels have size {sample.size}; deform slice by slice")
    grid = sampling_grid(dense_field(displacements.to(sample.image.device), sample.size))
    both = torch.stack((sample.labels.double(), sample.weights.double()))  # (2, *spatial): float64 keeps labels exact
    labels, weights = _resample(both, grid, "nearest")
    return Sample(_resample(sample.image.double(), grid, "bilinear").float(), labels.long(), weights.float())


def sampling_grid(field: Tensor) -> Tensor:
    """Sampling positions for ``F.grid_sample``: displacements (rank, *size) in pixels -> (*size, rank).

    Coordinates run from -1, the first pixel of an axis, to 1, the last one; the last axis comes first. float64, since
    float32 would miss the centres of pixels by up to 1e-4 px.
    """
    size = field.shape[1:]
    pixels = torch.meshgrid(*(torch.arange(n, device=field.device) for n in size), indexing="ij")
    places = [2 * (i + shift) / max(n - 1, 1) - 1 for i, shift, n in zip(pixels, field, size, strict=True)]
    return torch.stack(places[::-1], dim=-1)


def _resample(values: Tensor, grid: Tensor, mode: str) -> Tensor:
    """Sample values (C, *size) at a grid (*size, rank) -> (C, *size). torch calls linear "bilinear", in 3D too."""
    return F.grid_sample(values[None], grid[None], mode=mode, padding_mode="reflection", align_corners=True)[0]


def jacobian(field: Tensor) -> Tensor:
    """Determinant of the map x -> x + field(x) at each pixel: (rank, *size) in pixels -> (*size), float64.

    It is the area (volume) of input that one pixel of the result covers: at 1 the size is kept, at 2 tissue appears at
    half its area, and at 0 or below the map folds: it shows some places again, mirrored. Computed with central
    differences, one-sided on the border, so folds narrower than about a pixel are not detected; a field of
    ``dense_field`` has none as long as its grid is coarse. Any rank. Raises ValueError if the field has not one
    component per axis, and for an axis of one pixel, which has no slope.

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
    """Whether the map x -> x + field(x) folds anywhere, i.e. has a determinant of 0 or less (or NaN).

    >>> ramp = torch.arange(8.0)
    >>> folds(-0.9 * ramp[None]), folds(-1.1 * ramp[None])
    (False, True)
    """
    return not bool((jacobian(field) > 0).all())
