"""Lesson 10: a norm folded into its convolution."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Folded = tuple[Tensor, Tensor]
Fold = Callable[..., Folded]
MISFIT = "factors whose shape does not fit that of the weights; they belong to the first axis, the output channels"


def _layers(seed: int) -> Iterator[Case]:
    """Weights (out, in, kernel, kernel), then six vectors (out,) but the last, ε."""
    generator = torch.Generator().manual_seed(seed)
    for shape, epsilon in (((3, 3, 3, 3), 0.2), ((4, 2 + seed, 3, 3), 1e-5), ((5, 1, 1, 1), 0.05), ((2, 2, 2, 3), 0.1)):
        weight, vectors = torch.randn(shape, generator=generator), torch.randn(5, shape[0], generator=generator)
        bias, mean, beta, gamma, variance = vectors
        yield weight, bias, mean, variance.square() + 0.2, gamma, beta, epsilon


def _fitting(answer: Fold, case: Case) -> object:
    """What comes back; factors along another axis fit some weights by chance, and not all."""
    try:
        return answer(*case)
    except RuntimeError as error:
        if "must match the size" in str(error) or "broadcast" in str(error):
            return MISFIT
        raise


def _by_probing(
    weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> Folded:
    """The layer is affine, so it is known from what it makes of 0 and of each unit: in double precision, by torch."""
    from torch.nn import functional as F

    def layer(patches: Tensor) -> Tensor:  # (P, in, *kernel) -> (P, out)
        out = F.conv2d(patches, weight.double(), bias.double())
        vectors = (mean.double(), variance.double(), gamma.double(), beta.double())
        return F.batch_norm(out, *vectors, training=False, eps=epsilon)[..., 0, 0]

    count = weight[0].numel()
    units = torch.eye(count, dtype=torch.float64).reshape(count, *weight.shape[1:])
    nothing = layer(torch.zeros_like(units[:1]))  # (1, out)
    return (layer(units) - nothing).T.reshape(weight.shape).float(), nothing[0].float()


def _scaled(weight: Tensor, factor: Tensor) -> Tensor:
    return weight * factor.reshape(-1, 1, 1, 1)


def _root(variance: Tensor, epsilon: float) -> Tensor:
    return (variance + epsilon).sqrt()


def _folding(
    new_bias: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = lambda b, mean, s, beta: (b - mean) * s + beta,
    scaled: Callable[[Tensor, Tensor], Tensor] = _scaled,
    root: Callable[[Tensor, float], Tensor] = _root,
) -> Fold:
    def fold_norm(
        weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
    ) -> Folded:
        factor = gamma / root(variance, epsilon)
        return scaled(weight, factor), new_bias(bias, mean, factor, beta)

    return fold_norm


def _ungained(
    weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> Folded:
    return _folding()(weight, bias, mean, variance, torch.ones_like(gamma), beta, epsilon)


fold_norm = Exercise(
    "fold_norm",
    _by_probing,
    _layers,
    {
        "the old bias goes through the norm, too: scale it": _folding(lambda b, mean, s, beta: b - mean * s + beta),
        "the mean is to be scaled with the bias: the norm takes it off first": (
            _folding(lambda b, mean, s, beta: b * s - mean + beta)
        ),
        "the mean is missing": _folding(lambda b, _mean, s, beta: b * s + beta),
        "the mean is taken off, and not added": _folding(lambda b, mean, s, beta: (b + mean) * s + beta),
        "the old bias is missing": _folding(lambda _b, mean, s, beta: beta - mean * s),
        "β is missing": _folding(lambda b, mean, s, _beta: (b - mean) * s),
        "β is added behind the factor, and not scaled by it": _folding(lambda b, mean, s, beta: (b - mean + beta) * s),
        "the factor belongs to the output channels, the first axis of the weights; you gave it to the second": (
            _folding(scaled=lambda weight, s: weight * s.reshape(1, -1, 1, 1))
        ),
        "the factor fell on the last axis, the kernel's columns; reshape it to (out, 1, 1, 1)": (
            _folding(scaled=lambda weight, s: weight * s)
        ),
        "the weights are as they were; they take the factor, too": _folding(scaled=lambda weight, _s: weight.clone()),
        "that divides by the variance; its square root is wanted": _folding(root=lambda v, e: v + e),
        "ε belongs under the root, beside the variance": _folding(root=lambda v, e: v.sqrt() + e),
        "ε is missing": _folding(root=lambda v, _e: v.sqrt()),
        "γ is missing": _ungained,
    },
    _fitting,
)

EXERCISES = (fold_norm,)
