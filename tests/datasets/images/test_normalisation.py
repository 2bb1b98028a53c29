"""Normalisers against the definitions of mean, standard deviation and percentiles."""

import json

import numpy as np
import pytest

from unet_tutorial.datasets.images.files import standardise
from unet_tutorial.datasets.images.image import Array
from unet_tutorial.datasets.images.normalisation import METHODS, Normaliser

RNG = np.random.default_rng(0)
IMAGES = [RNG.integers(0, 200, (2, 12, 15), dtype=np.uint8), RNG.integers(50, 255, (2, 8, 9), dtype=np.uint8)]


def test_image_standardises_each_channel_of_each_image() -> None:
    for image in IMAGES:
        found = Normaliser.of(IMAGES)(image)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, np.stack([standardise(channel) for channel in image]))


def test_data_uses_the_pixels_of_all_training_images() -> None:
    pooled = np.concatenate([image.reshape(2, -1) for image in IMAGES], axis=1).astype(float)
    made = Normaliser.of(IMAGES, "data")
    for image in (*IMAGES, IMAGES[0] // 3):
        wanted = (image - pooled.mean(1)[:, None, None]) / pooled.std(1)[:, None, None]
        np.testing.assert_allclose(made(image), wanted, rtol=1e-5)


def test_data_keeps_a_dark_image_dark_and_a_tile_as_in_its_slide() -> None:
    made = Normaliser.of(IMAGES, "data")
    np.testing.assert_array_equal(made(IMAGES[0][:, 2:6, 3:7]), made(IMAGES[0])[:, 2:6, 3:7])
    assert made(IMAGES[0] // 4).mean() < -1


def test_percentile_maps_the_first_to_0_and_the_99th_to_1() -> None:
    image = np.stack([np.arange(101.0), np.full(101, 7.0)])[:, None]  # one channel is constant
    found = Normaliser("percentile")(image)[:, 0]
    np.testing.assert_allclose(found[0, [1, 50, 99]], [0, 0.5, 1], atol=1e-6)
    assert (found[1] == 0).all()


def test_none_keeps_the_values() -> None:
    np.testing.assert_array_equal(Normaliser("none")(IMAGES[0]), IMAGES[0])


@pytest.mark.parametrize("method", METHODS)
def test_nan_is_refused_and_notes_give_the_normaliser_back(method: str) -> None:
    made = Normaliser.of(IMAGES, method)
    assert Normaliser.from_notes(json.loads(json.dumps(made.notes()))) == made
    with pytest.raises(ValueError, match="1 of 4 pixels are NaN or infinite"):
        made(np.array([[[1, np.nan], [0, 1]], [[1, 1], [0, 1]]]))


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="--normalise zscore: write one of image, data, percentile, none"):
        Normaliser("zscore")


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (IMAGES[0], ""),
        (IMAGES[0] + np.uint8(40), ""),
        (np.stack([IMAGES[0][0] // 100, IMAGES[0][1]]), "red: its mean is 0.5056"),
        (np.stack([IMAGES[0][0], 100 + IMAGES[0][1] // 20]), "green: its standard deviation is"),
        (IMAGES[0].astype(np.uint16) * 257, "red: its mean is"),
    ],
)
def test_images_unlike_those_of_training_are_named(image: Array, words: str) -> None:
    found = Normaliser.of(IMAGES).warnings(image, ("red", "green"))
    assert words in " ".join(found)
    assert bool(found) == bool(words)
