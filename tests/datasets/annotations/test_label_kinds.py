"""The meaning of label files against the way in which they were made, for many kinds of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.oracles.label_cases import (
    Array,
    blurred,
    cells,
    chosen,
    classes,
    distance_maps,
    files_of,
    numbered_through,
    painted_with,
    photographs,
    raw,
    recoded,
    rings,
    shrunk,
    squares,
)
from unet_tutorial.datasets.annotations.encoding import encode
from unet_tutorial.datasets.annotations.label_kinds import absent, decide, sentence
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.scheme import LabelScheme

BOTH = r"--labels classes .*--labels instances"
SMOOTH = "smooth .anti-aliased. edges"
BLACK, RED, GREEN, WHITE = (0, 0, 0), (255, 0, 0), (0, 255, 0), (255, 255, 255)
ZEROS, ONES = np.zeros((96, 96), np.uint8), np.ones((96, 96), np.uint8)
BINARY, THREE = classes(3, 1), classes(3, 3)
CRACKS = np.outer(np.arange(192) % 6 > 0, np.arange(192) % 6 > 0)
PALETTE = np.array([BLACK, RED, GREEN, WHITE], np.uint8)

# name: (files, options, values of the classes in order)
CLASSES: dict[str, tuple[Sequence[RawLabels], dict[str, Any], tuple[int, ...]]] = {
    "0 and 1": (raw(BINARY), {}, (0, 1)),
    "0 and 255": (raw(recoded(BINARY, [0, 255])), {}, (0, 255)),
    "0 and 65535": (raw(recoded(BINARY, [0, 65535])), {}, (0, 65535)),
    "0 and 128": (raw(recoded(BINARY, [0, 128])), {}, (0, 128)),
    "0 and 2": (raw(recoded(BINARY, [0, 2])), {}, (0, 2)),
    "booleans": (raw([file > 0 for file in BINARY]), {}, (0, 1)),
    "floats": (raw([file * 1.0 for file in BINARY]), {}, (0, 1)),
    "signed": (raw([file.astype(np.int8) for file in BINARY]), {}, (0, 1)),
    "one place per file": (raw(files_of([1, 1, 1], lambda *_: [1])), {}, (0, 1)),
    "some files empty, some full": (raw([ZEROS, ONES, BINARY[0]]), {}, (0, 1)),
    "a full file of 255": (raw([ONES * 255, BINARY[0] * 255]), {}, (0, 255)),
    "empty and full files only": (raw([ZEROS, ONES]), {}, (0, 1)),
    "four classes": (raw(THREE), {}, (0, 1, 2, 3)),
    "four classes, one file": (raw(classes(1, 3)), {}, (0, 1, 2, 3)),
    "four classes, not all in each file": (raw([*classes(2, 2), *recoded(classes(2, 2), [0, 3, 1])]), {}, (0, 1, 2, 3)),
    "classes and an empty file": (raw([ZEROS, *THREE]), {}, (0, 1, 2, 3)),
    "a class in one place": (raw(files_of([13] * 3, lambda *_: [1] * 6 + [2] * 6 + [3])), {}, (0, 1, 2, 3)),
    "nested classes": (raw(rings(3)), {}, (0, 1, 2)),
    "gaps": (raw(recoded(classes(3, 2), [0, 1, 5])), {}, (0, 1, 5)),
    "gaps, stated": (raw(recoded(classes(3, 2), [0, 1, 5])), {"labels": "classes"}, (0, 1, 5)),
    "a stack": (raw([np.stack(THREE)]), {}, (0, 1, 2, 3)),
    "1 and 2, stated": (raw(recoded(BINARY, [1, 2])), {"labels": "classes"}, (1, 2)),
    "254 and 255, stated": (raw(recoded(BINARY, [254, 255])), {"labels": "classes"}, (254, 255)),
    "255 is a class": (raw(recoded(THREE, [0, 1, 2, 255])), {"labels": "classes"}, (0, 1, 2, 255)),
    "255 is unlabelled": (raw(recoded(THREE, [0, 1, 2, 255])), {"unlabelled": 255}, (0, 1, 2)),
    "255 is unlabelled beside 0 and 1": (raw(recoded(classes(3, 2), [0, 1, 255])), {"unlabelled": 255}, (0, 1)),
    "-1 is unlabelled": (raw(recoded(classes(3, 2), [0, 1, -1])), {"unlabelled": -1}, (0, 1)),
    "0 is unlabelled": (raw(recoded(classes(3, 2), [0, 1, 2])), {"unlabelled": 0, "labels": "classes"}, (1, 2)),
    "a file of unlabelled pixels": (raw([ONES * 255, *THREE]), {"unlabelled": 255}, (0, 1, 2, 3)),
    "a class in one place each, stated": (raw(cells(*[3] * 5)), {"labels": "classes"}, (0, 1, 2, 3)),
    "a thin rim, stated": (raw(recoded(rings(1), [0, 128, 255])), {"labels": "classes"}, (0, 128, 255)),
    "single pixels of classes, stated": (
        raw([np.where(np.random.default_rng(seed).random((64, 64)) < 0.01, 1 + seed, 0) for seed in range(3)]),
        {"labels": "classes"},
        (0, 1, 2, 3),
    ),
    "a noisy map of 10 classes, stated": (
        raw([np.random.default_rng(seed).integers(0, 10, (64, 64)) for seed in range(2)]),
        {"labels": "classes"},
        tuple(range(10)),
    ),
    "values with names": (raw(THREE), {"classes": "0=background,1=a,2=b,3=c"}, (0, 1, 2, 3)),
    "values with names, another order": (raw(THREE), {"classes": "3=c,2=b,1=a,0=background"}, (0, 3, 2, 1)),
    "the background is not 0": (raw(recoded(BINARY, [1, 2])), {"classes": "2=cell,1=background"}, (1, 2)),
    "a stated class that no file holds": (raw(classes(3, 2)), {"classes": "0=b,1=c,2=d,7=e"}, (0, 1, 2, 7)),
    "unlabelled among the names": (
        raw(recoded(THREE, [0, 1, 2, 255])),
        {"classes": "0=b,1=c,2=d,255=unlabelled"},
        (0, 1, 2),
    ),
    "a name for each of more than two values": (raw(cells(3, 3)), {"classes": "background,a,b,c"}, (0, 1, 2, 3)),
    "names of the data set": (
        raw(cells(3, 3)),
        {"known_names": {0: "background", 1: "a", 2: "b", 3: "c"}},
        (0, 1, 2, 3),
    ),
    "RGB files that are grey": (
        raw([np.stack([file] * 3, -1) for file in recoded(BINARY, [0, 255])], coloured=True),
        {},
        (0, 255),
    ),
    "a palette of black and white": (raw([file * 3 for file in BINARY], palette=PALETTE), {}, (0, 255)),
    "a palette of white and black": (raw(recoded(BINARY, [3, 0]), palette=PALETTE), {}, (0, 255)),
}


def unnamed(values: tuple[int, ...]) -> tuple[str, ...]:
    names = tuple("background" if value == 0 else f"class {value}" for value in values)
    return ("background", "cell") if len(values) == 2 and 0 in values else names


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_are_found(kind: str) -> None:
    files, options, values = CLASSES[kind]
    scheme = decide(files, **options)
    assert (scheme.kind, scheme.values) == ("classes", values)
    if not options.keys() & {"classes", "known_names"}:
        assert scheme.names == unnamed(values)
    assert sentence(scheme).startswith(f"labels: {len(values)} classes {values[0]}")


def test_a_palette_of_white_and_black_is_read_as_it_is_seen() -> None:
    (seen,) = raw(BINARY[:1])
    (stored,) = raw(recoded(BINARY[:1], [0, 3]), palette=np.array([BLACK, RED, RED, WHITE], np.uint8))
    (inverse,) = raw(recoded(BINARY[:1], [3, 0]), palette=np.array([WHITE, RED, RED, BLACK], np.uint8))
    wanted = encode(decide([seen]), seen).labels
    for file in (stored, inverse):
        np.testing.assert_array_equal(encode(decide([file]), file).labels, wanted)


CELLS: dict[str, tuple[Sequence[RawLabels], dict[str, Any]]] = {
    "22 in each file": (raw(cells(22, 22, 22)), {}),
    "60 in each file": (raw(cells(60, 60)), {}),
    "22 in one file": (raw(cells(22)), {}),
    "numbered 1 .. n": (raw(cells(8, 9, 12, 7)), {}),
    "numbered 1 .. n, and an empty file": (raw([ZEROS, *cells(8, 9, 12, 7)]), {}),
    "numbered through all files": (raw(numbered_through(9, 8, 11)), {}),
    "gaps": (raw(chosen(3, 30, range(1, 60))), {}),
    "numbers above 65535": (raw([file * 70_000 for file in cells(30, 33, 31)]), {}),
    "uint16": (raw([file.astype(np.uint16) for file in cells(30, 33, 31)]), {}),
    "numbers of 10 digits": (raw([(file * 10**9).astype(np.uint64) for file in cells(30, 33, 31)]), {}),
    "floats": (raw([file.astype(np.float32) for file in cells(30, 33, 31)]), {}),
    "more than 255 in all": (raw(numbered_through(*[60] * 5)), {}),
    "a stack, numbered through": (raw([np.repeat(cells(25)[0][None], 5, axis=0)]), {}),
    "a stack, each slice from 1": (raw([np.stack(cells(25, 28, 30))]), {}),
    "no background": (raw([1 + np.arange(30).reshape(5, 6).repeat(12, 0).repeat(12, 1)]), {}),
    "unlabelled pixels": (raw([np.where(file == 3, 65535, file) for file in cells(30, 33, 31)]), {"unlabelled": 65535}),
    "3 in each of 10 files, stated": (raw(cells(*[3] * 10)), {"labels": "instances"}),
    "12 in each file, stated": (raw(cells(12, 12)), {"labels": "instances"}),
    "in several pieces, stated": (raw(classes(3, 5, 4)), {"labels": "instances"}),
    "many in several pieces, stated": (raw(classes(3, 20, 3)), {"labels": "instances"}),
    "of a pixel, stated": (
        raw([np.diag(np.arange(40))[:, ::-1].repeat(2, 1) * (np.arange(80) % 2)]),
        {"labels": "instances"},
    ),
    "pieces of a pixel, stated": (
        raw([np.where(np.random.default_rng(1).random((64, 64)) < 0.05, np.arange(64) // 4 + 1, 0)]),
        {"labels": "instances"},
    ),
    "255 of 256 cells, stated": (
        raw([np.arange(256).reshape(16, 16).repeat(6, 0).repeat(6, 1)]),
        {"labels": "instances"},
    ),
    "although the data set names two classes": (
        raw(cells(22)),
        {"labels": "instances", "known_names": {0: "b", 1: "c"}},
    ),
    "a colour each, stated": (
        raw(painted_with(cells(22), [BLACK, *((7 * n, 255 - n, 3) for n in range(22))]), coloured=True),
        {"labels": "instances"},
    ),
    "a layer each, stated": (
        [RawLabels("a", np.stack([squares(0, range(1, 9)) == number for number in range(1, 9)]), layered=True)],
        {"labels": "instances"},
    ),
}


@pytest.mark.parametrize("kind", CELLS)
def test_cells_are_found(kind: str) -> None:
    files, options = CELLS[kind]
    scheme = decide(files, **options)
    assert scheme == LabelScheme("instances", unlabelled=options.get("unlabelled"))
    counts = [int(encode(scheme, file).instances.max()) for file in files]
    assert sentence(scheme, counts).startswith("labels: instances of one class, ")


def wrapped(count: int) -> Array:
    """Cells of 3² pixels numbered 1 .. count, saved with 8 bits: number 257 becomes 1."""
    numbers = np.zeros(400, np.uint8)
    numbers[:count] = np.arange(1, count + 1) % 256
    return np.kron(numbers.reshape(20, 20), np.pad(np.ones((3, 3), np.uint8), (0, 2)))


REFUSED: dict[str, tuple[Sequence[RawLabels], dict[str, Any], str]] = {
    "no file": ([], {}, "there are no label files"),
    "nothing but 0": (raw([ZEROS] * 3), {}, "a.png and 2 other files: every pixel has the value 0"),
    "nothing but 1": (raw([ONES] * 3), {}, "every pixel has the value 1"),
    "nothing but 0, stated": (raw([ZEROS] * 3), {"labels": "classes"}, "every pixel has the value 0"),
    "nothing labelled": (raw([ONES] * 3), {"unlabelled": 1}, "every pixel has the value 1, so nothing is labelled"),
    "255 beside 0 and 1": (raw(recoded(classes(3, 2), [0, 1, 255])), {}, "--unlabelled 255 .*--labels classes"),
    "255 beside 0 .. 3": (raw(recoded(classes(3, 4), [0, 1, 2, 3, 255])), {}, "--unlabelled 255 .*--labels classes"),
    "255 beside cells": (raw([np.where(file == 5, 255, file) for file in cells(30, 32)]), {}, "--unlabelled 255"),
    "255 beside cells, stated": (
        raw([np.pad(file, 9, constant_values=255) for file in cells(30, 32)]),
        {"labels": "instances"},
        "--unlabelled 255",
    ),
    "clipped to 255": (
        raw(
            [
                np.minimum(np.arange(400).reshape(20, 20).repeat(6, 0).repeat(6, 1)[::-1], 255)[
                    :, [*range(60), *range(0, 120, 2)]
                ]
            ]
        ),
        {},
        BOTH,
    ),
    "cells beyond 8 bits": (
        raw([wrapped(300), wrapped(330)]),
        {"labels": "instances"},
        r"all numbers up to 255, .* export the numbers with 16 bits",
    ),
    "65535 beside 0 .. 2": (raw(recoded(THREE, [0, 1, 2, 65535])), {}, "--unlabelled 65535"),
    "99 beside 0 .. 2": (raw(recoded(THREE, [0, 1, 2, 99])), {}, "--unlabelled 99"),
    "0, 1 and 0, 255 in different files": (
        raw([BINARY[0], BINARY[1] * 255]),
        {},
        "no file holds 255 beside 0?, ?1|two kinds of masks",
    ),
    "0, 255 and 0, 65535": (raw([BINARY[0] * 255, BINARY[1] * 65535]), {}, "two kinds of masks may be mixed"),
    "0, 85, 170, 255": (raw(recoded(THREE, [0, 85, 170, 255])), {}, BOTH),
    "1 and 2": (
        raw(recoded(BINARY, [1, 2])),
        {},
        "hold 1, 2, but not 0.*--labels classes if each value is a class; .* save the background as 0",
    ),
    "254 and 255": (
        raw(recoded(BINARY, [254, 255])),
        {},
        "hold 254, 255, but not 0.*--labels classes if each value is a class; .* save the background as 0",
    ),
    "1 and 2 as instances": (raw(recoded(BINARY, [1, 2])), {"labels": "instances"}, "but not 0.*--labels classes"),
    "1, 2, 3": (
        raw(recoded(classes(3, 2), [1, 2, 3])),
        {},
        "but not 0.*--labels classes if each value is a class; .* save the background as 0",
    ),
    "3 in each of 10 files": (raw(cells(*[3] * 10)), {}, f"hold 0, 1, 2, 3, which may be.*{BOTH}"),
    "12 in each file": (raw(cells(*[12] * 6)), {}, BOTH),
    "a few cells": (raw(cells(2, 3, 4, 5)), {}, BOTH),
    "12 in one file": (raw(cells(12)), {}, BOTH),
    "8 of 20 classes, one place each": (raw(chosen(6, 8, range(1, 21))), {}, BOTH),
    "8 classes, the last one missing in a file": (raw(cells(8, 8, 7)), {}, BOTH),
    "organs, in the same places": (raw([squares(0, range(1, 31))] * 4), {}, BOTH),
    "organs of different sizes": (
        raw(
            [np.roll(np.arange(31).repeat(np.arange(31) + 4)[None].repeat(20, 0), 40 * shift, 1) for shift in range(4)]
        ),
        {},
        BOTH,
    ),
    "cells in two pieces": (raw(classes(1, 3, 2)), {}, BOTH),
    "many cells in two pieces": (raw(classes(1, 20, 2)), {}, BOTH),
    "all values of 8 bits": (raw([np.arange(256).reshape(16, 16).repeat(6, 0).repeat(6, 1)]), {}, "255 may be"),
    "cells in many pieces, several files": (
        raw([CRACKS * file.repeat(2, 0).repeat(2, 1) for file in cells(5, 6, 7)]),
        {},
        BOTH,
    ),
    "cells in two pieces, several files": (raw(classes(4, 5, 2)), {}, BOTH),
    "background is not the first name": (raw(THREE), {"classes": "a,b,c,background"}, "background is not the first"),
    "a thin rim": (raw(rings(1)), {}, BOTH),
    "30 classes in several places": (raw(classes(3, 30, 2)), {}, BOTH),
    "blurred": (raw(blurred()), {}, f"{SMOOTH}.*threshold.*{BOTH}"),
    "blurred much": (raw(blurred(3)), {}, SMOOTH),
    "blurred, 16 bit": (raw([file.astype(np.uint16) * 257 for file in blurred()]), {}, SMOOTH),
    "blurred, as classes": (raw(blurred()), {"labels": "classes"}, f"{SMOOTH}.*threshold"),
    "blurred, as instances": (raw(blurred()), {"labels": "instances"}, f"{SMOOTH}.*threshold"),
    "made smaller": (raw(shrunk(2)), {}, BOTH),
    "made smaller, as classes": (raw(shrunk(4)), {"labels": "classes"}, SMOOTH),
    "made smaller, as instances": (raw(shrunk(2)), {"labels": "instances"}, SMOOTH),
    "photographs": (raw(photographs()), {}, SMOOTH),
    "photographs, as classes": (raw(photographs()), {"labels": "classes"}, "or in an image"),
    "photographs, as instances": (raw(photographs()), {"labels": "instances"}, "or in an image"),
    "distances": (raw(distance_maps()), {}, BOTH),
    "probabilities": (raw([file * 0.5 for file in BINARY]), {}, "with fractions, as those of probabilities"),
    "negative": (raw(recoded(BINARY, [0, -1])), {}, "from -1 to 0; give --unlabelled -1"),
    "several negative": (raw(recoded(classes(3, 2), [0, -1, -2])), {"unlabelled": -1}, "of at least 0"),
    "NaN": (raw([np.where(file > 0, np.nan, 0.0) for file in BINARY]), {}, "a.png: .* pixels are NaN"),
    "complex": (raw([file * 1j for file in BINARY]), {}, "expected a mask of integers"),
    "256 classes": (
        raw([np.arange(256).reshape(16, 16).repeat(6, 0).repeat(6, 1)]),
        {"labels": "classes"},
        "256 classes",
    ),
    "an unknown kind": (raw(BINARY), {"labels": "masks"}, "--labels masks: write one of"),
    "a value without a name": (
        raw([ZEROS, *THREE]),
        {"classes": "0=b,1=c,2=d"},
        r"b\.png: \d+ pixels .* the value 3, which is not among the classes of --classes",
    ),
    "one value, and not that of the cells": (
        raw(BINARY),
        {"classes": "5=nucleus"},
        "not among the classes of --classes",
    ),
    "too few names": (raw(THREE), {"classes": "background,a,b"}, "3 names are given|hold 4 classes .*3 names"),
    "a name for two classes": (raw(THREE), {"classes": "a,b,a,c"}, "the name a is given twice"),
    "a value twice": (raw(THREE), {"classes": "0=b,1=c,1=d"}, "the value 1 is given twice"),
    "cells in a data set that names two classes": (
        raw(cells(22)),
        {"known_names": {0: "background", 1: "cell"}},
        "not among the classes of the data set .*--labels instances",
    ),
    "0 unlabelled in a binary mask": (raw(BINARY), {"unlabelled": 0}, "0 is background in a mask"),
    "two values for unlabelled": (raw(BINARY), {"unlabelled": 4, "classes": "0=b,1=c,3=unlabelled"}, "give one"),
    "colours": (
        raw(painted_with(classes(3, 2), [BLACK, RED, GREEN]), coloured=True),
        {},
        "--colours '#000000=background,#00ff00=class 1,#ff0000=class 2'",
    ),
    "a palette of colours": (raw(BINARY, palette=PALETTE), {}, "--colours '#000000=background,#ff0000=class 1'"),
    "colours, as classes": (raw(BINARY, palette=PALETTE), {"labels": "classes"}, "--colours '#000000=background"),
    "classes in colours, as instances": (
        raw(painted_with(classes(3, 2), [BLACK, RED, GREEN]), coloured=True),
        {"labels": "instances"},
        "not one cell",
    ),
    "colours without black, as instances": (
        raw(painted_with(cells(3), [WHITE, RED, GREEN, (0, 0, 255)]), coloured=True),
        {"labels": "instances"},
        "no pixel is black",
    ),
    "colours beside values above 255": (
        [*raw(BINARY, palette=PALETTE), *raw([BINARY[0] * 300])],
        {"colours": "#000000=b,#ff0000=c"},
        "8 bits per channel",
    ),
    "16-bit colours": (
        raw([file.astype(np.uint16) * 256 for file in painted_with(BINARY, [BLACK, RED])], coloured=True),
        {"colours": "#000000=b,#ff0000=c"},
        "8 bits per channel",
    ),
    "a palette without enough colours": (
        raw([file * 9 for file in BINARY], palette=PALETTE),
        {},
        "the value 9 has no colour",
    ),
    "several layers of different number": (
        [RawLabels("a", np.stack(BINARY), layered=True), RawLabels("b", np.stack(BINARY[:2]), layered=True)],
        {},
        "the same layers",
    ),
    "layers beside a mask": (
        [*raw(BINARY), RawLabels("z", np.stack(BINARY), layered=True)],
        {},
        "use labels of one kind",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_uncertain_and_wrong_labels_are_refused(kind: str) -> None:
    files, options, message = REFUSED[kind]
    with pytest.raises(ValueError, match=message) as error:
        decide(files, **options)
    assert "\n" not in str(error.value)


def test_files_of_the_same_values_are_read_by_the_values_of_all() -> None:
    scheme = decide(raw([ZEROS, ONES, *BINARY]))
    for file, wanted in ((ZEROS, 0), (ONES, 1)):
        found = encode(scheme, RawLabels("a.png", file))
        assert set(np.unique(found.labels)) == {wanted}
        assert set(np.unique(found.instances)) == {wanted}


def test_absent_classes_are_named() -> None:
    scheme = LabelScheme("classes", ("background", "a", "b"), (0, 1, 2))
    assert absent(scheme, [np.array([[0, 2]], np.uint8)]) == ["a"]
    layers = LabelScheme("layers", ("a", "b"))
    assert absent(layers, [np.array([[[0, 1]], [[0, 0]]], np.uint8)]) == ["b"]


SENTENCES: dict[str, tuple[LabelScheme, list[int]]] = {
    "labels: 2 classes 0, 255; 0 is background": (LabelScheme("classes", values=(0, 255)), []),
    "labels: 2 classes 1, 2; none is background": (LabelScheme("classes", ("class 1", "class 2"), (1, 2)), []),
    "labels: 3 classes 0, 1 = nucleus, 5 = debris; 0 is background; 255 is unlabelled": (
        LabelScheme("classes", ("background", "nucleus", "debris"), (0, 1, 5), (), 255),
        [],
    ),
    "labels: 2 classes #000000, #ff0000 = nucleus; #000000 is background; #ffffff is unlabelled": (
        LabelScheme("classes", ("background", "nucleus"), (), ("#000000", "#ff0000"), 0xFFFFFF),
        [],
    ),
    "labels: 2 classes 0 = Background, 1 = nucleus; 0 is background": (
        LabelScheme("classes", ("Background", "nucleus"), (0, 1)),
        [],
    ),
    "labels: instances of one class, 12 per image": (LabelScheme(), [12, 12]),
    "labels: instances of one class, 12–57 per image": (LabelScheme(), [57, 12, 20]),
    "labels: instances of one class, the connected regions of 255, 3 per image": (
        LabelScheme("instances", values=(0, 255)),
        [3],
    ),
    "labels: instances of 2 classes a, b, 1–2 per image": (LabelScheme("instances", ("background", "a", "b")), [1, 2]),
    "labels: 2 layers a, b, which may overlap": (LabelScheme("layers", ("a", "b")), []),
    "labels: 1 layer a": (LabelScheme("layers", ("a",)), []),
}


@pytest.mark.parametrize("text", SENTENCES)
def test_one_sentence_says_how_the_labels_are_read(text: str) -> None:
    scheme, counts = SENTENCES[text]
    assert sentence(scheme, counts) == text
