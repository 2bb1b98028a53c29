"""Gamma, blur and noise against numpy and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from tests.oracles.random_samples import SIZES, random_sample
from unet_tutorial.learning.augment.gray import blurred, gamma_corrected, noisy
from unet_tutorial.learning.augment.sample import Sample


def unchanged(before: Sample, after: Sample) -> bool:
    return torch.equal(before.labels, after.labels) and torch.equal(before.weights, after.weights)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("exponent", [0.7, 1.0, 1.6])
def test_gamma_is_numpys_power_between_the_extremes_of_a_channel(size: tuple[int, ...], exponent: float) -> None:
    sample = random_sample(size)
    found = gamma_corrected(sample, exponent)
    assert unchanged(sample, found)
    for channel, result in zip(sample.image.double().numpy(), found.image, strict=True):
        low, span = channel.min(), np.ptp(channel)
        np.testing.assert_allclose(result, ((channel - low) / span) ** exponent * span + low, atol=1e-5)


def test_a_channel_without_contrast_stays() -> None:
    sample = random_sample((8, 9))
    image = torch.stack((torch.full((8, 9), 3.0), sample.image[1]))
    found = gamma_corrected(Sample(image, sample.labels, sample.weights), 0.5).image
    assert torch.equal(found[0], image[0])
    assert not torch.equal(found[1], image[1])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sigma", [0.05, 0.3, 1.7, 6.0])
def test_blur_is_scipys_in_the_last_two_axes(size: tuple[int, ...], sigma: float) -> None:
    sample = random_sample(size)
    found = blurred(sample, sigma)
    assert unchanged(sample, found)
    sigmas = (*(0,) * (len(size) - 2), sigma, sigma)
    for channel, result in zip(sample.image.double().numpy(), found.image, strict=True):
        np.testing.assert_allclose(result, gaussian_filter(channel, sigmas, mode="mirror"), atol=1e-5)


def test_noise_has_its_standard_deviation_and_differs_between_channels() -> None:
    sample = random_sample((60, 70))
    found = noisy(sample, 0.3, torch.Generator().manual_seed(0))
    added = found.image - sample.image
    assert unchanged(sample, found)
    assert float(added.mean()) == pytest.approx(0, abs=0.02)
    assert float(added.std()) == pytest.approx(0.3, rel=0.03)
    assert float((added[0] * added[1]).mean()) == pytest.approx(0, abs=0.01)
