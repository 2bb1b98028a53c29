"""Boxes of a row stand side by side with space for their texts; the widest columns that fit are found."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.oracles.headed_nets import HEADED, headed
from tests.oracles.hooked_nets import arch
from unet_tutorial.figures.drawing.columns import Columns, fit_columns
from unet_tutorial.figures.drawing.frame import Frame
from unet_tutorial.figures.drawing.sketch import COLLAPSE, sketch_u

US = ["paper", "five", "attention", "planar", "residual", "shuffled", "two", "uneven", "without"]


def frame(name: str, collapse: str) -> Frame:
    described = headed(name) if name in HEADED else arch(name)
    return Frame(sketch_u(described, collapse), 8, "sqrt", bent=collapse == "level")


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", US)
def test_boxes_and_channels_of_a_row_do_not_overlap(name: str, collapse: str) -> None:
    found = frame(name, collapse)
    columns = Columns(found, widest=6, gap=2)
    for row in set(found.rows):
        here = [i for i in range(found.sketch.length) if found.rows[i] == row]
        for one, other in pairwise(here):
            assert columns.left[other] >= columns.left[one] + columns.width[one] + found.left_space(other)
            end = columns.left[one] + columns.width[one] / 2 + found.channels_extent(one)[1]
            start = columns.left[other] + columns.width[other] / 2 + found.channels_extent(other)[0]
            assert start >= end


@pytest.mark.parametrize("name", US)
def test_the_widest_columns_that_fit_are_those_of_a_scan(name: str) -> None:
    found = frame(name, "conv")

    def width(share: float) -> float:
        first, last = Columns(found, (1.0 + 4.5 * share) * 8, (1.2 + 2.4 * share) * 8).bounds()
        return last - first

    narrowest, widest = width(0), width(1)
    assert fit_columns(found, narrowest - 1) is None
    room = (narrowest + widest) / 2
    columns = fit_columns(found, room)
    assert columns is not None
    first, last = columns.bounds()
    best = max(share / 4096 for share in range(0, 4097, 16) if width(share / 4096) <= room)
    assert width(best) - 0.01 <= last - first <= room


def test_the_skip_part_of_a_box_has_the_share_of_its_channels() -> None:
    found = frame("paper", "conv")
    columns = Columns(found, widest=20, gap=10)
    shares = [columns.skip_width(i) / columns.width[i] for i in range(found.sketch.length)]
    concats = [each.node.op == "concat" for each in found.sketch.maps]
    assert shares == pytest.approx([0.5 * concat for concat in concats])
    arrivals = [columns.arrival(i) / columns.width[i] for i in range(found.sketch.length)]
    assert arrivals == pytest.approx([0.75 if concat else 0.5 for concat in concats])


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", ["deep", "resized heads", "heads"])
def test_further_outputs_are_to_the_right_of_their_row(name: str, collapse: str) -> None:
    found = frame(name, collapse)
    columns = Columns(found, widest=20, gap=10)
    for i in found.source:
        row = [j for j in range(found.sketch.length) if found.rows[j] == found.rows[i]]
        assert columns.left[i] > max(columns.left[j] + columns.width[j] for j in row)
        ups = [columns.step_x(s) for s in found.sketch.steps if found.exits_upwards(s.source) and s.source in row]
        assert columns.left[i] - found.left_space(i) > max(ups, default=0.0)


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", ["attentive", "diffusion"])
def test_blocks_beside_the_path_are_between_the_arrows_from_row_to_row(name: str, collapse: str) -> None:
    found = frame(name, collapse)
    columns = Columns(found, widest=20, gap=10)
    low, high = columns.bounds()
    for aside in found.sketch.asides:
        first, last = columns.aside_extent(aside)
        assert low <= first < last <= high
        row = 0 if aside.kind == "embedding" else found.rows[aside.uses[0][1]]
        below = [s for s in found.sketch.steps if {found.rows[s.source], found.rows[s.target]} == {row, row + 1}]
        assert all(not first < columns.step_x(step) < last for step in below)


def test_boxes_and_arrows_are_stretched_to_fill_the_sheet() -> None:
    """A picture with one map per level fills 160 mm to within a percent."""
    for name in ("paper", "attention", "planar", "five"):
        found = frame(name, "level")
        columns = fit_columns(found, 450)
        assert columns is not None
        first, last = columns.bounds()
        assert 0.99 * 450 < last - first <= 450
