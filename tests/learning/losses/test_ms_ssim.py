"""MS-SSIM against scikit-image at one scale and MONAI at several; gradients, missing labels, refusals."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from tests.oracles.loss_inputs import ones, random_classes, random_labels
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.ms_ssim import ms_ssim_loss

SMALL = partial(ms_ssim_loss, window=3, sigma=0.8, scales=(0.4, 0.6))


def smooth(size: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """One channel with labels in squares and logits close to them."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randint(2, (2, 1, *(n // 8 for n in size)), generator=generator).double()
    for axis in range(2, coarse.ndim):
        coarse = coarse.repeat_interleave(8, dim=axis)
    logits = 3 * coarse - 1.5 + torch.randn(coarse.shape, generator=generator, dtype=torch.float64)
    return logits, coarse, ones(coarse, logits)


@pytest.mark.parametrize("size", [(24, 32), (16, 16, 24)])
def test_one_scale_is_the_ssim_of_scikit_image(size: tuple[int, ...]) -> None:
    logits, target, weights = smooth(size)
    inside = (slice(5, -5),) * len(size)
    found = []
    for n in range(2):
        p, t = logits[n, 0].sigmoid().numpy(), target[n, 0].numpy()
        options: Any = {"gaussian_weights": True, "use_sample_covariance": False, "win_size": 11, "sigma": 1.5}
        _, full = structural_similarity(p, t, data_range=1, full=True, **options)
        found.append(full[inside].mean())
    assert float(ms_ssim_loss(logits, target, weights, scales=(1.0,))) == pytest.approx(1 - np.mean(found), abs=1e-9)


@pytest.mark.parametrize(("size", "options"), [((176, 184), {}), ((24, 24, 24), {"scales": (0.4, 0.6)})])
def test_values_are_those_of_monai(size: tuple[int, ...], options: dict[str, Any]) -> None:
    metrics: Any = pytest.importorskip("monai.metrics.regression", reason="MONAI is not installed")
    logits, target, weights = (each.float() for each in smooth(size))
    there = {"weights": options["scales"]} if options else {}
    wanted = metrics.compute_ms_ssim(logits.sigmoid(), target, spatial_dims=len(size), **there)
    assert float(ms_ssim_loss(logits, target, weights, **options)) == pytest.approx(1 - float(wanted.mean()), abs=1e-5)


def by_hand(p: Any, t: Any, w: Any) -> float:
    """MS-SSIM of one image of two axes with the options of ``SMALL``, from one window to the next."""
    row = np.exp(-(np.array([-1, 0, 1]) ** 2) / (2 * 0.8**2))
    gauss = np.outer(row, row) / row.sum() ** 2
    found = 1.0
    for number, exponent in enumerate((0.4, 0.6)):
        values, counted = [], []
        for y, x in np.ndindex(p.shape[0] - 2, p.shape[1] - 2):
            a, b = p[y : y + 3, x : x + 3], t[y : y + 3, x : x + 3]
            mean_a, mean_b = (gauss * a).sum(), (gauss * b).sum()
            spread = (gauss * (a - mean_a) ** 2).sum() + (gauss * (b - mean_b) ** 2).sum()
            value = (2 * (gauss * (a - mean_a) * (b - mean_b)).sum() + 0.0009) / (spread + 0.0009)
            if number == 1:  # luminance at the last scale only
                value *= (2 * mean_a * mean_b + 0.0001) / (mean_a**2 + mean_b**2 + 0.0001)
            values.append(value)
            counted.append(w[y + 1, x + 1])
        found *= np.average(values, weights=counted) ** exponent
        p, t, w = (each.reshape(each.shape[0] // 2, 2, each.shape[1] // 2, 2).mean((1, 3)) for each in (p, t, w))
    return float(found)


def test_two_scales_are_those_of_a_loop_over_windows() -> None:
    logits, target, weights = smooth((16, 24))
    weights[:, 3:9] = 2.5
    wanted = [by_hand(*(each.numpy() for each in (logits[n, 0].sigmoid(), target[n, 0], weights[n]))) for n in range(2)]
    assert float(SMALL(logits, target, weights)) == pytest.approx(1 - np.mean(wanted), abs=1e-12)


@pytest.mark.parametrize("draw", [random_classes, random_labels])
@pytest.mark.parametrize("size", [(8,), (6, 7)])
def test_gradients_equal_finite_differences(draw: Any, size: tuple[int, ...]) -> None:
    logits, target, weights = draw(size, 2, known=0.8)
    assert torch.autograd.gradcheck(lambda z: SMALL(z, target, weights), logits.requires_grad_(), fast_mode=True)


@pytest.mark.parametrize("extreme", [100.0, 1e4])
def test_right_and_wrong_answers_are_finite(extreme: float) -> None:
    _, target, weights = smooth((16, 16))
    for sign, low, high in ((1, 0.0, 1e-6), (-1, 0.9, 1.0)):
        logits = (sign * extreme * (2 * target - 1)).requires_grad_()
        loss = SMALL(logits, target, weights)
        (gradient,) = torch.autograd.grad(loss, logits)
        assert low <= float(loss.detach()) <= high
        assert gradient.isfinite().all()


@pytest.mark.parametrize("draw", [random_classes, random_labels])
def test_pixels_without_a_label_have_no_influence(draw: Any) -> None:
    logits, target, weights = draw((8, 9), known=0.7)
    weights[:, 4, 4] = 0
    hidden = target == UNLABELLED if target.ndim == 4 else (target == UNLABELLED)[:, None].expand(logits.shape)
    hidden = hidden | (weights == 0)[:, None]
    loss = SMALL(logits.requires_grad_(), target, weights)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert not gradient[hidden].any()
    assert gradient[~hidden].any()
    torch.testing.assert_close(SMALL(logits.where(~hidden, 5.0), target, weights), loss)
    nothing = SMALL(logits, torch.full_like(target, UNLABELLED), weights)
    assert nothing == 0
    assert not torch.autograd.grad(nothing, logits)[0].any()


def test_windows_count_with_the_weight_of_their_central_pixel() -> None:
    logits, target, weights = smooth((16, 16))
    weights[:, :, 8:] = 3
    one_scale = partial(ms_ssim_loss, window=3, sigma=0.8, scales=(1.0,))
    found = one_scale(logits, target, weights)
    left, right = (one_scale(logits[..., part], target[..., part], ones(target, logits)[..., part])
                   for part in (slice(0, 9), slice(7, 16)))  # fmt: skip
    torch.testing.assert_close(found, (left + 3 * right) / 4)


def test_bad_options_and_small_images_are_refused() -> None:
    inputs = random_labels((175, 180), 1)
    with pytest.raises(ValueError, match=r"\(175, 180\) pixels are smaller than a window of 11 at scale 5.*176 pixels"):
        ms_ssim_loss(*inputs)
    for window, sigma in ((2, 1.0), (0, 1.0), (3, 0.0)):
        with pytest.raises(ValueError, match=r"window .* an odd number of pixels"):
            ms_ssim_loss(*inputs, window=window, sigma=sigma)
    for scales in ((), (0.5, -0.5)):
        with pytest.raises(ValueError, match=r"scales .* one exponent above 0"):
            ms_ssim_loss(*inputs, scales=scales)
