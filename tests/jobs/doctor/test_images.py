"""Each fault of images is found where it was planted, and not in its healthy neighbour."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.jobs.doctor.in_memory import DATA, colour_pairs, pairs
from tests.jobs.doctor.planted import (
    Files,
    changed,
    images_changed,
    jpeg,
    masks_changed,
    membranes,
    overexposed,
    sixteen_bits,
    tissue,
    unfinished,
    with_masks_of,
)
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.doctor import images
from unet_tutorial.jobs.doctor.finding import Finding, Key
from unet_tutorial.jobs.recipe import Recipe

RECIPE = Recipe(DATA)
Check = Callable[[Mapping[Key, Pair], Recipe], list[Finding]]
CHECKS: list[Check] = [
    images.constant_images,
    images.saturated_images,
    images.mixed_ranges,
    images.missing_normalisation,
    images.exchanged_channels,
    images.jpeg_blocks,
    images.duplicates,
    images.equal_masks,
]


@pytest.mark.parametrize("check", CHECKS)
def test_healthy_images_are_silent(check: Check) -> None:
    assert check(pairs(membranes()), RECIPE) == []
    assert check(colour_pairs(tissue()), RECIPE) == []


def one(check: Check, files: Mapping[str, Files], **options: Any) -> Finding:
    (finding,) = check(pairs(files), replace(RECIPE, **options))
    return finding


def test_constant_images_are_counted() -> None:
    finding = one(images.constant_images, changed(membranes(), "01", images_changed(np.ones_like)))
    assert finding.sentence.startswith("1 of 8 images is constant")
    assert list(finding.changes) == [Key("train", "01")]


@pytest.mark.parametrize("dark", [False, True])
def test_clipping_at_both_ends_is_found(*, dark: bool) -> None:
    clip = (lambda image: 255 - overexposed(255 - image)) if dark else overexposed
    assert (
        "8 of 8 images are saturated"
        in one(images.saturated_images, changed(membranes(), "", images_changed(clip))).sentence
    )


def test_a_black_background_or_two_grey_levels_are_not_saturation() -> None:
    fluorescent = changed(membranes(), "", lambda each: Files(np.where(each.mask > 0, each.image, 0), each.mask))
    drawn = changed(membranes(), "", images_changed(lambda image: np.where(image > 120, 255, 0)))
    assert images.saturated_images(pairs(fluorescent), RECIPE) == []
    assert images.saturated_images(pairs(drawn), RECIPE) == []


@pytest.mark.parametrize(("method", "likelihood"), [("image", 0.65), ("data", 0.9)])
def test_mixed_ranges_matter_more_without_normalisation_per_image(method: str, likelihood: float) -> None:
    files = changed(membranes(), "02 03", images_changed(sixteen_bits))
    finding = one(images.mixed_ranges, files, normalise=method)
    assert finding.likelihood == likelihood
    assert "uint16, uint8" in finding.sentence


def test_dark_and_bright_images_of_one_camera_are_not_mixed() -> None:
    files = changed(membranes(), "02 03", images_changed(lambda image: image // 4))
    assert images.mixed_ranges(pairs(files), RECIPE) == []


def test_only_raw_values_need_a_normaliser() -> None:
    small = changed(membranes(), "", images_changed(lambda image: image / 255))
    assert images.missing_normalisation(pairs(small), replace(RECIPE, normalise="none")) == []
    assert "up to 2" in one(images.missing_normalisation, membranes(), normalise="none").evidence


@pytest.mark.parametrize("names", ["00", "02 05 07"])
def test_exchanged_channels_are_found_and_given_back(names: str) -> None:
    files = changed(tissue(), names, images_changed(lambda image: image[..., ::-1]))
    (finding,) = images.exchanged_channels(colour_pairs(files), RECIPE)
    assert {key.name for key in finding.changes} == set(names.split())
    for key, change in finding.changes.items():
        changed_back = change(colour_pairs(files)[key], {})
        assert changed_back is not None
        np.testing.assert_array_equal(changed_back.image, colour_pairs(tissue())[key].image)


def test_channels_of_random_colours_are_not_exchanged() -> None:
    rng = np.random.default_rng(1)
    files = {str(i): Files(rng.uniform(0, 255, 3) * rng.random((40, 40, 1)), np.eye(40)) for i in range(10)}
    assert images.exchanged_channels(colour_pairs(files), RECIPE) == []


@pytest.mark.parametrize(("quality", "count"), [(95, 0), (8, 1)])
def test_only_strong_jpeg_compression_is_found(quality: int, count: int) -> None:
    files = changed(membranes(), "", images_changed(lambda image: jpeg(image, quality)))
    assert len(images.jpeg_blocks(pairs(files), RECIPE)) == count


def test_blockiness_of_blocks_and_of_noise() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(1, 64, 64))
    assert images.blockiness(np.kron(rng.normal(size=(1, 8, 8)), np.ones((1, 8, 8))) + 0.1 * noise) > 3
    assert images.blockiness(noise) == pytest.approx(1.0, abs=0.1)
    assert images.blockiness(np.zeros((1, 64, 64))) == 1


def test_copies_are_worse_with_different_masks() -> None:
    copy = dict(membranes()) | {"copy": membranes()["00"]}
    assert one(images.duplicates, copy).likelihood < 0.9
    contradiction = changed(copy, "copy", masks_changed(unfinished))
    assert "with a different mask: 00 = copy" in one(images.duplicates, contradiction).sentence


def test_one_mask_of_several_images_is_found_unless_it_is_empty() -> None:
    assert "02 and 05" in one(images.equal_masks, with_masks_of(membranes(), {"02": "05"})).sentence
    empty = changed(membranes(), "02 05", masks_changed(np.zeros_like))
    assert images.equal_masks(pairs(empty), RECIPE) == []
