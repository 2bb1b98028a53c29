"""The drawing shows what the network computes: boxes are compared with hooks, arrows with the paper's figure 1."""

from __future__ import annotations

from statistics import geometric_mean

import pytest
import torch

from tests.oracles.hooked_nets import NETS, arch, hooked
from tests.oracles.svg_contents import arrow_ids, box_shapes
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.sketch import COLLAPSE, mean_side, sketch_u
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
    assert box_shapes(draw(net, size).svg()) == hooked(net, size)


def test_the_papers_figure_1(paper: Diagram) -> None:
    svg = paper.svg()
    assert [len(arrow_ids(svg, kind)) for kind in ("pool", "up", "copy", "point", "conv")] == [4, 4, 4, 1, 18]
    crops = {key: text for key, text in _labels(paper) if key.startswith("crop-")}
    assert sorted(crops.values()) == ["crop 16", "crop 4", "crop 40", "crop 88"]
    assert crops["crop-dec0.concat1"] == "crop 88"
    assert sum(box.crop is not None for box in paper.scene.boxes) == 4
    concats = [box for box in paper.scene.boxes if "concat" in box.id]
    assert [round(box.blank / box.width, 2) for box in concats] == [0.5] * 4
    assert box_shapes(svg)[:3] == [(1, 572, 572), (64, 570, 570), (64, 568, 568)]
    assert box_shapes(svg)[-1] == (2, 388, 388)


def _labels(diagram: Diagram) -> list[tuple[str, str]]:
    return [(label.id, label.text) for label in diagram.scene.labels]


def test_every_input_has_its_box_and_its_arrow() -> None:
    make, sizes = NETS["two"]
    svg = draw(make(), *sizes).svg()
    assert [shape for shape in box_shapes(svg) if shape[0] in (1, 2)] == [(1, 32, 32), (2, 32, 32), (2, 32, 32)]
    assert arrow_ids(svg, "branch") == ["branch-enc0.input2"]


@pytest.mark.parametrize("name", [name for name in NETS if name not in ("nested", "classifier")])
def test_steps_and_skips_follow_the_path_and_collapsing_only_removes_boxes(name: str) -> None:
    plain = arch(name)
    shown = []
    for collapse in COLLAPSE:
        sketch = sketch_u(plain, collapse)
        shown.append([each.node.id for each in sketch.maps])
        on_path = [plain.path.index(each.node.id) for each in sketch.maps[: sketch.length]]
        assert on_path == sorted(set(on_path))
        assert (on_path[0], on_path[-1]) == (0, len(plain.path) - 1)
        passed = [node.id for step in sketch.steps for node in step.nodes]
        assert passed == list(plain.path[1:])
        assert len(sketch.copies) == len(plain.skips)
        assert all(link.source < link.target for link in (*sketch.steps, *sketch.copies))
    assert set(shown[2]) <= set(shown[1]) <= set(shown[0])
    places = {(plain.node(key).side, plain.node(key).level) for key in shown[0] if key in plain.path}
    boxes = [key for key in shown[2] if key in plain.path]
    assert len(places) <= len(boxes) <= len(places) + 1  # the input always has a box


def test_the_mean_side_is_the_geometric_mean() -> None:
    for size in ((8,), (4, 9), (2, 4, 8), (5, 7, 11)):
        assert mean_side(size) == pytest.approx(geometric_mean(size))
    assert mean_side(()) == 1
