"""Texts are measured as matplotlib draws them; wrapping, ids and translation change nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.oracles.text_extents import extents
from unet_tutorial.figures.drawing.scene import (
    Arrow,
    Box,
    Label,
    Mark,
    Scene,
    text_width,
    translated,
    with_unique_ids,
    wrapped,
)

TEXT = "max pool 2×2, then conv 3×3, batch norm, ReLU or a-single-word-that-is-longer-than-the-line"


def test_text_is_measured_as_it_is_drawn() -> None:
    for text in ("1024", "572²", "16×64×64", "conv 3×3, batch norm, ReLU"):
        scene = Scene(400, 40, 10, labels=(Label("a", text, 5, 20, "start"),))
        assert extents(scene)[0]["a"].width == pytest.approx(text_width(text, 10), rel=0.01)


@pytest.mark.parametrize("width", [40, 90, 200, 2000])
def test_lines_hold_all_words_and_as_many_as_fit(width: float) -> None:
    lines = wrapped(TEXT, 8, width)
    assert " ".join(lines) == TEXT
    assert all(text_width(line, 8) <= width or " " not in line for line in lines)
    for line, following in pairwise(lines):
        assert text_width(f"{line} {following.split()[0]}", 8) > width


def test_equal_ids_are_numbered() -> None:
    labels = [Label(key, key, i, 0) for i, key in enumerate("abaca")]
    found = list(with_unique_ids(labels))
    assert [label.id for label in found] == ["a", "b", "a-2", "c", "a-3"]
    assert [(label.text, label.x) for label in found] == [(label.text, label.x) for label in labels]


def test_a_translation_moves_every_part_by_the_same_vector() -> None:
    scene = Scene(
        100,
        50,
        8,
        boxes=(Box("a", 1, 2, 3, 4, blank=1.5, crop=(2.5, 5)),),
        arrows=(Arrow("b", "conv", ((1, 2), (3, 4))),),
        labels=(Label("c", "c", 5, 6),),
        marks=(Mark("d", "plus", 7, 8, 1),),
    )
    found = translated(scene, 10, 20)
    assert found == Scene(
        100,
        50,
        8,
        boxes=(Box("a", 11, 22, 3, 4, blank=1.5, crop=(22.5, 25)),),
        arrows=(Arrow("b", "conv", ((11, 22), (13, 24))),),
        labels=(Label("c", "c", 15, 26),),
        marks=(Mark("d", "plus", 17, 28, 1),),
    )
    assert translated(found, -10, -20) == scene
