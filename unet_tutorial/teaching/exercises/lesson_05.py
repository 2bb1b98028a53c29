"""Lesson 05, forecasts: how the second moment travels, through layers, activations and merges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Number = Callable[[float], float]
Sum = Callable[[int, float, float, float], float]  # N, std of weights, std of biases, second moment in -> variance


def _chains(seed: int) -> Iterator[Case]:
    default = math.sqrt(1 / (3 * 576))
    yield 1.0, [(576, math.sqrt(1 / 576), 0.0)] * 20
    yield 10.0, [(9 + seed, 0.3, 0.5), (200, 0.08, 0.25), (50, 0.3, 0.0)]
    yield 0.5, [(576, default, default)] * (4 + seed)
    yield 3.0 + seed, [(36, 0.2, 1.5)]


def _sum(n: int, w: float, b: float, q: float) -> float:
    return n * w**2 * q + b**2


def _half(variance: float) -> float:
    return variance / 2


def _forecast(
    add: Sum = _sum, relu: Number = _half, first: Number = lambda q: q, finish: Number = math.sqrt, *, last: int = 0
) -> object:
    """A forecast with what people change in it handed in; ``last`` counts the layers left out in front of the last."""

    def forecast(q: float, layers: Sequence[tuple[int, float, float]]) -> float:
        q, variance = first(q), 0.0
        for n, w, b in layers[-last:]:
            variance = add(n, w, b, q)
            q = relu(variance)
        return finish(variance)

    return forecast


forecast_std = Exercise(
    "forecast_std",
    _forecast(),
    _chains,
    {
        "the ReLU is missing: it halves the second moment between two layers": _forecast(relu=lambda v: v),
        "ReLU halves the second moment; you halved the std": _forecast(relu=lambda v: v / 4),
        "0.34 is the variance behind a ReLU; the next sum wants the second moment, one half": (
            _forecast(relu=lambda v: v * 0.34)
        ),
        "one ReLU too many: the std before the last one is wanted": _forecast(finish=lambda v: math.sqrt(v / 2)),
        "the input has not passed a ReLU; q is its second moment as it is": _forecast(first=_half),
        "q is a second moment already; you squared it": _forecast(first=lambda q: q * q),
        "that is the variance; the std is its square root": _forecast(finish=lambda v: v),
        "the biases are missing; each adds its variance": _forecast(lambda n, w, _b, q: n * w**2 * q),
        "variances add, and stds do not: square the std of the biases": _forecast(lambda n, w, b, q: n * w**2 * q + b),
        "the stds of weights and biases were added; their variances add": (
            _forecast(lambda n, w, b, q: (math.sqrt(n * q) * w + b) ** 2)
        ),
        "Var(w) is the square of the std": _forecast(lambda n, w, b, q: n * w * q + b**2),
        "N is missing: variances of N terms add": _forecast(lambda _n, w, b, q: w**2 * q + b**2),
        "a neuron has one bias, and not N": _forecast(lambda n, w, b, q: n * (w**2 * q + b**2)),
        "only the last layer was looked at": _forecast(last=1),
    },
)


def _activations(seed: int) -> Iterator[Case]:
    yield F.relu, 576
    yield F.softplus, 100 + seed
    yield _bent, 4
    yield F.hardtanh, 9 * (8 + seed)


def _bent(z: Tensor) -> Tensor:
    """A leaky ReLU, shifted, so that it is 0 nowhere and its mean is far from 0."""
    return F.leaky_relu(z, 0.3) + 1


Z = torch.linspace(-9, 9, 20_001, dtype=torch.float64)
DENSITY = torch.exp(-(Z**2) / 2) / torch.exp(-(Z**2) / 2).sum()


def _mean(values: Tensor, density: Tensor = DENSITY) -> float:
    return (values * density).sum().item()


def _moment(act: Callable[[Tensor], Tensor], density: Tensor = DENSITY) -> float:
    return _mean(act(Z) ** 2, density / density.sum())


weight_std = Exercise(
    "weight_std",
    lambda act, n: math.sqrt(1 / (n * _moment(act))),
    _activations,
    {
        "that is the variance of act(z); the next sum wants its second moment": (
            lambda act, n: math.sqrt(1 / n / (_moment(act) - _mean(act(Z)) ** 2))
        ),
        "2/N is for ReLU, which keeps one half; measure what this activation keeps": lambda _act, n: math.sqrt(2 / n),
        "1/N is for no activation at all; divide by what it keeps of the second moment": lambda _act, n: n**-0.5,
        "that is the variance of the weights; the std is its square root": lambda act, n: 1 / n / _moment(act),
        "N is missing: N terms are added": lambda act, _n: _moment(act) ** -0.5,
        "what is lost has to be paid for: divide by the second moment that is kept": (
            lambda act, n: math.sqrt(_moment(act) / n)
        ),
        "a 2 for ReLU on top of what was measured: it is contained in it": (
            lambda act, n: math.sqrt(2 / n / _moment(act))
        ),
        "z was uniform between -1 and 1; a sum of many terms is Gaussian": (
            lambda act, n: math.sqrt(1 / n / _moment(act, (Z.abs() < 1).double()))
        ),
        "z was uniform between 0 and 1, as rand gives it; a sum of many terms is Gaussian": (
            lambda act, n: math.sqrt(1 / n / _moment(act, ((Z - 0.5).abs() < 0.5).double()))
        ),
        "that is the mean of |act(z)|; take the mean of the squares": (
            lambda act, n: math.sqrt(1 / n / _mean(act(Z).abs()))
        ),
    },
    tolerance=0.04,
)

EXERCISES = (forecast_std, weight_std)
