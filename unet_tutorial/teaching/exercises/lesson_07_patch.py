"""Lesson 07, the patch: the field belongs to the whole image, and image and labels go along it together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.exercises.lesson_07 import Size, bicubic, looks
from unet_tutorial.teaching.exercises.lesson_07_labels import labels_by, sampled, whole

Pair = tuple[Tensor, Tensor]
Deform = Callable[[Tensor, Tensor, Tensor, Size, Size], Pair]


def _slices(seed: int) -> Iterator[Case]:
    """In the upper right corner, where arrows point out of the image; in the middle; and a zero field."""
    generator = torch.Generator().manual_seed(seed)
    outward = torch.tensor([-1.0, 1.0], dtype=torch.float64).reshape(2, 1, 1)
    upper_right, middle, still = ((30, 31), (0, 19), (9, 12)), ((22, 27), (9, 4), (8, 11)), ((17, 15), (8, 2), (6, 5))
    for sd, (size, corner, cut) in ((2.0, upper_right), (1.5, middle), (0.0, still)):
        image = torch.randn(2, *size, dtype=torch.float64, generator=generator)
        labels = torch.randint(10, size, generator=generator)
        arrows = sd * (torch.randn(2, 3, 3, dtype=torch.float64, generator=generator) + outward)
        yield image, labels, arrows, corner, cut


@dataclass(frozen=True)
class _Bend:
    """Image and labels along one field, with what people choose handed in."""

    of_image: str = "bilinear"
    of_labels: str = "nearest"
    padding: str = "reflection"

    def __call__(self, image: Tensor, labels: Tensor, field: Tensor) -> Pair:
        grid = looks(field[None])
        bent = sampled(image[None], grid, self.of_image, self.padding)[0]
        return bent, whole(labels_by(self.of_labels, self.padding))(labels[None], grid)[0]


def _cut(values: Tensor, corner: Size, size: Size) -> Tensor:
    return values[..., corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]


def _field(arrows: Tensor, size: Size) -> Tensor:
    return bicubic(arrows[None], size)[0]


def _deforming(bend: Callable[[Tensor, Tensor, Tensor], Pair]) -> Deform:
    def deform(image: Tensor, labels: Tensor, arrows: Tensor, corner: Size, size: Size) -> Pair:
        bent, named = bend(image, labels, _field(arrows, (image.shape[1], image.shape[2])))
        return _cut(bent, corner, size), _cut(named, corner, size)

    return deform


_deform = _deforming(_Bend())


def _patch_first(image: Tensor, labels: Tensor, arrows: Tensor, corner: Size, size: Size) -> Pair:
    return _Bend()(_cut(image, corner, size), _cut(labels, corner, size), _field(arrows, size))


def _edge_first(image: Tensor, labels: Tensor, arrows: Tensor, corner: Size, size: Size) -> Pair:
    field = _cut(_field(arrows, (image.shape[1], image.shape[2])), corner, size)
    return _Bend()(_cut(image, corner, size), _cut(labels, corner, size), field)


deform_then_cut = Exercise(
    "deform_then_cut",
    _deform,
    _slices,
    {
        "you laid the arrows on the patch; they belong to the whole image: deform first, cut after": _patch_first,
        "you cut before the pixels looked: the image goes on beyond the patch, and must not be mirrored there": (
            _edge_first
        ),
        "the labels stayed where they were; they go along the field of the image": (
            _deforming(lambda image, labels, field: (_Bend()(image, labels, field)[0], labels))
        ),
        "the image stayed where it was, and the labels moved": (
            _deforming(lambda image, labels, field: (image, _Bend()(image, labels, field)[1]))
        ),
        "the labels went along another field than the image; take one grid for both": (
            _deforming(lambda i, t, field: (_Bend()(i, t, field)[0], _Bend()(i, t, field.flip(0))[1]))
        ),
        "labels were averaged; take the nearest": _deforming(_Bend(of_labels="bilinear")),
        "the image took the nearest pixel; greys are interpolated linearly": _deforming(_Bend(of_image="nearest")),
        "zeros came in from outside; mirror at the edges": _deforming(_Bend(padding="zeros")),
        "the corner is (row, column), and you took it the other way round": (
            lambda image, labels, arrows, corner, size: _deform(image, labels, arrows, corner[::-1], size)
        ),
        "the patch begins at its corner, and not at the first pixel of the image": (
            lambda image, labels, arrows, _corner, size: _deform(image, labels, arrows, (0, 0), size)
        ),
    },
)

EXERCISES = (deform_then_cut,)
