"""Arrows begin and end at the boxes that they connect and cross no other box; crops are written beside them."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import dist

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.hooked_nets import arch
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.scene import Arrow, Box
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
TOUCH = 0.02  # points; coordinates are rounded to hundredths


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
    return trace(EarlySkip(), torch.empty(1, 1, 34, 34)) if name == "early skip" else arch(name)


def own_arrows(diagram: Diagram) -> list[Arrow]:
    """The arrows without those of the legend."""
    return [arrow for arrow in diagram.scene.arrows if not arrow.id.startswith("legend-")]


def touches(box: Box, x: float, y: float) -> bool:
    """Whether a point lies on a box; the upper left and lower right corner around a cuboid are empty."""
    corners = x - box.x + y - box.y, box.right - x + box.bottom - y
    inside = box.x - TOUCH <= x <= box.right + TOUCH and box.y - TOUCH <= y <= box.bottom + TOUCH
    return inside and min(corners) >= box.depth - TOUCH


def crosses(arrow: Arrow, box: Box) -> bool:
    """Whether a straight piece of the arrow passes through the inside of a box."""
    return any(
        min(a, c) < box.right - TOUCH
        and max(a, c) > box.x + TOUCH
        and min(b, d) < box.bottom - TOUCH
        and max(b, d) > box.y + TOUCH
        for (a, b), (c, d) in pairwise(arrow.points)
    )


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", US)
@pytest.mark.parametrize("kind_of_boxes", BOXES)
def test_arrows_connect_their_boxes_and_cross_none(name: str, collapse: str, kind_of_boxes: str) -> None:
    diagram = draw(described(name), style=named_style(boxes=kind_of_boxes), collapse=collapse)
    boxes = {box.id: box for box in diagram.scene.boxes}
    sketch = sketch_u(described(name), collapse)
    links = [*sketch.gates, *sketch.steps, *sketch.copies, *sketch.branches, *sketch.heads]
    arrows = own_arrows(diagram)
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


def test_pieces_of_arrows_are_horizontal_or_vertical() -> None:
    for name in US:
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
