"""Places: rows follow levels, nothing touches what it should not, texts are large enough and dark enough."""

from __future__ import annotations

from itertools import combinations
from statistics import mean

import pytest

from tests.oracles.hooked_nets import arch
from tests.oracles.text_extents import extents, faults
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.scene import Label, Scene, text_width
from unet_tutorial.figures.drawing.style import Style

pytestmark = pytest.mark.slow

US = [
    "paper",
    "padded",
    "attention",
    "planar",
    "released",
    "residual",
    "resized",
    "shuffled",
    "five",
    "two",
    "uneven",
    "without",
]


def drawn(name: str, style: Style | str = "paper", collapse: str = "conv") -> Diagram:
    return draw(arch(name), style=style, collapse=collapse)


@pytest.mark.parametrize("preset", ["paper", "thesis", "column", "slide"])
@pytest.mark.parametrize("name", US)
def test_no_text_is_clipped_or_covered(name: str, preset: str) -> None:
    for collapse in ("conv", "block", "level"):
        scene = drawn(name, preset, collapse).scene
        texts, smallest = extents(scene)
        assert len(texts) == len(scene.labels)
        assert smallest >= {"column": 6, "slide": 12}.get(preset, 7)
        assert faults(scene) == []


@pytest.mark.parametrize("name", ["wide", "residual", "paper"])
def test_nothing_touches_at_the_narrowest_width_that_fits(name: str) -> None:
    for collapse in ("conv", "block", "level"):
        fitting = [
            diagram
            for width in range(124, 520, 4)
            if not (diagram := drawn(name, Style(width=width, font=6, font_min=6), collapse)).notes
        ]
        assert len(fitting) < 99 or collapse != "conv"  # so that some width is too narrow
        assert faults(fitting[0].scene) == []


@pytest.mark.parametrize("name", US)
def test_rows_go_down_with_the_levels(name: str) -> None:
    diagram = drawn(name)
    rows: dict[int, list[float]] = {}
    for box in diagram.scene.boxes:
        node = diagram.arch.node(box.id)
        if node.id in diagram.arch.path:
            rows.setdefault(node.level, []).append(box.y + box.height / 2)
    assert len(rows) > 1
    assert all(max(at) - min(at) < 0.05 for at in rows.values())
    ordered = [mean(rows[level]) for level in sorted(rows)]
    assert ordered == sorted(ordered)


def test_boxes_grow_with_channels_and_sizes() -> None:
    diagram = drawn("five", "paper", "level")
    sides = [(diagram.arch.node(box.id), box) for box in diagram.scene.boxes]
    for (one, first), (other, second) in combinations(sides, 2):
        if one.channels > other.channels:
            assert first.width >= second.width
        if one.size > other.size:
            assert first.height >= second.height
    wide = {one.channels: box.width for one, box in sides}
    assert wide[2048] / wide[512] == pytest.approx(2, rel=0.01)  # the root of 4


def test_what_does_not_fit_is_collapsed_and_said() -> None:
    shown = drawn("five", "column")
    assert shown.notes == (
        "collapsed to 'block' (the first and last map of each block): with every map of 'conv' the labels do not fit "
        "238 points at 6 points a letter",
    )
    assert len(shown.scene.boxes) == 2 * 11 + 1  # the two ends of each of 11 places, and the output
    narrow = drawn("five", Style(width=126, font=7, font_min=6))
    assert "'level'" in narrow.notes[0]
    assert len(narrow.scene.boxes) == 13
    assert "wider than asked" in drawn("five", Style(width=120, font=6, font_min=6, ratio=8.0)).notes[-1]
    assert drawn("paper", "thesis").notes == ()


@pytest.mark.parametrize("name", ["nested", "classifier"])
def test_what_is_no_u_stands_in_a_grid_with_the_reason(name: str) -> None:
    diagram = drawn(name, "thesis")
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


def test_text_is_measured_as_it_is_drawn() -> None:
    for text in ("1024", "572²", "16×64×64", "conv 3×3, batch norm, ReLU"):
        scene = Scene(400, 40, 10, labels=(Label("a", text, 5, 20, "start"),))
        assert extents(scene)[0]["a"].width == pytest.approx(text_width(text, 10), rel=0.01)
