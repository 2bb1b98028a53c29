"""SVG and PDF hold every text and id of the scene, and nothing depends on the user's matplotlib settings."""

from __future__ import annotations

import re
import shutil
import subprocess
from math import hypot
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
import torch

from tests.oracles.hooked_nets import NETS, arch
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.palette import PALETTES
from unet_tutorial.figures.drawing.render import arrowhead, label_backgrounds, render, svg
from unet_tutorial.figures.drawing.scene import Arrow, Box, Label, Scene, SideBlock, text_width
from unet_tutorial.nets.presets import paper_unet

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paper() -> Diagram:
    with torch.device("meta"):
        net = paper_unet()
    return draw(net, (1, 1, 572, 572), style="thesis", name="paper")


def test_the_svg_has_a_title_and_a_description(paper: Diagram) -> None:
    root = ElementTree.fromstring(paper.svg())
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert (root.findtext(f"{space}title"), root.findtext(f"{space}desc")) == ("paper", paper.alt)
    groups = {each.attrib.get("id") for each in root.iter(f"{space}g")}
    assert {box.id for box in paper.scene.boxes} <= groups
    assert paper._repr_html_().startswith("<svg")
    assert paper.alt in paper._repr_html_()
    assert not root.findall(f".//{space}image")


@pytest.mark.parametrize("name", list(NETS))
def test_ids_occur_once_in_the_svg(name: str) -> None:
    found = re.findall(r'id="([^"]+)"', draw(arch(name)).svg())
    assert len(found) == len(set(found)) > 10


def test_pdf_is_drawn_and_keeps_its_text(paper: Diagram, tmp_path: Path) -> None:
    path = paper.save(tmp_path / "fig.pdf")
    data = path.read_bytes()
    assert b"/Subtype /Image" not in data
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    said = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True).stdout
    words = said.split()
    for label in paper.scene.labels:
        for word in label.text.split():
            assert word in words, label


def test_the_users_settings_are_neither_used_nor_changed(paper: Diagram) -> None:
    before = paper.svg()
    with mpl.rc_context({"font.weight": "bold", "patch.linewidth": 9, "svg.fonttype": "path", "axes.facecolor": "red"}):
        own = dict(mpl.rcParams)
        assert paper.svg() == before
        assert dict(mpl.rcParams) == own


def cuboid() -> Scene:
    return Scene(200, 100, 8, boxes=(Box("a", 10, 20, 30, 60, blank=5, crop=(40, 70), depth=8),))


@pytest.mark.parametrize("palette", list(PALETTES))
def test_a_cuboid_has_three_faces_in_three_colours(palette: str) -> None:
    """Its front face is at the lower left; the top of the part with skip channels is blank as well."""
    text = svg(cuboid(), PALETTES[palette], "t", "d")
    found = {key: (points(line), colour) for key, line, colour in re.findall(
        r'<g id="(a[^"]*)">\s*<path d="([^"]+)"[^>]*style="fill: (#[0-9a-f]{6}|none)', text)}  # fmt: skip
    colours = PALETTES[palette]
    assert found["a"] == ([(10, 28), (32, 28), (32, 80), (10, 80)], colours.fill)
    assert found["a.top"][0] == [(10, 28), (18, 20), (40, 20), (32, 28)]
    assert found["a.right"][0] == [(32, 28), (40, 20), (40, 72), (32, 80)]
    assert len({found[key][1] for key in ("a", "a.top", "a.right")}) == 3
    assert found["a.skip"] == ([(10, 28), (15, 28), (15, 80), (10, 80)], colours.blank)
    assert found["a.skip.top"] == ([(10, 28), (18, 20), (23, 20), (15, 28)], colours.blank)
    assert sorted(set(found["a.crop"][0])) == [(10, 40), (10, 70), (32, 40), (32, 70)]


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path)]


@pytest.mark.parametrize("end", [(10.0, 0.0), (0.0, 7.0), (-3.0, 4.0), (5.0, -12.0)])
def test_an_arrowhead_is_an_isosceles_triangle_at_the_last_point(end: tuple[float, float]) -> None:
    base, (one, other) = arrowhead(Arrow("a", "conv", ((0, 0), end)), 2.0)
    assert hypot(end[0] - base[0], end[1] - base[1]) == pytest.approx(2.0)
    assert hypot(one[0] - other[0], one[1] - other[1]) == pytest.approx(0.8 * 2.0)
    assert hypot(end[0] - one[0], end[1] - one[1]) == pytest.approx(hypot(end[0] - other[0], end[1] - other[1]))
    assert base[0] * end[1] == pytest.approx(base[1] * end[0])  # on the line from the first point


def test_a_side_block_is_a_rounded_shape_with_its_text() -> None:
    scene = Scene(
        100, 50, 8, blocks=(SideBlock("a", 10, 20, 60, 20, ("self-attention",)), SideBlock("b", 10, 45, 60, 2))
    )
    root = ElementTree.fromstring(render(scene, PALETTES["paper"], "svg"))
    groups = {each.attrib.get("id"): each for each in root.iter("{http://www.w3.org/2000/svg}g")}
    for key, corners in (("a", (10, 20, 70, 40)), ("b", (10, 45, 70, 47))):
        (outline,) = groups[key].iter("{http://www.w3.org/2000/svg}path")
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", outline.attrib["d"])]
        found = (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
        assert found == pytest.approx(corners)
        assert "Q" in outline.attrib["d"]  # the corners are curves
    assert "".join(groups["a.text-0"].itertext()).strip() == "self-attention"


@pytest.mark.parametrize(("anchor", "left"), [("start", 50.0), ("middle", 50 - 2), ("end", 50 - 4)])
def test_the_background_of_a_label_is_under_its_text(anchor: str, left: float) -> None:
    width = text_width("64", 1)
    label = Label("a", "64", 50, 20, anchor, backed=True)
    ((x, y, wide, high),) = label_backgrounds(Scene(100, 50, 4 / width, labels=(label,)))
    assert (x, wide) == pytest.approx((left, 4))
    assert y < 20 - 0.7 * 4 / width < y + high
