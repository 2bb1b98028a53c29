"""Lesson 12: a volume through a 2D network, slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Net = Callable[[Tensor], Tensor]


def _network(channels: int, classes: int, padding: int, seed: int) -> Net:
    """(M, channels, H, W) -> (M, classes, h, w); refuses anything that is no batch of such images."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(classes, channels, 3, 3, generator=generator)

    def net(images: Tensor) -> Tensor:
        if images.ndim != 4 or images.shape[1] != channels:
            raise ValueError(f"images (M, {channels}, H, W) are needed, and {tuple(images.shape)} came")
        return F.conv2d(images, weight, padding=padding).relu()

    return net


def _volumes(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for n, c, k, d, padding in ((1, 1, 2, 5, 1), (2, 3, 2, 3, 1), (3, 2, 4, 3 + seed, 0), (2, 4, 4, 4, 1)):
        yield _network(c, k, padding, seed), torch.randn(n, c, d, 6, 6, generator=generator)


def _one_by_one(net: Net, volume: Tensor) -> Tensor:
    """Each slice alone, by brute force."""
    return torch.stack([net(piece) for piece in volume.unbind(2)], 2)


def _folding(
    *,
    fold: Callable[[Tensor], Tensor] = lambda v: v.transpose(1, 2).flatten(0, 1),
    unfold: Callable[[Tensor, int, int], Tensor] = lambda y, n, d: y.unflatten(0, (n, d)).transpose(1, 2),
) -> Callable[[Net, Tensor], Tensor]:
    """Slices into the batch, one pass, and out again."""

    def sliced(net: Net, volume: Tensor) -> Tensor:
        return unfold(net(fold(volume)), volume.shape[0], volume.shape[2])

    return sliced


def _reshaped(volume: Tensor) -> Tensor:
    n, c, d, h, w = volume.shape
    return volume.reshape(n * d, c, h, w)


def _reshaped_back(answer: Tensor, n: int, d: int) -> Tensor:
    return answer.reshape(n, -1, d, *answer.shape[2:])


def _across(net: Net, volume: Tensor, axis: int) -> Tensor:
    return torch.stack([net(piece) for piece in volume.unbind(axis)], 2)


slice_by_slice = Exercise(
    "slice_by_slice",
    _one_by_one,
    _volumes,
    {
        "reshape mixes channels and slices; move the axis of the slices beside the batch first": (
            _folding(fold=_reshaped)
        ),
        "the way back mixes classes and slices; undo what you did, in the opposite order": (
            _folding(unfold=_reshaped_back)
        ),
        "both ways mix channels and slices: move the axis before you reshape": (
            _folding(fold=_reshaped, unfold=_reshaped_back)
        ),
        "slices and classes are swapped in the result; (N, K, D, H, W) is wanted": (
            _folding(unfold=lambda y, n, d: y.unflatten(0, (n, d)))
        ),
        "images and slices are mixed up on the way back; unfold the batch as (N, D), and not as (D, N)": (
            _folding(unfold=lambda y, n, d: y.unflatten(0, (d, n)).permute(1, 2, 0, 3, 4))
        ),
        "the axis of the slices is 2; you cut along the height": lambda net, v: _across(net, v, 3),
        "the axis of the slices is 2; you cut along the width": lambda net, v: _across(net, v, 4),
        "only the first image of the batch went through": lambda net, v: _one_by_one(net, v[:1]),
        "the slices come back in reverse order": lambda net, v: _one_by_one(net, v).flip(2),
        "one slice went through, and its answer stands for all": (
            lambda net, v: torch.stack([net(v[:, :, 0])] * v.shape[2], 2)
        ),
        "the answers of the slices are averaged; each has its own": (
            lambda net, v: _one_by_one(net, v).mean(2, keepdim=True).expand(-1, -1, v.shape[2], -1, -1)
        ),
    },
)

EXERCISES = (slice_by_slice,)
