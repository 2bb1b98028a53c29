"""Lesson 05, the first weights of a layer. They are random: what is compared is how they are spread."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Layer = nn.Conv2d | nn.Conv3d
Start = Callable[[Layer], Layer]
Draw = Callable[[Tensor], Tensor]  # old weights (out, in, *kernel) -> new ones


def _layers(seed: int) -> Iterator[Case]:
    """Channels in and out, kernel, whether there are biases, and a seed; each layer has some 25,000 weights."""
    yield 64, 44, (3, 3), True, seed
    yield 40 + 2 * seed, 42, (3, 5), False, seed
    yield 50, 12 + seed, (2, 4, 5), True, seed
    yield 1, 8_000, (1, 3), False, seed


def _drawn(answer: Start, case: Case) -> object:
    """What an answer leaves in two layers of one kind, one after the other."""
    in_channels, out_channels, kernel, bias, seed = case
    make = nn.Conv2d if len(kernel) == 2 else nn.Conv3d
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [make(in_channels, out_channels, kernel, bias=bias) for _ in range(2)]
        weights = [layer.weight for layer in layers]
        returned = [answer(layer) for layer in layers]
    if returned == [None, None]:
        return None
    came_back = all(got is layer for got, layer in zip(returned, layers, strict=True))
    kept = all(layer.weight is weight for layer, weight in zip(layers, weights, strict=True))
    return {"the layer itself came back": came_back, "it has its old weight tensor": kept, **_described(*layers)}


def _described(layer: Layer, second: Layer) -> dict[str, object]:
    values = layer.weight.detach().flatten()
    std = values.std().item()
    z = (values - values.mean()) / max(std, 1e-30)
    return {
        "std of the weights": std,
        "mean of the weights": "about 0" if abs(values.mean().item()) < 0.05 * std else "not 0",
        "distribution": "Gaussian" if abs(z.pow(4).mean().item() - 3) < 0.3 else "not Gaussian",
        "biases": "all 0" if layer.bias is None or not layer.bias.any() else "not all 0",
        "a second layer": "other weights" if not torch.equal(layer.weight, second.weight) else "the same weights",
        "weights and biases learn": all(parameter.requires_grad for parameter in layer.parameters()),
    }


def _starting(draw: Draw, bias: Callable[[Tensor], object] = nn.init.zeros_) -> Start:
    def start(layer: Layer) -> Layer:
        with torch.no_grad():
            layer.weight.copy_(draw(layer.weight))
        if layer.bias is not None:
            bias(layer.bias)
        return layer

    return start


def _gaussian(std: Callable[[Tensor], float]) -> Draw:
    return lambda w: torch.randn_like(w) * std(w)


def _kaiming(w: Tensor) -> float:
    return math.sqrt(2 / w[0].numel())


def _seeded(layer: Layer) -> Layer:
    torch.manual_seed(5)
    return _starting(_gaussian(_kaiming))(layer)


def _replaced(layer: Layer) -> Layer:
    weight = _starting(_gaussian(_kaiming))(layer).weight
    layer.weight = nn.Parameter(weight.detach().clone())
    return layer


initialise_ = Exercise(
    "initialise_",
    _starting(_gaussian(_kaiming)),
    _layers,
    {
        "2/N is the variance; the std is its square root": _starting(_gaussian(lambda w: 2 / w[0].numel())),
        "√2 was divided by N; the root is over N too": _starting(_gaussian(lambda w: math.sqrt(2) / w[0].numel())),
        "that is √(1/N); the 2 that pays for the ReLU is missing": (
            _starting(_gaussian(lambda w: w[0].numel() ** -0.5))
        ),
        "that is Xavier's √(2/(N + M)); the paper leaves M out": _starting(nn.init.xavier_normal_),
        "N counts what comes in; you took the output channels": _starting(
            _gaussian(lambda w: math.sqrt(2 / w[:, 0].numel()))
        ),
        "the pixels of the kernel are missing in N: a neuron reads each channel through all of them": (
            _starting(_gaussian(lambda w: math.sqrt(2 / w.shape[1])))
        ),
        "you squared one side of the kernel; multiply its sides, whichever and however many they are": (
            _starting(_gaussian(lambda w: math.sqrt(2 / (w.shape[1] * w.shape[2] ** 2))))
        ),
        "you took two sides of the kernel; in 3D it has three": (
            _starting(_gaussian(lambda w: math.sqrt(2 / math.prod(w.shape[1:4]))))
        ),
        "N belongs to one neuron, and you counted the weights of all": (
            _starting(_gaussian(lambda w: math.sqrt(2 / w.numel())))
        ),
        "that is uniform between ±√(2/N): not Gaussian, and its std is smaller by √3": (
            _starting(lambda w: (2 * torch.rand_like(w) - 1) * _kaiming(w))
        ),
        "the std is right, but the paper draws from a Gaussian, and these weights are uniform": (
            _starting(lambda w: (2 * torch.rand_like(w) - 1) * _kaiming(w) * math.sqrt(3))
        ),
        "rand gives numbers from 0 to 1; weights have mean 0, as randn's have": (
            _starting(lambda w: torch.rand_like(w) * _kaiming(w))
        ),
        "the std went in as the mean: the second argument of normal_ is the mean, so write std=": (
            _starting(lambda w: torch.randn_like(w) + _kaiming(w))
        ),
        "the biases are not zero; set them to 0 too": _starting(_gaussian(_kaiming), lambda _bias: None),
        "the layer is still as torch made it: nothing was drawn": lambda layer: layer,
        "you changed a copy; the underscore says in place": (
            lambda layer: _starting(_gaussian(_kaiming))(copy.deepcopy(layer))
        ),
        "a new parameter took the place of the old, and an optimiser would hold on to the old one": _replaced,
        "every layer of a kind gets the same weights; leave the seed to the caller": _seeded,
    },
    _drawn,
    0.03,
)

EXERCISES = (initialise_,)
