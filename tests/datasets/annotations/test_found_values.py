"""Colour-coded label files, with a table and without."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.oracles.label_cases import BLACK, RED, Array, cells, classes, painted_with, raw
from unet_tutorial.datasets.annotations.encoding import encode
from unet_tutorial.datasets.annotations.label_kinds import decide
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.scheme import LabelScheme

GREEN, WHITE = (0, 255, 0), (255, 255, 255)
GREEN_LIKE_RED = (130, 0, 0), (0, 67, 0)  # the same luminance after rounding: 39
TABLE = "#ff0000=nucleus,#00ff00=membrane,#000000=background"
TRUTH = classes(3, 2)
SCHEME = LabelScheme("classes", ("background", "nucleus", "membrane"), (), ("#000000", "#ff0000", "#00ff00"))


def coloured(colours: Sequence[tuple[int, int, int]]) -> list[RawLabels]:
    return raw(painted_with(TRUTH, colours), coloured=True)


def test_a_colour_table_gives_classes() -> None:
    files = coloured([BLACK, RED, GREEN])
    assert decide(files, colours=TABLE) == SCHEME
    for file, truth in zip(files, TRUTH, strict=True):
        np.testing.assert_array_equal(encode(SCHEME, file).labels, truth)


def test_a_palette_is_read_by_its_colours_not_by_its_positions() -> None:
    palettes = [[BLACK, RED, GREEN], [GREEN, BLACK, RED], [RED, GREEN, BLACK]]  # each file may have its own
    positions = [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    files = [
        RawLabels(f"{number}.png", np.array(position)[truth], palette=np.array(palette, np.uint8))
        for number, (truth, palette, position) in enumerate(zip(TRUTH, palettes, positions, strict=True))
    ]
    assert decide(files, colours=TABLE) == SCHEME
    for file, truth in zip(files, TRUTH, strict=True):
        np.testing.assert_array_equal(encode(SCHEME, file).labels, truth)


def test_colours_of_one_luminance_are_different_classes() -> None:
    files = coloured([BLACK, *GREEN_LIKE_RED])
    scheme = decide(files, colours="#000000=background,#820000=a,#004300=b")
    np.testing.assert_array_equal(encode(scheme, files[0]).labels, TRUTH[0])


def test_grey_files_are_read_by_a_colour_table_too() -> None:
    empty = RawLabels("z.png", np.zeros((9, 9), np.uint8))
    scheme = decide([empty, *coloured([BLACK, RED, GREEN])], colours=TABLE)
    assert scheme == SCHEME
    assert not encode(scheme, empty).labels.any()
    mask = raw([file * 255 for file in classes(2, 1)])
    assert decide(mask, colours="#000000=background,#ffffff=cell").colours == ("#000000", "#ffffff")


def test_a_colour_of_unlabelled_pixels() -> None:
    files = coloured([BLACK, RED, WHITE])
    scheme = decide(files, colours="#000000=background,#ff0000=cell,#ffffff=unlabelled")
    assert (scheme.names, scheme.unlabelled) == (("background", "cell"), 0xFFFFFF)
    np.testing.assert_array_equal(encode(scheme, files[0]).known, TRUTH[0] != 2)


def test_regions_of_colours_are_instances_if_the_user_says_so() -> None:
    files = coloured([BLACK, RED, GREEN])
    scheme = decide(files, colours=TABLE, labels="instances")
    assert (scheme.kind, scheme.names) == ("instances", SCHEME.names)
    assert encode(scheme, files[0]).instances.max() == 12


def test_random_colours_are_cells_if_the_user_says_so() -> None:
    truth = cells(30)
    draw = np.random.default_rng(0).integers(1, 256, (30, 3))
    files = raw(painted_with(truth, [BLACK, *map(tuple, draw.tolist())]), coloured=True)
    found = encode(decide(files, labels="instances"), files[0])
    np.testing.assert_array_equal(found.labels, truth[0] > 0)
    assert found.instances.max() == 30


def test_a_palette_that_repeats_colours_keeps_cells_apart() -> None:
    truth = cells(30)[0]
    palette = np.array([BLACK, *[RED, GREEN, WHITE] * 10], np.uint8)
    files = [RawLabels("a.png", truth, palette=palette)]
    np.testing.assert_array_equal(encode(decide(files, labels="instances"), files[0]).instances, truth)


def smooth() -> list[Array]:
    """Red squares with smooth edges."""
    from scipy.ndimage import gaussian_filter

    red = [gaussian_filter(255.0 * (truth > 0), 1).astype(np.uint8) for truth in TRUTH]
    return [np.stack([each, 0 * each, 0 * each], axis=-1) for each in red]


REFUSED: dict[str, tuple[list[RawLabels], dict[str, Any], str]] = {
    "a colour that the table lacks": (
        coloured([BLACK, RED, GREEN]),
        {"colours": "#000000=background,#ff0000=a"},
        r"a\.png: 301 pixels have the colour #00ff00, which is not in the table #000000, #ff0000",
    ),
    "smooth edges": (
        raw(smooth(), coloured=True),
        {"colours": TABLE},
        r"a\.png: \d+ pixels .*more colours.*anti-aliased",
    ),
    "smooth edges, no table": (raw(smooth(), coloured=True), {}, "#000000, .* and [0-9]+ more.*anti-aliased"),
    "no table": (coloured([BLACK, RED, GREEN]), {}, r"a\.png: the labels are coloured .#000000, #00ff00, #ff0000."),
    "values instead of colours": (
        coloured([BLACK, RED, GREEN]),
        {"classes": "0=a,1=b,2=c"},
        "--colours '#000000=background",
    ),
    "names only": (coloured([BLACK, RED, GREEN]), {"classes": "a,b,c"}, "--colours '#000000=background"),
    "only one colour": (
        coloured([RED, RED, RED]),
        {"colours": TABLE},
        "hold only #ff0000, so there is nothing to learn",
    ),
    "colours for layers": (
        coloured([BLACK, RED, GREEN]),
        {"colours": TABLE, "labels": "layers"},
        "layers have no colours",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_colours_that_are_not_certain_are_refused(kind: str) -> None:
    files, options, message = REFUSED[kind]
    with pytest.raises(ValueError, match=message):
        decide(files, **options)


def test_the_pixels_of_a_missing_colour_are_counted() -> None:
    assert np.count_nonzero(TRUTH[0] == 2) == 301
