"""Rows follow levels, nothing overlaps, texts are large enough, and a drawing that does not fit shows fewer maps."""

from __future__ import annotations

from math import prod
from statistics import mean

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.headed_nets import HEADED, SmallUNet, headed
from tests.oracles.hooked_nets import arch
from tests.oracles.text_extents import collisions, extents
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.sketch import COLLAPSE
from unet_tutorial.figures.drawing.style import Style, named_style
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import padded_unet

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


def rotated(*styles: str) -> list[tuple[str, str, str]]:
    """Every network with every collapse; the styles take turns, so that each is drawn with each collapse."""
    return [
        (name, collapse, styles[(i + j) % len(styles)])
        for i, name in enumerate([*US, *HEADED])
        for j, collapse in enumerate(COLLAPSE)
    ]


def drawn(name: str, style: Style | str = "paper", collapse: str = "conv") -> Diagram:
    return draw(headed(name) if name in HEADED else arch(name), style=style, collapse=collapse)


@pytest.mark.parametrize(("name", "collapse", "style"), rotated("paper", "thesis", "column", "slide"))
def test_no_text_is_clipped_or_covered(name: str, collapse: str, style: str) -> None:
    scene = drawn(name, style, collapse).scene
    texts, smallest = extents(scene)
    assert len(texts) == len(scene.labels) + sum(len(block.lines) for block in scene.blocks)
    assert smallest >= {"column": 6, "slide": 12}.get(style, 7)
    assert collisions(scene) == []


@pytest.mark.parametrize(("name", "collapse", "style"), rotated("thesis", "column", "slide"))
def test_no_text_is_covered_by_a_cuboid(name: str, collapse: str, style: str) -> None:
    scene = drawn(name, named_style(style, boxes="cuboid"), collapse).scene
    assert collisions(scene) == []
    assert all(box.depth > 0 for box in scene.boxes)


@pytest.mark.parametrize("name", ["paper", "planar", "five"])
def test_cuboids_of_equal_maps_are_equally_deep_and_deeper_for_larger_maps(name: str) -> None:
    """Depths are proportional to the square root of the side, as heights are."""
    diagram = drawn(name, named_style("slide", boxes="cuboid"))
    depths = [(prod(diagram.arch.node(box.id).size), box.depth) for box in diagram.scene.boxes]
    rank = len(diagram.arch.inputs[0].size)
    largest, deepest = max(depths)
    for pixels, depth in depths:
        assert depth == pytest.approx(deepest * (pixels / largest) ** (1 / rank / 2), abs=0.011)
    assert {box.depth for box in drawn(name, "slide").scene.boxes} == {0.0}


def test_the_cropped_part_of_a_cuboid_is_on_its_front_face() -> None:
    """Heights grow with the square root of the side; both margins of the paper's crops are equal."""
    scene = drawn("released", named_style("slide", boxes="cuboid")).scene
    for box, flat in zip(scene.boxes, drawn("released", "slide").scene.boxes, strict=True):
        assert bool(box.crop) == bool(flat.crop)
        if box.crop and flat.crop:
            _, top, _, height = box.front
            share = (flat.crop[1] - flat.crop[0]) / flat.height
            assert (box.crop[1] - box.crop[0]) / height == pytest.approx(share, abs=0.001)
            assert box.crop[0] - top == pytest.approx(box.bottom - box.crop[1], abs=0.02)
    assert sum(bool(box.crop) for box in scene.boxes) == 4


@pytest.mark.parametrize("name", ["wide", "residual", "paper"])
def test_nothing_touches_at_the_narrowest_width_that_fits(name: str) -> None:
    for collapse in COLLAPSE:
        styles = (Style(width=width, font=6, font_min=6) for width in range(124, 520, 4))
        narrowest = next(diagram for style in styles if not (diagram := drawn(name, style, collapse)).notes)
        assert narrowest.style.width > 124 or collapse != "conv"  # so that some width is too narrow
        assert collisions(narrowest.scene) == []


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


def test_what_does_not_fit_is_collapsed_and_said() -> None:
    shown = drawn("five", "column")
    assert shown.notes == (
        "collapsed to 'block' (the first and last map of each block): the labels of 'conv' do not fit a width of "
        "238 points at the smallest font size of 6 points",
    )
    assert len(shown.scene.boxes) == 2 * 11 + 1  # the two ends of each of 11 places, and the output
    narrow = drawn("five", Style(width=126, font=7, font_min=6))
    assert "'level'" in narrow.notes[0]
    assert len(narrow.scene.boxes) == 13
    assert "wider than asked" in drawn("five", Style(width=120, font=6, font_min=6, ratio=8.0)).notes[-1]
    assert drawn("paper", "thesis").notes == ()


class Unrelated(SmallUNet):
    """A U-Net of the first image, and a convolution of the second one."""

    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Conv2d(1, 1, 3)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return self.head(self.decoded(x)[0]), self.other(y)


def test_a_note_names_outputs_that_do_not_come_from_the_u() -> None:
    note = "not drawn: output 2, computed from no map of the U"
    image = torch.empty(1, 1, 32, 32)
    described = trace(Unrelated(), image, image[:, :, :8, :8])
    assert draw(described).notes == (note,)
    narrow = draw(described, style=Style(width=120, font=6, font_min=6, ratio=8.0)).notes
    assert narrow[1] == note
    assert narrow[2].startswith("wider than asked")
    for name in HEADED:
        assert not [text for text in drawn(name).notes if "not drawn" in text]


def test_a_wider_slide_has_the_ratio_of_a_slide() -> None:
    deep = draw(padded_unet(widths=(4,) * 10), (1, 1, 4096, 4096), style="slide")
    assert deep.scene.width > 960
    assert deep.scene.width / deep.scene.height == pytest.approx(16 / 9)
    assert "do not fit a width of 960 and a height of 540 points" in deep.notes[0]
