"""A draw.io file has every part of the scene as a cell, at its place and with its text; arrows are connected."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest

from tests.oracles.hooked_nets import NETS, arch
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.drawing.drawio import drawio
from unet_tutorial.figures.drawing.palette import PALETTES
from unet_tutorial.figures.drawing.scene import Arrow, Box, Label, Mark, Scene, SideBlock
from unet_tutorial.figures.drawing.style import BOXES, named_style

Point = tuple[float, float]


def cells(text: str) -> dict[str, Element]:
    """The cells of a file by their ids, which occur once; the page and its layer have the ids 0 and 1."""
    root = fromstring(text)
    found = root.findall(".//root/mxCell")
    assert len({cell.attrib["id"] for cell in found}) == len(found)
    assert [cell.attrib["id"] for cell in found if "style" not in cell.attrib] == ["0"]
    assert [each.attrib["id"] for each in root.findall(".//root/object")] == ["1"]
    return {cell.attrib["id"]: cell for cell in found if cell.attrib["id"] != "0"}


def of_scene(scene: Scene) -> dict[str, Element]:
    return cells(drawio(scene, PALETTES["paper"], "t", "d"))


def style(cell: Element) -> dict[str, str]:
    """The style of a cell; a name without a value has the value ""."""
    parts = (part.partition("=") for part in cell.attrib["style"].split(";") if part)
    return {key: value for key, _, value in parts}


def area(cell: Element) -> list[float]:
    """x, y, width and height; x and y are measured from the parent."""
    geometry = cell.find("mxGeometry")
    assert geometry is not None
    return [float(geometry.attrib[name]) for name in ("x", "y", "width", "height")]


def end(found: dict[str, Element], arrow: Element, which: str, side: str) -> Point | None:
    """The point at which an arrow is connected to a cell; None if it is not."""
    key = arrow.get(which)
    if key is None:
        return None
    (x, y, width, height), values = area(found[key]), style(arrow)
    share = float(values[f"{side}X"])
    mirrored = "flipH" in style(found[key])  # mxGraph.getConnectionPoint mirrors the point of such a cell
    return x + width * (1 - share if mirrored else share), y + height * float(values[f"{side}Y"])


@pytest.mark.parametrize("name", list(NETS))
def test_every_part_of_the_scene_is_a_cell_at_its_place(name: str) -> None:
    diagram = draw(arch(name), style="thesis")
    scene = diagram.scene
    found = cells(drawio(scene, diagram.style.colours, "t", diagram.alt))
    for box in scene.boxes:
        assert area(found[box.id]) == pytest.approx([box.x, box.y, box.width, box.height], abs=1e-3)
        if box.blank:
            assert area(found[f"{box.id}.skip"]) == pytest.approx([0, 0, box.blank, box.height], abs=1e-3)
        if box.crop:
            first, last = box.crop
            assert area(found[f"{box.id}.crop"]) == pytest.approx([0, first - box.y, box.width, last - first], abs=1e-3)
    said = {key: cell.attrib["value"] for key, cell in found.items() if cell.get("value")}
    assert said == {label.id: label.text for label in scene.labels}
    for label in scene.labels:
        assert style(found[label.id]).get("rotation") == ("-90" if label.upright else None)
    edges = {key for key, cell in found.items() if cell.get("edge")}
    assert edges == {arrow.id for arrow in scene.arrows}
    for arrow in scene.arrows:
        points = [(float(p.attrib["x"]), float(p.attrib["y"])) for p in found[arrow.id].iter("mxPoint")]
        ordered = [points[0], *points[2:], points[1]]
        expected = [arrow.points[0], *(points[2:] if arrow.curved else arrow.points[1:-1]), arrow.points[-1]]
        assert ordered == [pytest.approx(point, abs=1e-3) for point in expected]


@pytest.mark.parametrize("boxes", BOXES)
@pytest.mark.parametrize("name", list(NETS))
def test_arrows_are_connected_to_the_cells_at_their_ends(name: str, boxes: str) -> None:
    scene = draw(arch(name), style=named_style(boxes=boxes)).scene
    found = of_scene(scene)
    marks = {mark.id for mark in scene.marks}
    for arrow in scene.arrows:
        cell = found[arrow.id]
        first, last = end(found, cell, "source", "exit"), end(found, cell, "target", "entry")
        if arrow.id.startswith("legend-"):
            assert first is last is None
            continue
        assert first == pytest.approx(arrow.points[0], abs=0.01)
        assert last == pytest.approx(arrow.points[-1], abs=0.01)
        assert cell.attrib["target"] in {box.id for box in scene.boxes} | marks


@pytest.mark.parametrize(("palette", "sign"), [("paper", -1), ("dark", 1)])
def test_a_cuboid_is_a_cube_with_its_depth(palette: str, sign: int) -> None:
    """draw.io's cube shows its left face, so that it is mirrored; a negative darkOpacity makes a face lighter."""
    box = Box("a", 10, 20, 30, 60, blank=5, crop=(40, 70), depth=8)
    found = cells(drawio(Scene(200, 100, 8, boxes=(box,)), PALETTES[palette], "t", "d"))
    assert area(found["a"]) == [10, 20, 30, 60]
    look = style(found["a"])
    assert (look["shape"], look["size"], look["flipH"]) == ("cube", "8", "1")
    assert sign * float(look["darkOpacity"]) > sign * float(look["darkOpacity2"]) > 0
    assert (area(found["a.skip"]), area(found["a.skip.top"])) == ([0, 8, 5, 52], [0, 0, 13, 8])
    assert (style(found["a.skip.top"])["shape"], area(found["a.crop"])) == ("parallelogram", [0, 20, 22, 30])


