"""The picture says what the network does: texts against hooks, arrows against the paper."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import torch

from tests.oracles.hooked_nets import NETS, arch, hooked
from tests.oracles.svg_contents import ids, told
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.nets.presets import paper_unet


@pytest.fixture(scope="module")
def paper() -> Diagram:
    with torch.device("meta"):
        net = paper_unet()
    return draw(net, (1, 1, 572, 572), style="thesis", name="paper")


@pytest.mark.parametrize("name", ["paper", "padded", "attention", "planar", "released"])
def test_texts_are_the_channels_and_sizes_that_hooks_see(name: str) -> None:
    make, (size,) = NETS[name]
    net = make()
    assert told(draw(net, size).svg()) == hooked(net, size)


def test_the_papers_figure_1(paper: Diagram) -> None:
    svg = paper.svg()
    assert [len(ids(svg, kind)) for kind in ("pool", "up", "copy", "point", "conv")] == [4, 4, 4, 1, 18]
    crops = {key: text for key, text in _labels(paper) if key.startswith("crop-")}
    assert sorted(crops.values()) == ["crop 16", "crop 4", "crop 40", "crop 88"]
    assert crops["crop-dec0.concat1"] == "crop 88"
    assert sum(box.crop is not None for box in paper.scene.boxes) == 4
    concats = [box for box in paper.scene.boxes if "concat" in box.id]
    assert [round(box.blank / box.width, 2) for box in concats] == [0.5] * 4
    assert told(svg)[:3] == [(1, 572, 572), (64, 570, 570), (64, 568, 568)]
    assert told(svg)[-1] == (2, 388, 388)


def _labels(diagram: Diagram) -> list[tuple[str, str]]:
    return [(label.id, label.text) for label in diagram.scene.labels]


@pytest.mark.parametrize("name", list(NETS))
def test_ids_occur_once(name: str) -> None:
    found = re.findall(r'id="([^"]+)"', draw(arch(name)).svg())
    assert len(found) == len(set(found)) > 10


def test_only_what_is_there_is_drawn_and_explained() -> None:
    for name, there, absent in (
        ("without", {"pool", "up", "conv"}, {"copy", "point", "plus", "gate"}),
        ("attention", {"pool", "up", "copy", "gate", "point"}, {"plus", "strided"}),
        ("residual", {"strided", "up", "copy", "plus", "branch"}, {"pool", "gate"}),
        ("resized", {"strided", "resize", "copy", "plus"}, {"up", "shuffle"}),
        ("shuffled", {"strided", "shuffle", "copy"}, {"up", "resize", "plus"}),
    ):
        make, sizes = NETS[name]
        svg = draw(make(), *sizes).svg()
        found = {kind for kind in there | absent if ids(svg, kind)}
        legend = set(re.findall(r'id="legend-([a-z]+)"', svg))
        assert (found, legend & (there | absent)) == (there, there), name


def test_padding_is_written_beside_the_way_up() -> None:
    labels = dict(_labels(draw(arch("uneven"))))
    assert labels["crop-dec0.concat1"] == "pad 0+1"
    assert labels["dec0.concat1.size"] == "17×19"


def test_every_input_has_its_box_and_its_arrow() -> None:
    make, sizes = NETS["two"]
    svg = draw(make(), *sizes).svg()
    assert [shape for shape in told(svg) if shape[0] in (1, 2)] == [(1, 32, 32), (2, 32, 32), (2, 32, 32)]
    assert ids(svg, "branch") == ["branch-enc0.input2"]


def test_svg_speaks(paper: Diagram) -> None:
    root = ElementTree.fromstring(paper.svg())
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert (root.findtext(f"{space}title"), root.findtext(f"{space}desc")) == ("paper", paper.alt)
    groups = {each.attrib.get("id") for each in root.iter(f"{space}g")}
    assert {box.id for box in paper.scene.boxes} <= groups
    assert paper._repr_html_().startswith("<svg")
    assert paper.alt in paper._repr_html_()
    assert not root.findall(f".//{space}image")
