"""Augmentation with options: the default equals ``augment``, each option stays in its range, bad ones are refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from tests.oracles.random_samples import matching_sample, random_sample
from unet_tutorial.learning.augment.augment import augment
from unet_tutorial.learning.augment.augmentation import RANGES, augmentation
from unet_tutorial.learning.augment.sample import Sample

ALL = {"elastic_sd": 1.0, "rotate": 40, "scale": 0.3, "brightness": 0.2, "contrast": 0.2, "gamma": 0.3, "noise": 0.1}
ALL |= {"blur": 0.8}


def equal(one: Sample, other: Sample) -> bool:
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in ("image", "labels", "weights"))


def drawn(options: dict[str, float], sample: Sample, seeds: int = 40) -> list[Sample]:
    change = augmentation(**({"brightness": 0, "contrast": 0} | options))
    return [change(sample, torch.Generator().manual_seed(seed)) for seed in range(seeds)]


@pytest.mark.parametrize("size", [(16, 16), (12, 17), (6, 12, 12)])
@pytest.mark.parametrize("sd", [0.0, 0.7])
def test_the_default_equals_augment_bit_for_bit(size: tuple[int, ...], sd: float) -> None:
    sample, generators = random_sample(size), [torch.Generator().manual_seed(5) for _ in range(2)]
    for _ in range(5):
        found, wanted = augmentation(elastic_sd=sd)(sample, generators[0]), augment(sample, generators[1], sd=sd)
        assert equal(found, wanted)
    assert torch.equal(generators[0].get_state(), generators[1].get_state())


@pytest.mark.parametrize("size", [(20, 20), (5, 12, 14)])
def test_with_all_options_it_is_a_function_of_the_generator(size: tuple[int, ...]) -> None:
    sample, change = random_sample(size), augmentation(**ALL)
    first, again, other = (change(sample, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert equal(first, again)
    assert not torch.equal(first.image, other.image)
    assert first.image.isfinite().all()
    assert set(first.labels.unique().tolist()) <= set(sample.labels.unique().tolist())


def test_labels_and_layers_move_alike() -> None:
    sample = matching_sample(3)
    layers = Sample(sample.image, torch.stack((sample.labels, 1 - sample.labels)).float(), sample.weights)
    change = augmentation(**ALL)
    classes, layered = (change(each, torch.Generator().manual_seed(1)) for each in (sample, layers))
    assert torch.equal(layered.labels[0], classes.labels.float())
    assert torch.equal(layered.labels[1], 1 - classes.labels.float())
    assert layered.labels.dtype == torch.float32


@pytest.mark.parametrize(
    ("option", "strength", "measure", "largest"),
    [
        ("brightness", 0.4, lambda image: float(image.mean()) - 0.5, 0.4),
        ("contrast", 0.4, lambda image: float(image.max()) - 1, 0.4),
        ("gamma", 0.5, lambda image: math.log2(math.log(float(image.median()), 0.5)), math.log2(1.5)),
    ],
)
def test_changes_of_gray_levels_fill_their_range(
    option: str, strength: float, measure: Callable[[torch.Tensor], float], largest: float
) -> None:
    image = torch.tensor([0.0, 0.5, 1.0]).expand(1, 10, 3).contiguous()
    sample = Sample(image, torch.zeros(image.shape[1:], dtype=torch.int64), torch.ones(image.shape[1:]))
    found = [abs(measure(each.image)) for each in drawn({option: strength}, sample)]
    assert 0.8 * largest < max(found) < 1.1 * largest
    assert min(found) < 0.3 * largest


def test_noise_fills_its_range() -> None:
    sample = Sample(torch.zeros(1, 40, 41), torch.zeros(40, 41, dtype=torch.int64), torch.ones(40, 41))
    found = [float(each.image.std()) for each in drawn({"noise": 0.4}, sample)]
    assert 0.35 < max(found) < 0.42
    assert min(found) < 0.05


def test_scale_and_rotation_fill_their_range() -> None:
    y, x = torch.meshgrid(torch.arange(81.0) - 40, torch.arange(81.0) - 40, indexing="ij")
    disc = ((y**2 + x**2) < 15**2).long()
    areas = [float(each.labels.sum() / disc.sum()) for each in drawn({"scale": 0.3}, as_sample(disc))]
    assert 1 / 1.69 - 0.05 < min(areas) < 0.7
    assert 1.45 < max(areas) < 1.69 + 0.05
    bar = ((y.abs() < 3) & (x.abs() < 20)).long()
    angles = []
    for each in drawn({"rotate": 30}, as_sample(bar)):
        rows, columns = (each.labels * y).double(), (each.labels * x).double()
        angle = math.degrees(0.5 * math.atan2(2 * float((rows * columns).sum()), float((columns**2 - rows**2).sum())))
        angles.append((angle + 45) % 90 - 45)  # up to quarter turns
    assert 24 < max(angles) < 31
    assert -31 < min(angles) < -24


def as_sample(labels: torch.Tensor) -> Sample:
    return Sample(labels[None].float(), labels, labels.float())


def test_blur_lowers_the_contrast() -> None:
    sample = random_sample((30, 31))
    spreads = [float(each.image.std() / sample.image.std()) for each in drawn({"blur": 2}, sample)]
    assert max(spreads) == pytest.approx(1, abs=0.05)
    assert 0.1 < min(spreads) < 0.25


@pytest.mark.parametrize("option", RANGES)
@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, 1e9, "much"])
def test_values_out_of_range_are_refused_by_name(option: str, value: float) -> None:
    if value == 1e9 and math.isinf(RANGES[option][0]):
        return
    with pytest.raises(ValueError, match=f"^{option} {value}: expected a finite number .* or 0 for none"):
        augmentation(**{option: value})