def bezier(points: list[Point]) -> Callable[[float], Point]:
    """The Bézier curve of these control points, by de Casteljau's algorithm."""

    def at(t: float) -> Point:
        row = points
        while len(row) > 1:
            row = [((1 - t) * a + t * c, (1 - t) * b + t * d) for (a, b), (c, d) in pairwise(row)]
        return row[0]

    return at


def test_a_curve_has_the_ends_and_the_middle_of_the_cubic_curve() -> None:
    """draw.io draws a curved edge as quadratic curves that meet half-way between its points."""
    points = ((10.0, 10.0), (30.0, 50.0), (80.0, 60.0), (90.0, 20.0))
    cell = of_scene(Scene(200, 100, 8, arrows=(Arrow("a", "copy", points, curved=True),)))["a"]
    assert style(cell)["curved"] == "1"
    first, last, one, other = [(float(p.attrib["x"]), float(p.attrib["y"])) for p in cell.iter("mxPoint")]
    middle = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
    whole = bezier(list(points))
    assert middle == pytest.approx(whole(0.5))
    for piece, start in ((bezier([first, one, middle]), 0.0), (bezier([middle, other, last]), 0.5)):
        for t in (0.0, 0.25, 0.5, 0.75, 1.0):
            assert piece(t) == pytest.approx(whole(start + t / 2), abs=2.0)


def test_side_blocks_and_marks_are_shapes_with_their_texts() -> None:
    block, mark = SideBlock("a", 10, 20, 60, 30, ("self-attention,", "4 heads")), Mark("b", "gate", 120, 35, 4)
    arrow = Arrow("c", "join", ((70, 35), (116, 35)))
    found = of_scene(Scene(200, 100, 8, blocks=(block,), marks=(mark,), arrows=(arrow,)))
    assert (found["a"].attrib["value"], style(found["a"])["rounded"]) == ("self-attention,\n4 heads", "1")
    assert (area(found["b"]), style(found["b"])["shape"]) == ([116, 31, 8, 8], "sumEllipse")
    assert (found["c"].attrib["source"], found["c"].attrib["target"]) == ("a", "b")


def test_kinds_of_arrows_differ_in_heads_and_dashes() -> None:
    kinds = {"conv": ("block", "1", None), "strided": ("block", "0", None), "point": ("open", "0", None),
             "resize": ("block", "0", "3 1.6"), "shuffle": ("block", "1", "1 1.2")}  # fmt: skip
    for kind, expected in kinds.items():
        found = style(of_scene(Scene(200, 100, 8, arrows=(Arrow("a", kind, ((10, 10), (50, 10))),)))["a"])
        assert (found["endArrow"], found["endFill"], found.get("dashPattern")) == expected


def test_the_page_has_the_size_colour_title_and_description_of_the_drawing() -> None:
    scene = Scene(200, 100, 8, boxes=(Box("a", 10, 10, 20, 40),), labels=(Label("b", "1 < 2 & 3", 50, 50),))
    root = fromstring(drawio(scene, PALETTES["dark"], 'a "title"', "what & where"))
    page, model = root.find("diagram"), root.find(".//mxGraphModel")
    assert page is not None
    assert model is not None
    assert page.attrib["name"] == 'a "title"'
    assert [model.attrib[key] for key in ("pageWidth", "pageHeight", "background")] == ["200", "100", "#14171c"]
    assert [each.attrib["description"] for each in root.iter("object")] == ["what & where"]
    assert cells(drawio(scene, PALETTES["dark"], "t", "d"))["b"].attrib["value"] == "1 < 2 & 3"
