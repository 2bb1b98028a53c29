"""Arrays in memory: which axis holds channels, and which arrays are refused."""

from __future__ import annotations

import numpy as np
import pytest

from unet_tutorial.datasets.arrays import content_of, image_of

RGB = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)
OPAQUE = np.dstack([RGB, np.full((8, 9), 255, np.uint8)])


@pytest.mark.parametrize(
    ("array", "rank", "axis", "wanted", "channels"),
    [
        (RGB[..., 0], 2, None, RGB[None, ..., 0], ("grey",)),
        (RGB[..., 0] > 100, 2, None, RGB[None, ..., 0] > 100, ("grey",)),
        (RGB, 2, None, np.moveaxis(RGB, -1, 0), ("red", "green", "blue")),
        (RGB, 2, -1, np.moveaxis(RGB, -1, 0), ("red", "green", "blue")),
        (RGB, 2, 0, RGB, tuple(f"channel {i}" for i in range(8))),
        (OPAQUE, 2, None, np.moveaxis(RGB, -1, 0), ("red", "green", "blue")),
        (RGB[..., :1], 2, -1, RGB[None, ..., 0], ("grey",)),
        (RGB, 3, None, RGB[None], ("grey",)),
        (np.stack([RGB, RGB]), 3, 0, np.stack([RGB, RGB]), ("channel 0", "channel 1")),
    ],
)
def test_channels_come_first(
    array: np.ndarray, rank: int, axis: int | None, wanted: np.ndarray, channels: tuple[str, ...]
) -> None:
    image = image_of(array, rank, axis)
    np.testing.assert_array_equal(image.array, wanted)
    assert image.channels == channels


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((5, 8, 9)), "say which holds the channels"),
        (np.zeros(8), "expected 2 axes, or 3 with channels"),
        (np.zeros((2, 2, 8, 9)), "expected 2 axes, or 3 with channels"),
        (np.zeros((0, 9)), "expected an array of numbers"),
        (np.array([["a"]]), "expected an array of numbers"),
    ],
)
def test_other_arrays_are_refused(array: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        image_of(array)


def test_an_axis_that_an_image_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(8, 9, 3\) has no axis 5; give channel_axis=0 or -1"):
        image_of(RGB, channel_axis=5)


def test_label_images_of_layers_have_an_axis_more() -> None:
    images = [np.zeros((8, 9)), np.zeros((8, 9))]
    for labels, layered in (([np.zeros((8, 9))] * 2, False), ([np.zeros((3, 8, 9))] * 2, True)):
        found = content_of(images, labels)
        assert [content.name for content in found] == ["000", "001"]
        assert [content.labels.layered for content in found] == [layered] * 2
    for wrong in ([], [np.zeros((8, 9))]):
        with pytest.raises(ValueError, match="pass one label image per image"):
            content_of(images, wrong)
