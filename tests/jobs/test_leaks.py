"""Copies of training images among others are found, whatever was done to them; other images are not suspected."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.paths import SHARED
from unet_tutorial.datasets.course_data import DATA
from unet_tutorial.datasets.folder import Pair, paired, read_folder
from unet_tutorial.datasets.images.files import read_image
from unet_tutorial.datasets.images.image import Array
from unet_tutorial.jobs.leaks import equal_up_to_symmetry, leaks, symmetries, thumbnail
from unet_tutorial.jobs.split import Split

EM = [pair.image[0] for pair in read_folder(DATA / "em/train")[:4]]
OTHER = read_folder(DATA / "em/test")[0].image[0]


def pair(name: str, *channels: Array) -> Pair:
    one = paired(name, channels[0], np.ones(channels[0].shape, np.int32))
    return one._replace(image=np.stack(channels))


TRAIN = [pair(f"train {number}", image) for number, image in enumerate(EM)]


def found(*others: Pair) -> list[str]:
    return leaks(Split(TRAIN, list(others)))


def jpeg(image: Array) -> Array:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=40)
    return np.asarray(Image.open(file))


def resized(image: Array) -> Array:
    return np.asarray(Image.fromarray(image).resize((180, 180), Image.Resampling.BILINEAR))


EQUAL: dict[str, Callable[[Array], Array]] = {
    "equal": lambda image: image.copy(),
    "mirrored": lambda image: image[:, ::-1],
    "rotated by 90°": np.rot90,
    "rotated by 180°": lambda image: np.rot90(image, 2),
    "transposed": lambda image: np.rot90(image)[::-1],
}
ALIKE: dict[str, Callable[[Array], Array]] = {
    "JPEG": jpeg,
    "another size": resized,
    "16 bit": lambda image: image.astype(np.uint16) * 257,
    "brighter": lambda image: (255 * (image / 255) ** 0.6).astype(np.uint8),
    "mirrored JPEG": lambda image: jpeg(np.rot90(image, 3)),
}


@pytest.mark.parametrize("change", EQUAL)
def test_equal_images(change: str) -> None:
    (sentence,) = found(pair("a", OTHER), pair("b", EQUAL[change](EM[2])))
    assert sentence.startswith(
        "1 of the 2 test images equals a training image, perhaps mirrored or rotated (b and train 2)"
    )


@pytest.mark.parametrize("change", ALIKE)
def test_nearly_equal_images(change: str) -> None:
    (sentence,) = found(pair("a", OTHER), pair("b", ALIKE[change](EM[2])))
    assert sentence.startswith("1 of the 2 test images is nearly equal to a training image")
    assert "(b and train 2)" in sentence


def test_validation_images_are_compared_as_well() -> None:
    (sentence,) = leaks(Split(TRAIN, [pair("a", OTHER)], [pair("b", EM[0])]))
    assert sentence.startswith("1 of the 1 validation images equal")


@pytest.mark.parametrize("name", ["em", "cells"])
def test_nothing_is_found_in_the_shipped_data(name: str) -> None:
    assert leaks(Split(*(read_folder(DATA / name / part) for part in ("train", "test")))) == []


def test_neighbouring_slices_and_frames_are_not_suspected() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not here")
    for folder in (SHARED / "isbi2012/train/images", SHARED / "ctc_dic_hela/01/images"):
        pairs = [pair(f"{number}", read_image(file)) for number, file in enumerate(sorted(folder.iterdir()))]
        assert leaks(Split(pairs[::2], pairs[1::2])) == []


def test_constant_and_random_images_are_not_suspected() -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (40, 40)).astype(np.uint8) for _ in range(40)]
    flat = np.full((40, 40), 7, np.uint8)
    train = [pair(f"{number}", image) for number, image in enumerate([*noise[:20], flat])]
    assert leaks(Split(train, [pair(f"t{number}", image) for number, image in enumerate([*noise[20:], flat])])) == []


def test_colours_and_volumes() -> None:
    rng = np.random.default_rng(0)
    colour = rng.random((3, 20, 30)).astype(np.float32)
    train = [pair("a", *colour)]
    assert len(leaks(Split(train, [pair("b", *np.rot90(colour, 1, (1, 2)))]))) == 1
    assert "nearly" in leaks(Split(train, [pair("b", *colour[::-1])]))[0]
    volume = rng.random((8, 20, 30))
    assert len(leaks(Split([pair("a", volume)], [pair("b", volume[::-1])]))) == 1
    assert leaks(Split([pair("a", volume)], [pair("b", rng.random((8, 20, 30)))])) == []


def test_slices_of_a_stack_on_both_sides() -> None:
    a, b = [[pair(f"{name}-{number:02}", EM[number]) for number in range(4)] for name in "ab"]
    one = [each._replace(image=each.image + np.uint8(0)) for each in a]
    (sentence,) = leaks(Split(one[:2], one[2:]))
    assert "slices of a are in the training set and in the test set" in sentence
    assert "use another stack for it" in sentence
    sentences = leaks(Split([a[0], b[1]], [a[2]]))
    assert sentences == [
        sentence.replace("use another stack for it, if there is one", "give --split-by '(.*)-[0-9]{2,}$'")
    ]
    assert leaks(Split([a[0]], [b[1]])) == []
    assert leaks(Split([a[0]], [a[1]], [])) != []
    assert (
        "the groups a of --split-by have images in the training set and in the test set"
        in (leaks(Split([a[0]], [a[1]]), "(.)-")[0])
    )


def test_all_symmetries_of_a_square_and_of_a_box() -> None:
    square = np.arange(9).reshape(1, 3, 3)
    assert len({view.tobytes() for view in symmetries(square)}) == 8
    box = np.arange(27).reshape(1, 3, 3, 3)
    assert len({view.tobytes() for view in symmetries(box)}) == 16
    assert not equal_up_to_symmetry(square, square[:, :, [1, 0, 2]])
    assert not equal_up_to_symmetry(square, square[:, :2])


def test_a_thumbnail_is_that_of_the_mirrored_image_mirrored() -> None:
    image = EM[0][None]
    np.testing.assert_allclose(thumbnail(image[:, ::-1]), thumbnail(image)[::-1], atol=1e-6)
    assert thumbnail(image).shape == (32, 32)
    assert np.linalg.norm(thumbnail(image)) == pytest.approx(1)
    assert not thumbnail(np.full((1, 50, 50), 3.0)).any()
    assert thumbnail(np.eye(5)[None]).shape == (32, 32)


def test_images_that_share_the_light_or_a_part_of_the_structure_are_not_suspected() -> None:
    rng = np.random.default_rng(0)
    common, *own = rng.normal(size=(5, 64, 64))
    light = 20 * np.hypot(*np.mgrid[-1:1:64j, -1:1:64j])
    lit = [pair(f"{number}", light + one) for number, one in enumerate(own)]
    assert leaks(Split(lit[:2], lit[2:])) == []
    related = [pair(f"{number}", 0.75 * common + 0.65 * one) for number, one in enumerate(own)]  # correlation 0.57
    assert leaks(Split(related[:2], related[2:])) == []
