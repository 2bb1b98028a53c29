"""Arrows begin and end at the boxes that they connect and cross no other box; crops are written beside them."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import dist

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.headed_nets import HEADED, headed
from tests.oracles.hooked_nets import arch
from tests.oracles.text_extents import TOUCH, touches
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.scene import Arrow, Box, SideBlock
from unet_tutorial.figures.drawing.sketch import COLLAPSE, sketch_u
from unet_tutorial.figures.drawing.style import BOXES, named_style
from unet_tutorial.figures.tracing.trace import trace

US = [
    "paper",
    "attention",
    "planar",
    "released",
    "residual",
    "resized",
    "shuffled",
    "two",
    "dense",
    "uneven",
    "without",
    "early skip",
]


class EarlySkip(nn.Module):
    """Its skip starts at the first of two convolutions, so that the second one stands before the end of the arrow."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.low = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 8, 1)
        self.up, self.head = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.first(x)
        below = self.up(self.low(F.max_pool2d(self.second(skip), 2)))
        out: Tensor = self.head(torch.cat((skip, below), 1))
        return out


@cache
def described(name: str) -> ArchIR:
    if name == "early skip":
        return trace(EarlySkip(), torch.empty(1, 1, 34, 34))
    return headed(name) if name in HEADED else arch(name)


def own_arrows(diagram: Diagram) -> list[Arrow]:
    """The arrows without those of the legend."""
    return [arrow for arrow in diagram.scene.arrows if not arrow.id.startswith("legend-")]


def crosses(arrow: Arrow, box: Box | SideBlock) -> bool:
    """Whether a straight piece of the arrow passes through the inside of a box or side block."""
    return any(
        min(a, c) < box.right - TOUCH
        and max(a, c) > box.x + TOUCH
        and min(b, d) < box.bottom - TOUCH
        and max(b, d) > box.y + TOUCH
        for (a, b), (c, d) in pairwise(arrow.points)
    )


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", [*US, *HEADED])
@pytest.mark.parametrize("kind_of_boxes", BOXES)
def test_arrows_connect_their_boxes_and_cross_none(name: str, collapse: str, kind_of_boxes: str) -> None:
    diagram = draw(described(name), style=named_style(width=1000, boxes=kind_of_boxes), collapse=collapse)
    assert diagram.notes == ()
    boxes = {box.id: box for box in diagram.scene.boxes}
    sketch = sketch_u(described(name), collapse)
    links = [*sketch.gates, *sketch.steps, *sketch.copies, *sketch.branches, *sketch.heads]
    arrows = [arrow for arrow in own_arrows(diagram) if arrow.kind != "aside"]
    assert len(arrows) == len(links)
    for link, arrow in zip(links, arrows, strict=True):
        source, target = (boxes[sketch.maps[i].node.id] for i in (link.source, link.target))
        assert arrow.kind == link.kind
        assert touches(source, *arrow.points[0])
        kind = "gate" if link.kind == "gating" else "plus"
        marks = [mark for mark in diagram.scene.marks if mark.id == f"{kind}-{target.id}"]
        at_mark = any(dist((mark.x, mark.y), arrow.points[-1]) <= mark.radius + TOUCH for mark in marks)
        assert at_mark or (kind == "plus" and touches(target, *arrow.points[-1]))
        assert [box.id for box in boxes.values() if crosses(arrow, box)] == []


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", HEADED)
def test_lines_connect_blocks_beside_the_path_and_no_arrow_crosses_a_block(name: str, collapse: str) -> None:
    diagram = draw(headed(name), collapse=collapse)
    scene, sketch = diagram.scene, sketch_u(headed(name), collapse)
    blocks = [block for block in scene.blocks if block.id.startswith("attention-")]
    lines = [arrow for arrow in own_arrows(diagram) if arrow.kind == "aside"]
    uses = [use for aside in sketch.asides if aside.kind == "attention" for use in aside.uses]
    assert len(blocks) == len([aside for aside in sketch.asides if aside.kind == "attention"])
    assert len(lines) == sum(1 + (source != target) for source, target in uses)
    for line in lines:
        at_block = [any(touches_block(block, *line.points[end]) for block in blocks) for end in (0, -1)]
        at_box = [any(touches(box, *line.points[end]) for box in scene.boxes) for end in (0, -1)]
        at_mark = any(dist((mark.x, mark.y), line.points[-1]) <= mark.radius + TOUCH for mark in scene.marks)
        assert (at_block[1] and at_box[0]) or (at_block[0] and (at_box[1] or at_mark))
    for arrow in scene.arrows:
        assert [box.id for box in scene.boxes if crosses(arrow, box)] == []
        assert [block.id for block in scene.blocks if crosses(arrow, block)] == []


def touches_block(block: SideBlock, x: float, y: float) -> bool:
    return block.x - TOUCH <= x <= block.right + TOUCH and block.y - TOUCH <= y <= block.bottom + TOUCH


def crossings(arrows: list[Arrow]) -> list[tuple[str, str]]:
    """The arrows that cross, from all pairs of a horizontal and a vertical piece that meet inside both."""
    level: list[tuple[str, float, float, float]] = []
    upright: list[tuple[str, float, float, float]] = []
    for arrow in arrows:
        for (a, b), (c, d) in pairwise(arrow.points):
            if b == d:
                level.append((arrow.id, min(a, c), max(a, c), b))
            else:
                upright.append((arrow.id, min(b, d), max(b, d), a))
    return [
        (one, other)
        for one, left, right, y in level
        for other, top, bottom, x in upright
        if left + TOUCH < x < right - TOUCH and top + TOUCH < y < bottom - TOUCH
    ]


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize(
    "name", ["paper", "attention", "planar", "released", "without", "deep", "excited", "attentive"]
)
def test_no_two_arrows_cross(name: str, collapse: str) -> None:
    assert crossings(own_arrows(draw(described(name), collapse=collapse))) == []


def test_pieces_of_arrows_are_horizontal_or_vertical() -> None:
    for name in [*US, *HEADED]:
        for arrow in own_arrows(draw(described(name))):
            assert all(a == c or b == d for (a, b), (c, d) in pairwise(arrow.points)), arrow


def test_padding_is_written_beside_the_arrow_up() -> None:
    labels = {label.id: label.text for label in draw(arch("uneven")).scene.labels}
    assert labels["crop-dec0.concat1"] == "pad 0+1"
    assert labels["dec0.concat1.size"] == "17×19"


def test_the_word_crop_is_left_out_where_it_does_not_fit() -> None:
    texts = {}
    for style in ("paper", "column"):
        labels = draw(arch("paper"), style=style).scene.labels
        texts[style] = [label.text for label in labels if label.id.startswith("crop-")]
    assert texts == {"paper": ["crop 4", "crop 16", "crop 40", "crop 88"], "column": ["4", "16", "40", "88"]}
