"""Colours as integers and as text."""

import numpy as np
import pytest

from unet_tutorial.datasets.annotations.colours import colour_of, hex_colour, is_grey, packed, ready_made, some_colours


@pytest.mark.parametrize("text", ["#000000", "#ff0000", "#0a0b0c", "#ffffff"])
def test_text_and_colour_are_inverse(text: str) -> None:
    assert hex_colour(colour_of(f" {text.upper()} ")) == text


@pytest.mark.parametrize("text", ["", "red", "#ff00", "ff0000", "#ff000g", "#ff0000ff"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a colour; write six hexadecimal digits"):
        colour_of(text)


def test_packed_colours_differ_if_one_channel_differs() -> None:
    colours = np.array([[1, 2, 3], [3, 2, 1], [1, 2, 4], [2, 2, 3]], np.uint8)
    assert len(set(packed(colours).tolist())) == 4
    assert [is_grey(colour) for colour in packed(np.array([[7, 7, 7], [7, 7, 8]])).tolist()] == [True, False]


def test_lists_of_colours_are_cut_and_the_option_is_complete() -> None:
    assert some_colours(range(14)).endswith("#00000b and 2 more")
    assert ready_made([0xFFFFFF, 0x0000FF]) == "--colours '#0000ff=class 1,#ffffff=class 2'"
