"""A network that is not a U is drawn on a grid: rows are levels, columns the order of execution."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.text_extents import area, extents, overlap
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.drawing.grid import grid_positions, sketch_grid
from unet_tutorial.figures.drawing.sketch import COLLAPSE


@pytest.mark.parametrize("name", ["nested", "classifier"])
def test_a_network_that_is_no_u_is_drawn_on_a_grid_with_the_reason(name: str) -> None:
    diagram = draw(arch(name), style="thesis")
    nodes, boxes = diagram.arch.nodes, {box.id: box for box in diagram.scene.boxes}
    said = " ".join(label.text for label in diagram.scene.labels if label.id.startswith("reason"))
    assert said == f"not drawn as a U: {diagram.arch.reason}"
    assert set(boxes) == {node.id for node in nodes}
    edges = [arrow for arrow in diagram.scene.arrows if not arrow.id.startswith("legend")]
    assert len(edges) == sum(len(node.inputs) for node in nodes)
    for node in nodes:
        for key in node.inputs:
            assert boxes[key].middle < boxes[node.id].middle
            if diagram.arch.node(key).level < node.level:
                assert boxes[key].bottom < boxes[node.id].y


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", NETS)
def test_maps_are_right_of_their_inputs_and_in_the_row_of_their_level(name: str, collapse: str) -> None:
    sketch = sketch_grid(arch(name), collapse)
    positions = grid_positions(sketch)
    assert len(set(positions)) == len(positions) == len(sketch.maps)
    for link in sketch.steps:
        assert positions[link.source][1] < positions[link.target][1]
    placed = [(each.node.level, row) for each, (row, _) in zip(sketch.maps, positions, strict=True) if each.node.scale]
    assert all((one < other) == (first < second) for (one, first), (other, second) in combinations(placed, 2))


@pytest.mark.parametrize("name", NETS)
def test_every_map_without_a_box_lies_between_two_boxes(name: str) -> None:
    """The edges of the sketch are those of the graph, with the nodes that have no box contracted."""
    plain = arch(name)
    sketch = sketch_grid(plain, "level")
    drawn = {each.node.id for each in sketch.maps}

    def sources(key: str) -> set[str]:
        return {found for each in plain.node(key).inputs for found in ({each} if each in drawn else sources(each))}

    expected = {(source, key) for key in drawn for source in sources(key)}
    found = {(sketch.maps[link.source].node.id, sketch.maps[link.target].node.id) for link in sketch.steps}
    assert found == expected
    assert set(plain.outputs) <= drawn


@pytest.mark.parametrize("name", ["nested", "classifier"])
def test_boxes_and_texts_do_not_overlap(name: str) -> None:
    for collapse in COLLAPSE:
        scene = draw(arch(name), style="thesis", collapse=collapse).scene
        texts, _ = extents(scene)
        parts = [*texts.items(), *((box.id, area(box, scene.height)) for box in scene.boxes)]
        assert [(a, b) for (a, one), (b, other) in combinations(parts, 2) if overlap(one, other)] == []
        assert all(0 <= text.x0 < text.x1 <= scene.width and text.y0 >= 0 for text in texts.values())
