"""Lesson 11: the attention gate by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise
from unet_tutorial.teaching.checking.probes import watched

Act = Callable[[Tensor], Tensor]


def _scenes(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    shapes = ((2, 4, 8, 12), (2, 6, 4, 6), (3, 4, 2, 2), (3, 6, 1, 1), (3,), (1, 3, 1, 1), (1,))
    yield tuple(torch.randn(shape, generator=generator) for shape in shapes)


def _enlarged(coarse: Tensor, skip: Tensor) -> Tensor:
    return F.interpolate(coarse, size=skip.shape[2:], mode="bilinear")


def _passed(skip: Tensor, alpha: Tensor) -> Tensor:
    return skip * alpha


def _gating(
    *,
    meet: Callable[[Tensor, Tensor], Tensor] = lambda theta, phi: (theta + phi).relu(),
    end: Act = torch.sigmoid,
    enlarge: Callable[[Tensor, Tensor], Tensor] = _enlarged,
    let: Callable[[Tensor, Tensor], Tensor] = _passed,
    biases: float = 1.0,
) -> Callable[..., Tensor]:
    """The gate, with what people change in it handed in."""

    def gate(skip: Tensor, below: Tensor, *weights: Tensor) -> Tensor:
        theta, phi, phi_bias, psi, psi_bias = weights
        inner = meet(F.conv2d(skip, theta, stride=2), F.conv2d(below, phi, biases * phi_bias))
        return let(skip, enlarge(end(F.conv2d(inner, psi, biases * psi_bias)), skip))

    return gate


def _over_pixels(x: Tensor) -> Tensor:
    return x.flatten(1).softmax(1).reshape(x.shape)


gated_skip = Exercise(
    "gated_skip",
    _gating(),
    _scenes,
    {
        "the ReLU between the sum and ψ is missing; without it all is one linear map": (
            _gating(meet=lambda theta, phi: theta + phi)
        ),
        "the ReLU comes after the sum; you took it of both terms before": (
            _gating(meet=lambda theta, phi: theta.relu() + phi.relu())
        ),
        "the two terms are added, and not multiplied": _gating(meet=lambda theta, phi: (theta * phi).relu()),
        "the sigmoid is missing; a coefficient lies between 0 and 1": _gating(end=lambda x: x),
        "that is a softmax over the pixels, which compete then; each pixel has a sigmoid of its own": (
            _gating(end=_over_pixels)
        ),
        "the coefficients are copied into blocks; they are blended, mode 'bilinear'": (
            _gating(enlarge=lambda coarse, skip: F.interpolate(coarse, size=skip.shape[2:]))
        ),
        "align_corners=True moves the coefficients; leave it out": (
            _gating(enlarge=lambda c, skip: F.interpolate(c, skip.shape[2:], mode="bilinear", align_corners=True))
        ),
        "enlarge the coefficients, after the sigmoid, and not what goes into it": (
            _gating(end=lambda x: x, enlarge=lambda coarse, skip: _enlarged(coarse, skip).sigmoid())
        ),
        "the gate is shut where it should be open: α passes, and not 1 - α": _gating(let=lambda x, a: x * (1 - a)),
        "that is x + αx, of another paper; here only αx passes": _gating(let=lambda x, a: x + x * a),
        "the biases are missing": _gating(biases=0.0),
        "what lies below was not asked; it opens the gate": _gating(meet=lambda theta, _phi: theta.relu()),
        "the coefficients are detached, and the gate would never learn": _gating(let=lambda x, a: x * a.detach()),
    },
    watched,
)

EXERCISES = (gated_skip,)
