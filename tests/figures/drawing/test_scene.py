"""Texts are measured as matplotlib draws them; wrapping, ids and translation change nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from tests.oracles.text_extents import extents
from unet_tutorial.figures.drawing.scene import (
    FONTS,
    Arrow,
    Box,
    Label,
    Mark,
    Scene,
    SideBlock,
    text_area,
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


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
@pytest.mark.parametrize("upright", [False, True])
def test_the_area_of_a_text_is_centred_where_it_is_drawn(anchor: str, *, upright: bool) -> None:
    label = Label("a", "572", 60, 70, anchor, upright)
    drawn = extents(Scene(120, 140, 10, labels=(label,)))[0]["a"]
    x, y, width, height = text_area(label, 10)
    middle = (drawn.x0 + drawn.x1) / 2, 140 - (drawn.y0 + drawn.y1) / 2
    assert (x + width / 2, y + height / 2) == pytest.approx(middle, abs=1.5)  # the area drawn is higher by a descent
    along = (y + height / 2, middle[1]) if upright else (x + width / 2, middle[0])
    assert along[0] == pytest.approx(along[1], abs=0.5)
    assert width == pytest.approx(drawn.height if upright else drawn.width, abs=0.5)


@pytest.mark.parametrize("width", [40, 90, 200, 2000])
def test_lines_hold_all_words_and_as_many_as_fit(width: float) -> None:
    lines = wrapped(TEXT, 8, width)
    assert " ".join(lines) == TEXT
    assert all(text_width(line, 8) <= width or " " not in line for line in lines)
    for line, following in pairwise(lines):
        assert text_width(f"{line} {following.split()[0]}", 8) > width


def test_the_faces_of_a_cuboid_cover_its_outline_once() -> None:
    """Their areas by the shoelace formula, against the enclosing rectangle without its two empty corners."""
    box = Box("a", 10, 20, 30, 60, blank=5, depth=8)
    x, y, width, height = box.front
    front = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
    areas = [abs(sum(a * d - c * b for (a, b), (c, d) in pairwise((*face, face[0])))) / 2
             for face in (front, box.top_face(width), box.right_face)]  # fmt: skip
    assert areas == [22 * 52, 22 * 8, 52 * 8]
    assert sum(areas) == 30 * 60 - 8 * 8
    assert (x, y + height) == (box.x, box.bottom)
    corners = [corner for face in (front, box.top_face(width), box.right_face) for corner in face]
    assert (max(x for x, _ in corners), min(y for _, y in corners)) == (box.right, box.y)
    assert box.top_face(5) == ((10, 28), (18, 20), (23, 20), (15, 28))  # over the part with skip channels
    assert (box.middle, box.top_middle) == (21, 29)
    flat = replace(box, depth=0)
    assert (flat.front, flat.middle, flat.top_middle) == ((10, 20, 30, 60), 25, 25)


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
        boxes=(Box("a", 1, 2, 3, 4, blank=1.5, crop=(2.5, 5), depth=0.5),),
        arrows=(Arrow("b", "conv", ((1, 2), (3, 4))),),
        labels=(Label("c", "c", 5, 6),),
        marks=(Mark("d", "plus", 7, 8, 1),),
        blocks=(SideBlock("e", 9, 10, 3, 4, ("e",)),),
    )
    found = translated(scene, 10, 20)
    assert found == Scene(
        100,
        50,
        8,
        boxes=(Box("a", 11, 22, 3, 4, blank=1.5, crop=(22.5, 25), depth=0.5),),
        arrows=(Arrow("b", "conv", ((11, 22), (13, 24))),),
        labels=(Label("c", "c", 15, 26),),
        marks=(Mark("d", "plus", 17, 28, 1),),
        blocks=(SideBlock("e", 19, 30, 3, 4, ("e",)),),
    )
    assert translated(found, -10, -20) == scene


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_lines_of_a_side_block_are_centred_in_it(count: int) -> None:
    block = SideBlock("a", 10, 20, 60, 50, ("Head",) * count)
    scene = Scene(100, 90, 10, blocks=(block,))
    texts, smallest = extents(scene)
    assert (len(texts), smallest) == (count, 10)
    assert [text.x0 + text.x1 for text in texts.values()] == pytest.approx([2 * 40] * count, abs=0.5)
    capital = TextPath((0, 0), "H", size=10, prop=FontProperties(family=FONTS[0])).get_extents().height
    first, *_, last = (*block.labels(10), *block.labels(10))
    assert first.y - capital - block.y == pytest.approx(block.bottom - last.y, abs=0.05)
    assert last.y - first.y == pytest.approx(13 * (count - 1))


def test_chinese_characters_are_squares_and_lines_break_between_them() -> None:
    assert text_width("卷积", 10) == 20
    assert text_width("卷积 3×3", 10) == pytest.approx(20 + text_width(" 3×3", 10))
    lines = wrapped("复制并裁剪（每侧像素数），然后 max pool 2×2", 10, 60)
    assert "".join(lines).replace(" ", "") == "复制并裁剪（每侧像素数），然后maxpool2×2"
    assert all(text_width(line, 10) <= 70 for line in lines)
    assert not any(line[0] in "，。）：" for line in lines)
