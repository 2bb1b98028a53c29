"""The multi-scale structural similarity (MS-SSIM) of prediction and truth, as a loss."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import conv1d

from unet_tutorial.learning.losses.averages import Average, over_all
from unet_tutorial.learning.losses.targets import as_channels
from unet_tutorial.nets.crop import center_crop

SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # exponents, from the finest scale to the coarsest
LUMINANCE, CONTRAST = 0.01**2, 0.03**2  # constants C1 and C2 for values in 0 to 1
SMALLEST = 1e-6  # of a similarity: a power of 0 has no gradient, and one of a negative number no value


def ms_ssim_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor,
    *,
    window: int = 11,
    sigma: float = 1.5,
    scales: Sequence[float] = SCALES,
    average: Average = over_all,
) -> Tensor:
    """1 - MS-SSIM of the probabilities and the truth of each class of each image.

    At each scale, means, variances and covariance are computed in Gaussian windows of ``window`` pixels per axis, with
    standard deviation ``sigma``. From one scale to the next, the images are halved. ``scales`` holds one exponent per
    scale: the similarity of contrast and structure has it at every scale, and that of luminance at the last one only.
    (An implementation for UNet 3+ multiplies the last factor several times.) Windows count with the weight of
    their central pixel. Pixels without a label or of weight 0 are 0 in both images.

    Logits (N, K, *spatial), a target of either kind (see ``targets``), weights (N, *spatial). Returns a scalar tensor
    in 0 to 1; 0 with zero gradients if nothing is labelled. Raises ValueError for images smaller than the window at
    the coarsest scale: 176 pixels by default.
    Source: Wang et al., doi 10.1109/ACSSC.2003.1292216, section 3; as a loss, UNet 3+, arXiv 2004.08790,
    section 2 (its hybrid loss).
    """
    kernel = _gaussian(window, sigma)
    if not scales or not all(0 < scale < math.inf for scale in scales):
        raise ValueError(f"scales {tuple(scales)}: pass one exponent above 0 for each scale, as in (0.5, 0.5)")
    p, t, w = as_channels(logits, target, weights)
    known = w > 0
    p, t, w = p.where(known, 0), t.to(p.dtype).where(known, 0), w.to(p.dtype)
    volumes = w.mul(t).reshape(*w.shape[:2], -1).sum(-1)  # (N, K)
    coarsest = min(p.shape[2:], default=0) // 2 ** (len(scales) - 1)
    if coarsest < window:
        raise ValueError(
            f"images of {tuple(p.shape[2:])} pixels are smaller than a window of {window} at scale {len(scales)}; "
            f"train on tiles of {window * 2 ** (len(scales) - 1)} pixels, or pass fewer scales or a smaller window"
        )
    similarity = torch.ones_like(volumes)
    for number, exponent in enumerate(scales, start=1):
        luminance, structure = _similarities(p, t, kernel.to(p))
        both = structure if number < len(scales) else luminance * structure
        similarity = similarity * _mean(both, w).clamp(min=SMALLEST) ** exponent
        p, t, w = _halved(p), _halved(t), _halved(w)
    return average(1 - similarity, volumes)


def _gaussian(window: int, sigma: float) -> Tensor:
    """Weights of a Gaussian window, of sum 1: (window,)."""
    if window < 1 or window % 2 == 0 or not 0 < sigma < math.inf:
        raise ValueError(f"window {window} and sigma {sigma}: pass an odd number of pixels, and pixels above 0")
    places = torch.arange(window, dtype=torch.float64) - window // 2
    weights = (-(places**2) / (2 * sigma**2)).exp()
    return weights / weights.sum()


def _similarities(p: Tensor, t: Tensor, kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Similarity of luminance, and of contrast and structure, in each window: two of (N, K, *(size - window + 1))."""
    mean_p, mean_t, pp, tt, pt = (_blurred(each, kernel) for each in (p, t, p * p, t * t, p * t))
    luminance = (2 * mean_p * mean_t + LUMINANCE) / (mean_p**2 + mean_t**2 + LUMINANCE)
    variances = pp - mean_p**2 + tt - mean_t**2
    return luminance, (2 * (pt - mean_p * mean_t) + CONTRAST) / (variances + CONTRAST)


def _blurred(values: Tensor, kernel: Tensor) -> Tensor:
    """The weighted mean of each window: (N, K, *size) -> (N, K, *(size - window + 1))."""
    for axis in range(2, values.ndim):
        rows = values.movedim(axis, -1)  # (N, K, *others, length)
        means = conv1d(rows.reshape(-1, 1, rows.shape[-1]), kernel[None, None])
        values = means.reshape(*rows.shape[:-1], -1).movedim(-1, axis)
    return values


def _mean(similarity: Tensor, weights: Tensor) -> Tensor:
    """Mean over windows, weighted by their central pixel; 1 where all weights are 0: (N, K, *size) -> (N, K)."""
    w = center_crop(weights, similarity.shape[2:]).flatten(2)
    total = w.sum(-1)
    mean = (w * similarity.flatten(2)).sum(-1) / total.where(total > 0, 1)
    return mean.where(total > 0, 1)


def _halved(values: Tensor) -> Tensor:
    """Means of blocks of 2 pixels per axis; an odd last pixel is left out: (N, K, *size) -> (N, K, *(size / 2))."""
    for axis in range(2, values.ndim):
        pairs = values.narrow(axis, 0, values.shape[axis] // 2 * 2).unflatten(axis, (-1, 2))
        values = pairs.mean(dim=axis + 1)
    return values
