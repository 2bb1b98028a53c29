"""A slide has every part of the scene as a shape of its own, at its place and with its text."""

from __future__ import annotations

import importlib
import sys
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.text_extents import extents
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.drawing.palette import PALETTES
from unet_tutorial.figures.drawing.pptx import pptx
from unet_tutorial.figures.drawing.scene import Arrow, Box, Label, Scene, SideBlock

EMU = 914400 / 72  # of a point


def saved(scene: Scene, title: str = "t", description: str = "d") -> bytes:
    """The file of a scene; skips the test if python-pptx is not installed."""
    pytest.importorskip("pptx", reason="python-pptx is not installed")
    return pptx(scene, PALETTES["paper"], title, description)


def read(file: bytes) -> Any:
    """The presentation in a file."""
    return importlib.import_module("pptx").Presentation(BytesIO(file))


def shapes(scene: Scene) -> dict[str, Any]:
    """The shapes on the slide of a scene by their names, which occur once."""
    (slide,) = read(saved(scene)).slides
    names = [shape.name for shape in slide.shapes]
    assert len(set(names)) == len(names)
    return {shape.name: shape for shape in slide.shapes}


def area(shape: Any) -> list[float]:
    """x, y, width and height in points."""
    return [side / EMU for side in (shape.left, shape.top, shape.width, shape.height)]


@pytest.mark.parametrize("name", list(NETS))
def test_every_part_of_the_scene_is_a_shape_at_its_place(name: str) -> None:
    scene = draw(arch(name), style="thesis").scene
    found = shapes(scene)
    assert {box.id for box in scene.boxes} | {mark.id for mark in scene.marks} <= found.keys()
    for box in scene.boxes:
        assert area(found[box.id]) == pytest.approx([box.x, box.y, box.width, box.height], abs=0.001)
        if box.blank:
            assert area(found[f"{box.id}.skip"]) == pytest.approx([box.x, box.y, box.blank, box.height], abs=0.001)
        if box.crop:
            crop = [box.x, box.crop[0], box.width, box.crop[1] - box.crop[0]]
            assert area(found[f"{box.id}.crop"]) == pytest.approx(crop, abs=0.001)
    for arrow in scene.arrows:
        x, y = zip(*arrow.points, strict=True)
        expected = [min(x), min(y), max(x) - min(x), max(y) - min(y)]
        assert area(found[arrow.id]) == pytest.approx(expected, abs=0.5)
    for mark in scene.marks:
        assert area(found[mark.id])[2:] == pytest.approx([2 * mark.radius] * 2, abs=0.001)
    for label in scene.labels:
        assert found[label.id].rotation == (270 if label.upright else 0)
    said = {key: shape.text_frame.text for key, shape in found.items() if shape.has_text_frame}
    assert {key: text for key, text in said.items() if text} == {label.id: label.text for label in scene.labels}
    assert {str(shape.shape_type).split()[0] for shape in found.values()} <= {
        *("AUTO_SHAPE", "TEXT_BOX", "FREEFORM", "LINE")
    }  # no picture, no group


@pytest.mark.parametrize("name", ["paper", "planar", "residual"])
def test_texts_are_where_matplotlib_draws_them(name: str) -> None:
    scene = draw(arch(name), style="thesis").scene
    found = shapes(scene)
    for key, drawn in extents(scene)[0].items():
        x, y, width, height = area(found[key])
        if found[key].rotation:
            x, y, width, height = x + width / 2 - height / 2, y + height / 2 - width / 2, height, width
        middle = (drawn.x0 + drawn.x1) / 2, scene.height - (drawn.y0 + drawn.y1) / 2
        assert (x + width / 2, y + height / 2) == pytest.approx(middle, abs=0.15 * scene.font)
        assert max(width, height) == pytest.approx(max(drawn.width, drawn.height), abs=0.4 * scene.font)
    sizes = {run.font.size.pt for key in extents(scene)[0] for run in found[key].text_frame.paragraphs[0].runs}
    assert sizes == {scene.font}


def test_a_cuboid_is_a_cube_with_its_depth() -> None:
    box = Box("a", 10, 20, 30, 60, blank=5, crop=(40, 70), depth=8)
    found = shapes(Scene(200, 100, 8, boxes=(box,)))
    assert area(found["a"]) == pytest.approx([10, 20, 30, 60])
    assert (str(found["a"].auto_shape_type), found["a"].adjustments[0]) == (
        "CUBE (14)",
        pytest.approx(8 / 30, abs=1e-5),
    )
    assert area(found["a.skip"]) == pytest.approx([10, 28, 5, 52])  # of the front face
    assert area(found["a.skip.top"]) == pytest.approx([10, 20, 13, 8])
    assert str(found["a.skip.top"].auto_shape_type) == "PARALLELOGRAM (2)"
    assert area(found["a.crop"]) == pytest.approx([10, 40, 22, 30])


