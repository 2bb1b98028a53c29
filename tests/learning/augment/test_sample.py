"""Samples: shapes and dtypes that fit, and one function applied to all three tensors."""

from __future__ import annotations

import pytest
import torch

from tests.oracles.random_samples import SIZES, random_sample
from unet_tutorial.learning.augment.sample import Sample


@pytest.mark.parametrize("size", SIZES)
def test_size_is_spatial_and_a_function_is_applied_to_all_three(size: tuple[int, ...]) -> None:
    sample = random_sample(size, channels=3)
    assert sample.size == size
    rolled = sample.apply(lambda tensor: tensor.roll(1, -1))
    for name in ("image", "labels", "weights"):
        tensor = getattr(sample, name)
        assert torch.equal(getattr(rolled, name), torch.cat((tensor[..., -1:], tensor[..., :-1]), dim=-1))


def test_a_function_that_separates_the_three_is_refused() -> None:
    with pytest.raises(ValueError, match="do not match"):
        random_sample((8, 9)).apply(lambda tensor: tensor[:4])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"image": torch.zeros(1, 8, 9)}, r"do not match.*needed \(C, \*spatial\)"),
        ({"image": torch.zeros(8, 8)}, "do not match"),
        ({"weights": torch.zeros(1, 8, 8)}, "do not match"),
        ({"labels": torch.zeros(8, 8)}, r"labels is torch.float32, not torch.int64; call labels.to\(torch.int64\)"),
        ({"image": torch.zeros(1, 8, 8, dtype=torch.uint8)}, "image is torch.uint8"),
        ({"weights": torch.zeros(8, 8, dtype=torch.float64)}, "weights is torch.float64"),
    ],
)
def test_samples_that_do_not_fit_are_refused(change: dict[str, torch.Tensor], says: str) -> None:
    sample = random_sample((8, 8), channels=1)
    parts = {"image": sample.image, "labels": sample.labels, "weights": sample.weights} | change
    with pytest.raises(ValueError, match=says):
        Sample(**parts)


def test_layers_have_a_channel_axis_and_are_floats() -> None:
    image, weights = torch.zeros(3, 4, 5), torch.zeros(4, 5)
    sample = Sample(image, torch.zeros(2, 4, 5), weights)
    assert sample.size == (4, 5)
    assert sample.apply(lambda array: array.rot90(1, (-2, -1))).labels.shape == (2, 5, 4)
    with pytest.raises(ValueError, match=r"labels is torch.int64, not torch.float32"):
        Sample(image, torch.zeros(2, 4, 5, dtype=torch.int64), weights)
    for labels in (torch.zeros(0, 4, 5), torch.zeros(2, 5, 4), torch.zeros(1, 2, 4, 5)):
        with pytest.raises(ValueError, match=r"\(\*spatial\) or \(L, \*spatial\)"):
            Sample(image, labels, weights)


def test_samples_without_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="not empty"):
        Sample(torch.zeros(1, 0, 4), torch.zeros(0, 4, dtype=torch.int64), torch.zeros(0, 4))
