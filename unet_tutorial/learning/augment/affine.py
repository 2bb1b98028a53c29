"""Rotation by any angle and change of scale, as a displacement field (see ``elastic``)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def affine_field(shifts: Tensor, *, degrees: float, factor: float) -> Tensor:
    """Displacements that rotate and scale an image about its centre after the displacements ``shifts``.

    ``shifts`` and the result are (rank, *size), in pixels; the result is float64. The image turns by ``degrees`` from
    the last but one axis towards the last one, as in ``augment.quarter_turns``, and objects become ``factor`` times as
    long along all axes. In 3D the rotation is in the planes of the last two axes only, because the voxels of a stack
    are seldom cubes. Needs 2 axes or more.

    >>> field = affine_field(torch.zeros(2, 3, 3), degrees=0, factor=2)  # each pixel is read halfway to the centre
    >>> field[0, :, 0].tolist()
    [0.5, 0.0, -0.5]
    """
    rank, size = len(shifts), shifts.shape[1:]
    angle = math.radians(degrees)
    matrix = torch.eye(rank, dtype=torch.float64, device=shifts.device)
    matrix[-2:, -2:] = matrix.new_tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    axes = (torch.arange(n, dtype=torch.float64, device=shifts.device) - (n - 1) / 2 for n in size)
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"))  # (rank, *size), from the centre
    turned: Tensor = torch.tensordot(matrix / factor, places + shifts, dims=1)
    return turned - places
