"""Rows follow one another downwards; arrows that overlap run on different lanes."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from tests.oracles.headed_nets import HEADED, headed
from tests.oracles.hooked_nets import arch
from unet_tutorial.figures.drawing.columns import Columns
from unet_tutorial.figures.drawing.frame import Frame
from unet_tutorial.figures.drawing.heights import Heights, enters_from_below
from unet_tutorial.figures.drawing.scene import text_width
from unet_tutorial.figures.drawing.sketch import COLLAPSE, sketch_u

US = ["paper", "attention", "planar", "residual", "resized", "two", "dense", "uneven"]


def heights(name: str, collapse: str = "conv", boxes: str = "flat") -> Heights:
    described = headed(name) if name in HEADED else arch(name)
    frame = Frame(sketch_u(described, collapse), 8, "sqrt", bent=collapse == "level", boxes=boxes)
    return Heights(Columns(frame, widest=20, gap=10, deepest=12), tallest=100)


def test_the_front_faces_of_cuboids_are_as_large_as_flat_boxes() -> None:
    flat, cuboid = heights("paper"), heights("paper", boxes="cuboid")
    depths = cuboid.columns.depth
    assert max(depths) == 12
    assert [height - depth for height, depth in zip(cuboid.height, depths, strict=True)] == pytest.approx(flat.height)
    widths = [width - depth for width, depth in zip(cuboid.columns.width, depths, strict=True)]
    assert widths == pytest.approx(flat.columns.width)


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", US)
def test_rows_are_centred_and_below_one_another(name: str, collapse: str) -> None:
    found = heights(name, collapse)
    rows = found.frame.rows
    edges = []
    for row in range(max(rows) + 1):
        here = [i for i in range(found.frame.sketch.length) if rows[i] == row]
        centres = [found.top[i] + found.height[i] / 2 for i in here]
        assert centres == pytest.approx([centres[0]] * len(here))
        edges.append((min(found.top[i] for i in here), max(found.top[i] + found.height[i] for i in here)))
        assert edges[-1][1] == pytest.approx(found.row_bottom[row])
        assert edges[-1][0] <= found.arrow_y[row] <= edges[-1][1]
    assert all(bottom + found.frame.font < top for (_, bottom), (top, _) in pairwise(edges))
    lowest = max(top + height for top, height in zip(found.top, found.height, strict=True))
    assert found.total >= lowest - 1e-9


@pytest.mark.parametrize("name", ["residual", "resized", "dense"])
def test_no_two_arrows_overlap_on_a_lane(name: str) -> None:
    found = heights(name)
    columns = found.columns

    def extent(index: int) -> tuple[float, float]:
        return columns.left[index], columns.left[index] + columns.width[index]

    assert found.lanes
    for (one, lane), (other, same) in combinations(found.lanes.items(), 2):
        first, second = ((extent(link.source)[0], extent(link.target)[1]) for link in (one, other))
        assert lane != same or first[1] <= second[0] or second[1] <= first[0]
        assert found.lane_y(one) > found.row_bottom[lane[0]]


def test_shortcuts_run_on_lanes_and_a_further_input_of_the_same_row_does_not() -> None:
    residual, two = heights("residual"), heights("two")
    assert set(residual.lanes) == set(residual.frame.sketch.branches)
    (entering,) = two.frame.sketch.branches
    assert enters_from_below(two.frame, entering)
    assert entering not in two.lanes


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", ["attentive", "diffusion"])
def test_blocks_beside_the_path_are_below_their_row_and_above_the_next(name: str, collapse: str) -> None:
    found = heights(name, collapse)
    for aside, top in found.aside_top.items():
        row = 0 if aside.kind == "embedding" else found.frame.rows[aside.uses[0][1]]
        assert top > found.row_bottom[row]
        bottom = top + found.aside_height(aside)
        below = [found.top[i] for i, other in enumerate(found.frame.rows) if other > row]
        assert aside.kind == "embedding" or bottom < min(below, default=found.total + 1)


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", ["paper", "planar", "without", "residual", "two", *HEADED])
def test_captions_are_just_below_their_box_unless_something_passes_there(name: str, collapse: str) -> None:
    found = heights(name, collapse)
    frame, font = found.frame, found.frame.font
    for i in range(len(frame.sketch.maps)):
        if frame.caption(i):
            below = found.caption_y[i] - (found.top[i] + found.height[i])
            assert below >= 0.99 * font
            rows = {row for row, _ in found.lanes.values()} | {frame.rows[i] for i in frame.source}
            assert below < 1.01 * font or frame.rows[i] in rows


def test_a_straight_arrow_to_a_further_output_arrives_at_its_box() -> None:
    for name in ("deep", "resized heads", "heads"):
        for collapse in COLLAPSE:
            found = heights(name, collapse)
            for link in found.frame.sketch.heads:
                i, font = link.target, found.frame.font
                text = text_width(found.frame.sizes[i], font)
                assert found.top[i] <= found.exit_y(i) - 0.4 * font
                assert found.exit_y(i) + 0.4 * font <= found.top[i] + found.height[i] - text