def test_straight_arrows_are_glued_to_the_boxes_that_they_meet_in_the_middle() -> None:
    scene = Scene(
        200,
        100,
        8,
        boxes=(Box("a", 10, 10, 20, 40), Box("b", 100, 20, 20, 20)),
        arrows=(Arrow("flat", "conv", ((30, 30), (100, 30))), Arrow("low", "conv", ((30, 36), (100, 36)))),
    )
    found = shapes(scene)
    ends = found["flat"].element.xpath(".//a:stCxn | .//a:endCxn")
    assert [(int(end.get("id")), end.get("idx")) for end in ends] == [
        (found["a"].shape_id, "3"),  # the middle of the right side
        (found["b"].shape_id, "1"),
    ]
    assert not found["low"].element.xpath(".//a:stCxn | .//a:endCxn")


@pytest.mark.parametrize(
    ("kind", "tip", "dash"),
    [("conv", "triangle", None), ("strided", "stealth", None), ("point", "arrow", None), ("resize", "stealth", "dash"),
     ("shuffle", "triangle", "sysDot")],
)  # fmt: skip
def test_kinds_of_arrows_differ_in_heads_and_dashes(kind: str, tip: str, dash: str | None) -> None:
    for points in (((10, 10), (50, 10)), ((10, 10), (50, 10), (50, 40))):
        (shape,) = shapes(Scene(200, 100, 8, arrows=(Arrow("a", kind, points),))).values()
        assert [head.get("type") for head in shape.element.xpath(".//a:tailEnd")] == [tip]
        assert shape.element.xpath(".//a:prstDash/@val") == ([dash] if dash else [])


def test_a_curved_arrow_is_a_cubic_curve_with_its_four_points() -> None:
    points = ((10.0, 10.0), (30.0, 50.0), (70.0, 50.0), (90.0, 10.0))
    (shape,) = shapes(Scene(200, 100, 8, arrows=(Arrow("a", "copy", points, curved=True),))).values()
    found = [(int(point.get("x")) / EMU, int(point.get("y")) / EMU) for point in shape.element.iter("{*}pt")]
    assert found == [(x - 10, y - 10) for x, y in points]
    assert [len(curve) for curve in shape.element.iter("{*}cubicBezTo")] == [3]


def test_a_side_block_holds_its_text() -> None:
    block = SideBlock("a", 10, 20, 60, 30, ("self-attention,", "4 heads"))
    (shape,) = shapes(Scene(200, 100, 8, blocks=(block,))).values()
    assert shape.text_frame.text == "self-attention,\n4 heads"
    assert area(shape) == pytest.approx([10, 20, 60, 30])


def test_labels_with_a_background_cover_the_lines_under_them() -> None:
    labels = Label("a", "64", 50, 50, backed=True), Label("b", "64", 90, 50)
    found = shapes(Scene(200, 100, 8, labels=labels))
    assert [str(found[key].fill.type) for key in "ab"] == ["SOLID (1)", "BACKGROUND (5)"]


def test_the_slide_has_the_size_title_and_description_of_the_drawing() -> None:
    diagram = draw(arch("paper"), style="slide")
    deck = read(saved(diagram.scene, "t" * 300, diagram.alt))
    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9)
    assert deck.slide_width == diagram.scene.width * EMU
    assert deck.slides[0].notes_slide.notes_text_frame.text == diagram.alt
    facts = deck.core_properties
    assert (facts.title, facts.modified) == ("t" * 255, datetime(1980, 1, 1))
    assert str(deck.slides[0].background.fill.fore_color.rgb) == "FFFFFF"


def test_files_hold_no_date_and_no_picture() -> None:
    scene = draw(arch("paper")).scene
    file = saved(scene)
    with ZipFile(BytesIO(file)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [name for name in parts.namelist() if name.endswith((".jpeg", ".png"))] == []
    assert file == saved(scene)


def test_sizes_that_no_slide_has_are_refused_or_enlarged() -> None:
    assert read(saved(Scene(200, 30, 8))).slide_height == 914400
    with pytest.raises(ValueError, match="63 × 1 inches large and a slide at most 56; draw fewer maps"):
        saved(Scene(4536, 100, 8))


def test_without_python_pptx_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(
        ValueError, match=r"needs python-pptx, which is not installed; run pip install 'unet_tutorial\["
    ):
        pptx(Scene(200, 100, 8), PALETTES["paper"], "t", "d")


def test_chinese_characters_have_a_font_of_their_own() -> None:
    (slide,) = read(saved(Scene(200, 100, 8, labels=(Label("a", "图 1", 20, 50),)))).slides
    (run,) = slide.shapes[0].text_frame.paragraphs[0].runs
    fonts = [(child.tag.rpartition("}")[2], child.get("typeface")) for child in run.font._element]
    assert fonts == [("solidFill", None), ("latin", "Verdana"), ("ea", "Microsoft YaHei")]
