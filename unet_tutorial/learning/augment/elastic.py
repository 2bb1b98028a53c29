"""Elastic deformation of image, labels and weights along one smooth field, and a test for fields that fold.

A field (rank, *size) says for each pixel how far from its own place it looks, in pixels along each axis.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unet_tutorial.learning.augment.sample import Sample


def dense_field(displacements: Tensor, size: tuple[int, ...]) -> Tensor:
    """Displacement of every pixel from those of a coarse grid, bicubic: (rank, *grid) -> (rank, *size), in pixels.

    The outermost grid points lie on the first and last pixel. Bicubic interpolation is separable: one axis after
    another is multiplied by its weights. Any rank, any grid; float64.
    """
    if displacements.ndim != len(size) + 1 or len(displacements) != len(size):
        wanted = (len(size),) + (3,) * len(size)
        raise ValueError(f"displacements {tuple(displacements.shape)} do not fit size {size}; needed e.g. {wanted}")
    if not displacements.isfinite().all():
        raise ValueError("displacements hold NaN or infinity; give finite pixels, and a finite sd to augment")
    field = displacements.double()
    for pixels in size:
        weights = _bicubic_weights(field.shape[1], pixels).to(field.device)  # (grid points, pixels)
        field = torch.tensordot(field, weights, dims=([1], [0]))  # this axis of the grid goes, one of pixels is added
    return field


def _bicubic_weights(points: int, pixels: int) -> Tensor:
    """How much each grid point counts at each pixel of an axis: torch's own interpolation, applied to unit vectors."""
    units = torch.eye(points, dtype=torch.float64)[None, :, :, None]  # (1, unit vectors, grid points, 1)
    return F.interpolate(units, size=(pixels, 1), mode="bicubic", align_corners=True)[0, :, :, 0]


def elastic(sample: Sample, displacements: Tensor) -> Sample:
    """Deformed smoothly: each pixel shows what lay at its place plus its displacement, mirrored beyond the border.

    ``displacements`` (rank, 3, …, 3), in pixels, belong to a coarse grid over the *whole image*: over a patch the same
    10 px would act between points a few dozen pixels apart, and tear membranes. So deform first and cut patches after.
    The image is interpolated linearly. Labels are taken from the nearest pixel, as there is no class 0.5; so are the
    weights, which belong to the labels and keep their zeros. 2D and 3D. Zero displacements change nothing but the
    rounding of float64. Source: arXiv 1505.04597, section 3.1 (3×3 grid, sd 10 px, bicubic).
    """
    if len(sample.size) not in (2, 3):
        raise ValueError(f"elastic deforms 2 or 3 axes, the labels have size {sample.size}; deform slice by slice")
    grid = sampling_grid(dense_field(displacements.to(sample.image.device), sample.size))
    both = torch.stack((sample.labels.double(), sample.weights.double()))  # (2, *spatial): float64 keeps labels exact
    labels, weights = _resample(both, grid, "nearest")
    return Sample(_resample(sample.image.double(), grid, "bilinear").float(), labels.long(), weights.float())


def sampling_grid(field: Tensor) -> Tensor:
    """Where each pixel looks: (rank, *size) in pixels -> (*size, rank), from -1 = first to 1 = last pixel of an axis.

    These are the coordinates of ``F.grid_sample``, where the last axis comes first. In float32 they would miss the
    centres of pixels by up to 1e-4 px.
    """
    size = field.shape[1:]
    here = torch.meshgrid(*(torch.arange(n, device=field.device) for n in size), indexing="ij")
    looks = [2 * (i + shift) / max(n - 1, 1) - 1 for i, shift, n in zip(here, field, size, strict=True)]
    return torch.stack(looks[::-1], dim=-1)


def _resample(values: Tensor, grid: Tensor, mode: str) -> Tensor:
    """(C, *size) at the places of the grid (*size, rank); torch calls linear "bilinear" in 3D too."""
    return F.grid_sample(values[None], grid[None], mode=mode, padding_mode="reflection", align_corners=True)[0]


def jacobian(field: Tensor) -> Tensor:
    """Determinant of the map x -> x + field(x) at each pixel: (rank, *size) in pixels -> (*size), float64.

    It is the area (volume) that a pixel collects: 1 keeps it, 2 shows tissue at half its size, and at 0 or below the
    map folds: it shows some places twice, mirrored. Central differences, one-sided on the border, so a fold must be
    wider than about a pixel to be seen; a field of ``dense_field`` has no finer ones while its grid is coarse. Any
    rank. ValueError for a field that does not name each axis once, and for an axis of one pixel, which has no slope.

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
    """Whether the map x -> x + field(x) folds anywhere: a determinant of 0 or less (or NaN).

    >>> ramp = torch.arange(8.0)
    >>> folds(-0.9 * ramp[None]), folds(-1.1 * ramp[None])
    (False, True)
    """
    return not bool((jacobian(field) > 0).all())
