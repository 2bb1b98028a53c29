"""Soft lines against the distance transform, and shifts against numpy's padding."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt

from tests.oracles.random_samples import SIZES, random_sample
from unet_tutorial.learning.augment.augment import flip
from unet_tutorial.learning.augment.lines import shift_and_flip, shifted_sample, soften, softened
from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.overlap import squared_dice_loss


@pytest.mark.parametrize(("size", "sigmas"), [((30,), (2.6,)), ((16, 20), (1.4, 1.4)), ((6, 9, 12), (0.5, 0.8, 1.4))])
def test_soft_lines_are_gaussians_of_the_distance(size: tuple[int, ...], sigmas: tuple[float, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    masks = (torch.rand((2, 3, *size), generator=generator) < 0.05).double()
    found = soften(masks, sigmas)
    for n, k in np.ndindex(2, 3):
        distance = distance_transform_edt(masks[n, k].numpy() == 0, sampling=[1 / sigma for sigma in sigmas])
        np.testing.assert_allclose(found[n, k], np.exp(-(distance**2) / 2), atol=math.exp(-8))
    assert torch.equal(found == 1, masks == 1)


def test_an_axis_with_sigma_0_stays_and_unlabelled_entries_too() -> None:
    masks = torch.tensor([[[[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, UNLABELLED, 0.0]]]])
    found = soften(masks, (0, 1))
    wanted = torch.tensor([[math.exp(-0.5), 1, math.exp(-0.5), math.exp(-2)], [0, 0, UNLABELLED, 0]])
    torch.testing.assert_close(found[0, 0], wanted)
    torch.testing.assert_close(soften(masks, (0, 0)), masks)


@pytest.mark.parametrize("size", [3, 7, 15])
def test_sigmas_and_peaks_of_opencvs_kernels(size: int) -> None:
    """OpenCV takes σ = 0.3 · ((size - 1) / 2 - 1) + 0.8 of a kernel; the docstring gives the peak of a blurred line."""
    sigma = 0.3 * ((size - 1) / 2 - 1) + 0.8
    kernel = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    assert (round(sigma, 1), round(kernel.max() / kernel.sum(), 2)) in {(0.8, 0.52), (1.4, 0.29), (2.6, 0.15)}


def test_a_loss_of_lines_takes_their_numbers() -> None:
    target = torch.tensor([[[0, 1, 0, UNLABELLED], [2, 0, 0, 0]]])
    logits, weights = torch.randn(1, 2, 2, 4), torch.rand(1, 2, 4)
    lines = torch.stack([(target == k).float().where(target >= 0, UNLABELLED) for k in (1, 2)], dim=1)
    for loss in (binary_cross_entropy, squared_dice_loss):
        found = softened(loss, (1, 1))(logits, target, weights)
        torch.testing.assert_close(found, loss(logits, soften(lines, (1, 1)), weights))
    with pytest.raises(ValueError, match="classes 0 to 3"):
        softened(binary_cross_entropy, (1, 1))(logits, target.clamp(min=0) * 3 // 2, weights)


@pytest.mark.parametrize("size", SIZES)
def test_shifts_are_crops_of_a_mirrored_image(size: tuple[int, ...]) -> None:
    sample = random_sample(size)
    offsets = [(-1) ** axis * (n // 3) for axis, n in enumerate(size)]
    moved = shifted_sample(sample, offsets)
    pads = [(max(n, 0), max(-n, 0)) for n in offsets]
    crop = tuple(slice(after, after + n) for (_, after), n in zip(pads, size, strict=True))
    for ours, theirs in ((moved.labels, sample.labels), (moved.weights, sample.weights)):
        np.testing.assert_array_equal(ours, np.pad(theirs.numpy(), pads, mode="reflect")[crop])
    for ours, theirs in zip(moved.image, sample.image, strict=True):
        np.testing.assert_array_equal(ours, np.pad(theirs.numpy(), pads, mode="reflect")[crop])


def test_random_shifts_reach_their_share_and_no_more_and_flips_are_half() -> None:
    row = torch.arange(40)
    sample = random_sample((40, 8))
    sample = type(sample)(sample.image, row[:, None].expand(40, 8).clone(), sample.weights)
    heights, turned = [], 0
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        moved = shift_and_flip(sample, generator, shares=(0.15, 0.0), flips=(1,))
        (offset,) = {int(n) for n in row - moved.labels[:, 0] if moved.labels[10, 0] < moved.labels[20, 0]} & {
            int(20 - moved.labels[20, 0])
        }
        heights.append(offset)
        expected = shifted_sample(sample, (offset, 0))
        turned += torch.equal(moved.image, flip(expected, 1).image)
        assert torch.equal(moved.image, expected.image) or torch.equal(moved.image, flip(expected, 1).image)
    assert (min(heights), max(heights)) == (-6, 6)
    assert 70 < turned < 130


def test_one_generator_state_gives_one_sample() -> None:
    one, two = (
        shift_and_flip(random_sample((9, 9)), torch.Generator().manual_seed(3), shares=(0.2, 0.2), flips=(0, 1))
        for _ in range(2)
    )
    assert torch.equal(one.image, two.image)


def test_bad_options_are_refused() -> None:
    sample, generator = random_sample((8, 9)), torch.Generator()
    with pytest.raises(ValueError, match=r"sigmas \(1,\).*each of the 2 spatial axes"):
        soften(torch.zeros(1, 1, 4, 4), (1,))
    with pytest.raises(ValueError, match=r"sigmas .*at least 0"):
        soften(torch.zeros(1, 1, 4), (-1,))
    with pytest.raises(ValueError, match=r"offsets \(1,\).*one for each axis"):
        shifted_sample(sample, (1,))
    for shares in ((0.1,), (0.1, 1.5), (0.1, -0.1)):
        with pytest.raises(ValueError, match=r"shares .*one in 0 to 1 for each axis"):
            shift_and_flip(sample, generator, shares=shares)
    with pytest.raises(ValueError, match=r"flips \(2,\) are not spatial axes"):
        shift_and_flip(sample, generator, shares=(0, 0), flips=(2,))
