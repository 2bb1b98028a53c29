"""Leaks between training and test images."""

from dataclasses import replace

import numpy as np
import pytest

from tests.jobs.doctor.in_memory import DATA, pairs
from tests.jobs.doctor.planted import Files, changed, images_changed, jpeg, membranes
from unet_tutorial.jobs.doctor.finding import Key
from unet_tutorial.jobs.doctor.splits import leaked_images, unlike_training
from unet_tutorial.jobs.recipe import Recipe

RECIPE = Recipe(DATA)
TRAIN = {key: pair for key, pair in pairs(membranes()).items() if key.name < "06"}
TEST = {key: pair for key, pair in pairs(membranes(), "test").items() if key.name >= "06"}


def test_other_images_are_no_leak() -> None:
    assert leaked_images(TRAIN, TEST, RECIPE) == []
    assert leaked_images(TRAIN, {}, RECIPE) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        np.rot90,
        lambda image: np.minimum(image, 205) + 50,
        lambda image: 200 * image.astype(np.uint16),
        lambda image: jpeg(image, 50),
    ],
    ids=["copy", "rotated", "brighter", "16 bits", "JPEG"],
)
def test_versions_of_a_training_image_are_leaks(change: object) -> None:
    files = changed({"x": membranes()["03"]}, "", images_changed(change))  # type: ignore[arg-type]
    (finding,) = leaked_images(TRAIN, TEST | pairs(files, "test"), RECIPE)
    assert finding.sentence.endswith("x = 03")
    assert list(finding.changes) == [Key("test", "x")]


def test_slices_of_one_stack_are_left_to_the_remarks() -> None:
    image = membranes()["03"]
    train, test = pairs({"stack-00": image}), pairs({"stack-01": image}, "test")
    assert leaked_images(train, test, RECIPE) == []


@pytest.mark.parametrize(("method", "count"), [("data", 1), ("none", 1), ("image", 0)])
def test_brightness_matters_without_normalisation_per_image(method: str, count: int) -> None:
    bright = pairs({"x": Files(10 * membranes()["07"].image.astype(np.uint16), membranes()["07"].mask)}, "test")
    assert len(unlike_training(TRAIN, bright, replace(RECIPE, normalise=method))) == count
    assert unlike_training(TRAIN, TEST, replace(RECIPE, normalise=method)) == []
