"""More images from few: flips, quarter turns, elastic deformation and gray shifts of image, labels and weights at once.

Each function takes a ``Sample`` and gives a new one. Only ``augment`` draws random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

GAIN = 0.1  # contrast changes by up to 10 %
OFFSET = 0.1  # brightness shifts by up to 0.1, a tenth of the sd of a standardised image


@dataclass(frozen=True)
class Sample:
    """What a net learns from: image (C, *spatial) float32, labels (*spatial) int64, weights (*spatial) float32.

    Raises ValueError if the three do not fit together.
    """

    image: Tensor
    labels: Tensor
    weights: Tensor

    def __post_init__(self) -> None:
        shapes = [tuple(tensor.shape) for tensor in (self.image, self.labels, self.weights)]
        if not shapes[0][1:] == shapes[1] == shapes[2] or min(shapes[1], default=0) < 1:
            raise ValueError(f"shapes {shapes} do not match; needed (C, *spatial), (*spatial), (*spatial) with pixels")
        for name, wanted in (("image", torch.float32), ("labels", torch.int64), ("weights", torch.float32)):
            if getattr(self, name).dtype != wanted:
                raise ValueError(f"{name} is {getattr(self, name).dtype}, not {wanted}; call {name}.to({wanted})")

    @property
    def size(self) -> tuple[int, ...]:
        """The spatial size in pixels; its length is the rank."""
        return tuple(self.labels.shape)

    def each(self, move: Callable[[Tensor], Tensor]) -> Sample:
        """All three moved alike. ``move`` must count axes from the end, where they agree."""
        return Sample(move(self.image), move(self.labels), move(self.weights))


def flip(sample: Sample, axis: int) -> Sample:
    """Mirrored along a spatial axis, 0 to rank-1."""
    from_end = _from_end(sample, axis)
    return sample.each(lambda array: array.flip(from_end))


def quarter_turns(sample: Sample, turns: int, axes: tuple[int, int]) -> Sample:
    """Turned by ``turns`` × 90° in the plane of two spatial axes, from the first towards the second."""
    plane = [_from_end(sample, axis) for axis in axes]
    return sample.each(lambda array: array.rot90(turns, plane))


def gray_shift(sample: Sample, gain: float, offset: float) -> Sample:
    """The image × gain + offset; labels and weights as they were."""
    return replace(sample, image=sample.image * gain + offset)


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


def augment(sample: Sample, generator: torch.Generator, *, sd: float = 10.0) -> Sample:
    """A random variant: elastic 3×3 grid of ``sd`` px, flips, quarter turns, gray shift; a function of the generator.

    Quarter turns stay in the last two axes, and only where these are equally long: the voxels of a stack are seldom
    cubes. ``sd`` is meant for images of about 512 px; scale it with the image, or membranes fold over.

    >>> sample = Sample(torch.rand(1, 8, 8), torch.ones(8, 8, dtype=torch.int64), torch.ones(8, 8))
    >>> one, two = (augment(sample, torch.Generator().manual_seed(0), sd=0.5) for _ in range(2))
    >>> torch.equal(one.image, two.image)
    True
    """
    rank = len(sample.size)
    displacements = sd * torch.randn((rank, *(3,) * rank), generator=generator)
    sample = elastic(sample, displacements) if sd else sample  # without it the same draws, and a tenth of the time
    for axis in range(rank):
        if torch.rand((), generator=generator) < 0.5:
            sample = flip(sample, axis)
    if sample.size[-1] == sample.size[-2]:
        sample = quarter_turns(sample, int(torch.randint(4, (), generator=generator)), (rank - 2, rank - 1))
    gain, offset = (2 * torch.rand(2, generator=generator) - 1).tolist()
    return gray_shift(sample, 1 + GAIN * gain, OFFSET * offset)


def _from_end(sample: Sample, axis: int) -> int:
    rank = len(sample.size)
    if axis not in range(rank):
        raise ValueError(f"axis {axis} is not a spatial axis of a sample of size {sample.size}; give 0 to {rank - 1}")
    return axis - rank
