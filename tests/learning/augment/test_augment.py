"""Flips and turns against numpy's, and the random draws of ``augment``."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
import torch

from tests.oracles.random_samples import SIZES, random_sample
from unet_tutorial.learning.augment.augment import augment, flip, gray_shift, quarter_turns
from unet_tutorial.learning.augment.sample import Sample


@pytest.mark.parametrize("size", SIZES)
def test_flips_are_those_of_numpy(size: tuple[int, ...]) -> None:
    sample = random_sample(size)
    for axis in range(len(size)):
        flipped = flip(sample, axis)
        np.testing.assert_array_equal(flipped.image, np.flip(sample.image.numpy(), axis + 1))
        np.testing.assert_array_equal(flipped.labels, np.flip(sample.labels.numpy(), axis))
        np.testing.assert_array_equal(flipped.weights, np.flip(sample.weights.numpy(), axis))


@pytest.mark.parametrize("turns", [-1, 0, 1, 2, 3])
@pytest.mark.parametrize("axes", [(0, 1), (1, 0), (1, 2), (0, 2)])
def test_turns_are_those_of_numpy(turns: int, axes: tuple[int, int]) -> None:
    size = (4, 5, 6)[: max(axes) + 1]
    sample = random_sample(size)
    turned = quarter_turns(sample, turns, axes)
    np.testing.assert_array_equal(turned.image, np.rot90(sample.image.numpy(), turns, (axes[0] + 1, axes[1] + 1)))
    np.testing.assert_array_equal(turned.labels, np.rot90(sample.labels.numpy(), turns, axes))
    np.testing.assert_array_equal(turned.weights, np.rot90(sample.weights.numpy(), turns, axes))


def test_gray_shift_moves_the_image_alone() -> None:
    sample = random_sample((8, 9))
    shifted = gray_shift(sample, 1.5, -0.25)
    np.testing.assert_allclose(shifted.image, sample.image.numpy() * np.float32(1.5) - np.float32(0.25), rtol=1e-6)
    assert shifted.labels is sample.labels
    assert shifted.weights is sample.weights


@pytest.mark.parametrize("size", [(24, 24), (16, 24), (6, 12, 12), (6, 9, 12)])
def test_augment_is_a_function_of_the_seed(size: tuple[int, ...]) -> None:
    sample = random_sample(size)
    first, again, other = (augment(sample, torch.Generator().manual_seed(s), sd=1.0) for s in (4, 4, 5))
    for name in ("image", "labels", "weights"):
        assert torch.equal(getattr(first, name), getattr(again, name))
        assert getattr(first, name).dtype == getattr(sample, name).dtype
    assert not torch.equal(first.image, other.image)
    assert first.size == size
    assert set(first.labels.flatten().tolist()) <= set(sample.labels.flatten().tolist())


def test_augment_ignores_and_keeps_the_global_generator() -> None:
    sample = random_sample((12, 12))
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = augment(sample, torch.Generator().manual_seed(0))
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert torch.equal(first.image, augment(sample, torch.Generator().manual_seed(0)).image)


def test_augment_without_deformation_reaches_the_eight_symmetries_and_no_more() -> None:
    sample = random_sample((5, 5))
    square = sample.labels.numpy()
    wanted = {np.rot90(s, k).tobytes() for s in (square, square[::-1]) for k in range(4)}
    seen = [augment(sample, torch.Generator().manual_seed(s), sd=0) for s in range(80)]
    assert {np.ascontiguousarray(s.labels).tobytes() for s in seen} == wanted
    gains = [float((s.image.max() - s.image.min()) / (sample.image.max() - sample.image.min())) for s in seen]
    assert 0.9 <= min(gains) < 0.95 < 1.05 < max(gains) <= 1.1
    offsets = [float(s.image.mean()) - gain * float(sample.image.mean()) for s, gain in zip(seen, gains, strict=True)]
    assert -0.1 <= min(offsets) < -0.05 < 0.05 < max(offsets) <= 0.1


def test_augment_moves_all_three_alike() -> None:
    labels = torch.randint(2, (64, 64), generator=torch.Generator().manual_seed(0))
    labels = labels.repeat_interleave(8, 0).repeat_interleave(8, 1)[:256, :256].contiguous()
    moved = augment(Sample(labels[None].float(), labels, labels.float()), torch.Generator().manual_seed(3), sd=5.0)
    assert torch.equal(moved.weights, moved.labels.float())
    image = moved.image[0] > (moved.image.max() + moved.image.min()) / 2
    assert float((image == (moved.labels == 1)).float().mean()) > 0.97  # linear and nearest differ at edges only


def test_inputs_are_left_alone() -> None:
    sample = random_sample((12, 12))
    before = [tensor.clone() for tensor in (sample.image, sample.labels, sample.weights)]
    augment(sample, torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(before, astuple(sample), strict=True))


def test_bad_arguments_are_refused() -> None:
    sample = random_sample((8, 8))
    for axis in (2, -1):
        with pytest.raises(ValueError, match=rf"axis {axis} is not a spatial axis.*pass 0 to 1"):
            flip(sample, axis)
    with pytest.raises(ValueError, match="axis 2"):
        quarter_turns(sample, 1, (1, 2))
    with pytest.raises(ValueError, match="NaN or infinity"):
        augment(sample, torch.Generator(), sd=float("nan"))
    with pytest.raises(ValueError, match="2 or 3 axes"):
        augment(random_sample((8,)), torch.Generator())
