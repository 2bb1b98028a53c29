"""Planes are block means of slices; the numbers are those of plain loops."""

import numpy as np

from unet_tutorial.datasets.folder import Pair, paired
from unet_tutorial.jobs.doctor.finding import Key
from unet_tutorial.jobs.doctor.planes import normalised, planes_of, reduced

RNG = np.random.default_rng(0)


def test_blocks_have_the_means_of_their_pixels() -> None:
    array = RNG.normal(size=(2, 7, 9)).astype(np.float32)
    wanted = [[[one[3 * i : 3 * i + 3, 3 * j : 3 * j + 3].mean() for j in range(3)] for i in range(2)] for one in array]
    np.testing.assert_allclose(reduced(array, 3), wanted, rtol=1e-5)


def test_classes_become_shares_and_unlabelled_pixels_are_known() -> None:
    cells = np.array([[1, 1, 0, -1], [1, 0, 0, -1]], np.int32)
    (plane,) = planes_of({Key("train", "a"): paired("a", np.arange(8.0).reshape(2, 4), cells)}, 2, side=2, count=5)
    assert plane.step == 2
    assert plane.targets.tolist() == [[[0.75, 0.0]]]
    assert plane.known.tolist() == [[1.0, 0.5]]


def test_layers_are_targets_of_their_own() -> None:
    layers = np.stack([np.eye(4), np.ones((4, 4))]).astype(np.uint8)
    pair = Pair("a", RNG.normal(size=(3, 4, 4)), layers, layers[0].astype(np.int32), np.ones((4, 4), bool))
    (plane,) = planes_of({Key("train", "a"): pair}, 2, side=4, count=1)
    assert plane.image.shape == (3, 4, 4)
    np.testing.assert_array_equal(plane.targets, layers)


def test_volumes_give_labelled_slices() -> None:
    cells = np.zeros((6, 8, 8), np.int32)
    cells[3] = -1
    planes = planes_of({Key("train", "v"): paired("v", RNG.normal(size=(6, 8, 8)), cells)}, 2, side=8, count=9)
    assert [plane.name for plane in planes] == ["v (slice 1)", "v (slice 2)", "v (slice 4)"]


def test_constant_channels_become_zero() -> None:
    image = np.stack([np.full((3, 3), 7.0), np.arange(9.0).reshape(3, 3)]).astype(np.float32)
    result = normalised(image)
    assert not result[0].any()
    np.testing.assert_allclose((result[1].mean(), result[1].std()), (0.0, 1.0), atol=1e-6)
