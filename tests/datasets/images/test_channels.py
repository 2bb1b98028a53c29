"""Axes are brought into the order (C, *size); channels are named, picked, and refused with the list of those there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unet_tutorial.datasets.images.channels import arrange, numbers_of
from unet_tutorial.datasets.images.decoded import ContentError, Decoded

RNG = np.random.default_rng(0)
SIZES = {"C": 2, "S": 3, "Z": 5, "Q": 4, "I": 4, "T": 6, "Y": 13, "X": 17}
RGB = ("red", "green", "blue")


def decoded(axes: str, **details: Any) -> Decoded:
    array = RNG.integers(0, 256, [details.pop(axis, SIZES[axis]) for axis in axes], dtype=np.uint8)
    return Decoded(array, axes, **details)


@pytest.mark.parametrize(
    ("axes", "wanted"),
    [
        ("YX", "YX"),
        ("XY", "YX"),
        ("ZYX", "ZYX"),
        ("YXZ", "ZYX"),
        ("QYX", "QYX"),
        ("IYX", "IYX"),
        ("TYX", "TYX"),
        ("YXS", "SYX"),
        ("SYX", "SYX"),
        ("YXC", "CYX"),
        ("ZCYX", "CZYX"),
        ("CZYX", "CZYX"),
        ("IYXS", "SIYX"),
        ("TCYX", "CTYX"),
    ],
)
def test_axes_are_put_in_order(axes: str, wanted: str) -> None:
    given = decoded(axes)
    image = arrange(given)
    expected = np.einsum(f"{axes.lower()}->{wanted.lower()}", given.array)
    np.testing.assert_array_equal(image.array, expected if wanted[0] in "CS" else expected[None])
    assert image.array.shape[0] == len(image.channels)
    assert image.remarks == (("its times are read as the slices of a stack",) if "T" in axes else ())


def test_channels_of_colours_are_all_kept() -> None:
    given = decoded("CYXS", channels=("a", "b"), samples=RGB)
    image = arrange(given)
    assert image.channels == ("a red", "a green", "a blue", "b red", "b green", "b blue")
    np.testing.assert_array_equal(image.array[4], given.array[1, :, :, 1])


def test_single_axes_are_dropped() -> None:
    assert arrange(decoded("TCZYX", T=1, C=1, Z=1)).array.shape == (1, 13, 17)
    assert arrange(decoded("TCZYX", T=1)).array.shape == (2, 5, 13, 17)
    assert arrange(decoded("QZYX", Q=1)).array.shape == (1, 5, 13, 17)
    assert arrange(decoded("QYX", Q=1)).array.shape == (1, 1, 13, 17)
    assert arrange(Decoded(np.ones((1, 1, 13, 17)), "QQYX")).array.shape == (1, 1, 13, 17)


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ("TZYX", "got 6 times of a stack .* save each time as a file of its own"),
        ("TCZYX", "got 6 times of a stack"),
        ("QZYX", "got 4 of them .*if they are channels, name them with --channels 0,1"),
        ("QIYX", r"shape \(4, 4, 13, 17\).*QI have no meaning here; save it with named axes"),
        ("YC", r"shape \(13, 2\).* save it with named axes"),
    ],
)
def test_axes_without_meaning_are_refused(axes: str, sentence: str) -> None:
    with pytest.raises(ContentError, match=sentence):
        arrange(decoded(axes))


def test_the_fourth_axis_of_a_volume_is_channels_if_asked_for() -> None:
    given = decoded("QZYX")
    np.testing.assert_array_equal(arrange(given, "3, 1").array, given.array[[3, 1]])


@pytest.mark.parametrize("axes", ["QYX", "IYX"])
def test_colours_in_an_unnamed_last_axis_are_refused(axes: str) -> None:
    for columns in (2, 3, 4):
        with pytest.raises(ContentError, match=f"this looks like {columns} channels in the last axis"):
            arrange(Decoded(np.zeros((40, 30, columns)), axes))
    assert arrange(Decoded(np.zeros((40, 30, 5)), axes)).array.shape == (1, 40, 30, 5)
    assert arrange(Decoded(np.zeros((5, 30, 4)), axes)).array.shape == (1, 5, 30, 4)


@pytest.mark.parametrize(
    ("channels", "numbers"), [("red", [0]), ("BLUE, red", [2, 0]), ("0,2", [0, 2]), ("green,0", [1, 0]), ("2", [2])]
)
def test_channels_are_picked_by_name_or_number(channels: str, numbers: list[int]) -> None:
    given = decoded("YXS", samples=RGB)
    image = arrange(given, channels)
    assert image.channels == tuple(RGB[number] for number in numbers)
    np.testing.assert_array_equal(image.array, np.moveaxis(given.array, -1, 0)[numbers])


@pytest.mark.parametrize("channels", ["yellow", "3", "-1", "red,,blue", "red;blue"])
def test_unknown_channels_are_refused_with_the_list(channels: str) -> None:
    with pytest.raises(ContentError, match=r"there is no channel '.*'; its channels are 0 red, 1 green, 2 blue"):
        arrange(decoded("YXS", samples=RGB), channels)


def test_a_channel_is_not_picked_twice_and_names_come_before_numbers() -> None:
    with pytest.raises(ContentError, match="names a channel twice"):
        numbers_of("red,0", RGB)
    assert numbers_of("1,0", ("1", "0", "2")) == [0, 1]


def test_equal_colours_are_grey_unless_colours_are_asked_for() -> None:
    grey = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
    given = Decoded(np.dstack([grey] * 3), "YXS", samples=RGB)
    image = arrange(given)
    assert image.channels == ("grey",)
    assert image.remarks == ("its colour channels are equal: read as a grey image",)
    np.testing.assert_array_equal(image.array[0], grey)
    assert arrange(given, "red,green,blue").channels == RGB
    assert len(arrange(Decoded(np.stack([grey] * 3), "CYX")).channels) == 3  # fluorescence, not colours


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_alpha_must_be_opaque_everywhere(dtype: type) -> None:
    opaque = 1 if dtype is np.float32 else np.iinfo(dtype).max
    array: NDArray[Any] = np.full((4, 5, 4), opaque, dtype)
    array[..., 0] = 0
    assert arrange(Decoded(array, "YXS", samples=(*RGB, "alpha"))).channels == RGB
    array[1, 2, 3] = 0
    with pytest.raises(ContentError, match=r"it is transparent in places.*--channels red,green,blue"):
        arrange(Decoded(array, "YXS", samples=(*RGB, "alpha")))


def test_spacing_follows_the_axes() -> None:
    spacing = {"X": 1.0, "Y": 2.0, "Z": 3.0, "T": 4.0}
    assert arrange(decoded("XZYC", spacing=spacing)).spacing == (3, 2, 1)
    assert arrange(decoded("YX", spacing=spacing)).spacing == (2, 1)
    assert arrange(decoded("TZYX", T=1, spacing=spacing)).spacing == (3, 2, 1)
    assert arrange(decoded("QYX", spacing=spacing)).spacing == ()


@pytest.mark.parametrize("array", [np.zeros((4, 5), complex), np.zeros((0, 5)), np.zeros((4, 5), "U3")])
def test_arrays_without_real_numbers_are_refused(array: NDArray[Any]) -> None:
    with pytest.raises(ContentError, match="expected an image of real numbers, got an array of shape"):
        arrange(Decoded(array, "YX"))


def test_palettes_too_short_are_refused() -> None:
    with pytest.raises(ContentError, match="its palette has 2 colours, but it uses number 2"):
        arrange(Decoded(np.array([[0, 2]]), "YX", palette=np.zeros((2, 3), np.uint8)))
