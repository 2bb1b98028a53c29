"""Layers: a mask for each class, in files or channels."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.oracles.label_cases import classes, raw
from unet_tutorial.datasets.annotations.label_kinds import decide
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.scheme import LabelScheme

FILES = [np.stack([first > 0, second > 0]) for first, second in zip(classes(3, 1), classes(6, 1)[3:], strict=True)]
EMPTY = np.zeros_like(FILES[0])


def layers(arrays: list[NDArray[Any]], *names: str) -> list[RawLabels]:
    return raw(arrays, layered=True, names=names)


def test_layers_are_named_by_their_files_or_numbered_or_by_the_user() -> None:
    assert decide(layers(FILES, "a", "b")) == LabelScheme("layers", ("a", "b"))
    assert decide(layers(FILES)).names == ("layer 1", "layer 2")
    assert decide(layers(FILES, "a", "b"), classes="nucleus,membrane").names == ("nucleus", "membrane")
    assert decide(layers(FILES), known_names={0: "x", 1: "y"}).names == ("x", "y")


@pytest.mark.parametrize("value", [1, 255, 65535])
def test_layers_of_any_value(value: int) -> None:
    assert decide(layers([file * value for file in FILES]), unlabelled=7) == LabelScheme(
        "layers", ("layer 1", "layer 2"), unlabelled=7
    )


def test_a_layer_may_be_empty_in_some_files() -> None:
    assert decide(layers([EMPTY, *FILES])).layered


def test_one_mask_and_rgb_channels_are_layers_if_the_user_says_so() -> None:
    assert decide(raw(classes(3, 1)), labels="layers").names == ("layer 1",)
    rgb = [np.stack([*file, file[0] & ~file[1]], axis=-1) * np.uint8(255) for file in FILES]
    assert decide(raw(rgb, coloured=True), labels="layers").names == ("red", "green", "blue")


REFUSED: dict[str, tuple[list[RawLabels], dict[str, Any], str]] = {
    "as classes": (layers(FILES), {"labels": "classes"}, "write --labels layers, or save one file per image"),
    "a layer that is always empty": (
        layers([np.stack([*file, 0 * file[0]]) for file in FILES], "a", "b", "c"),
        {},
        "the layer c is 0 in every pixel",
    ),
    "a layer that is always full": (
        layers([np.stack([*file, file[0] | True]) for file in FILES]),
        {},
        "layer 3 is 1 in every",
    ),
    "equal layers": (
        layers([np.stack([*file, file[0]]) for file in FILES]),
        {},
        "layers layer 1 and layer 3 are equal",
    ),
    "smooth edges": (
        layers([file * 200 + file[::-1] * 50 for file in FILES], "a", "b"),
        {},
        "layer a holds 0, .*threshold",
    ),
    "classes as layers": (raw(classes(3, 3)), {"labels": "layers"}, "holds 0, 1, 2, 3, but a layer is 0"),
    "other names": ([*layers(FILES, "a", "b"), *layers(FILES, "a", "c")], {}, "are a, c, but those of a.png are a, b"),
    "another number": ([*layers(FILES), *layers([file[:1] for file in FILES])], {}, "are 1, but those of a.png are 2"),
    "too few names": (layers(FILES), {"classes": "a"}, "2 classes .layer 1, layer 2., but 1 names"),
    "values": (layers(FILES), {"classes": "0=a,1=b"}, "layers, which have no values; give only names"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_layers_that_cannot_be_learned_are_refused(kind: str) -> None:
    files, options, message = REFUSED[kind]
    with pytest.raises(ValueError, match=message):
        decide(files, **options)
