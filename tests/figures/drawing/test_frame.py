"""Rows, texts and sizes of boxes follow levels, channels and sizes."""

from __future__ import annotations

from itertools import combinations
from math import log2, sqrt

import pytest

from tests.oracles.headed_nets import HEADED, headed
from tests.oracles.hooked_nets import arch
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.drawing.frame import Frame
from unet_tutorial.figures.drawing.scene import text_width
from unet_tutorial.figures.drawing.sketch import sketch_u
from unet_tutorial.figures.drawing.style import Growth


def frame(name: str, growth: Growth = "sqrt", *, bent: bool = False) -> Frame:
    return Frame(sketch_u(headed(name) if name in HEADED else arch(name), "conv"), 8, growth, bent=bent)


def test_boxes_grow_with_channels_and_sizes() -> None:
    diagram = draw(arch("five"), collapse="level")
    sides = [(diagram.arch.node(box.id), box) for box in diagram.scene.boxes]
    for (one, first), (other, second) in combinations(sides, 2):
        if one.channels > other.channels:
            assert first.width >= second.width
        if one.size > other.size:
            assert first.height >= second.height
    wide = {one.channels: box.width for one, box in sides}
    assert wide[2048] / wide[512] == pytest.approx(2, rel=0.01)  # the root of 4


@pytest.mark.parametrize(("growth", "function"), [("sqrt", sqrt), ("linear", float), ("log", lambda n: log2(n + 1))])
def test_widths_are_proportional_to_the_growth_function(growth: Growth, function: object) -> None:
    assert callable(function)
    found = frame("five", growth)
    for each in found.sketch.maps:
        expected = 5000 * function(each.node.channels) / function(2048)
        assert found.width(each, 5000) == pytest.approx(max(4, expected))


def test_every_row_is_tall_enough_for_its_size_texts() -> None:
    for name in ("paper", "planar", "uneven"):
        found = frame(name)
        for i, text in enumerate(found.sizes):
            assert found.height(i, tallest=1.0) > text_width(text, found.font)


def test_the_path_goes_down_to_the_coarsest_row_and_up_again() -> None:
    found = frame("paper")
    rows = found.rows[: found.sketch.length]
    assert rows[0] == rows[-1] == 0
    assert max(rows) == 4
    down = [i for i in range(len(rows)) if found.entered_from_above(i)]
    up = [i for i in range(len(rows)) if found.exits_upwards(i)]
    assert len(down) == len(up) == 4
    assert max(down) < min(up)
    assert all(frame("paper", bent=True).exits_sideways(i) for i in range(len(rows)))


def test_a_size_is_written_where_it_changes() -> None:
    found = frame("planar")
    shown = [(row, each.node.size) for row, each in zip(found.rows, found.sketch.maps, strict=True)]
    changes = [i == 0 or shown[i] != shown[i - 1] for i in range(len(shown))]
    assert [bool(text) for text in found.sizes] == changes


def test_inputs_and_the_output_have_captions() -> None:
    for name, expected in (("paper", ["input", "output"]), ("two", ["input 1", "output", "input 2"])):
        found = frame(name)
        captions = [found.caption(i) for i in range(len(found.sketch.maps))]
        assert [text for text in captions if text] == expected


@pytest.mark.parametrize(
    ("name", "anchors"),
    [
        ("patches", ["end", "middle"]),  # an arrow leads down from the input
        ("without", ["middle", "start"]),  # an arrow arrives from below at the output
        ("paper", ["middle", "middle"]),
    ],
)
def test_captions_are_beside_arrows_below_their_box(name: str, anchors: list[str]) -> None:
    found = frame(name)
    assert [found.caption_anchor(i) for i in range(found.sketch.length) if found.caption(i)] == anchors
    assert frame(name, bent=True).caption_anchor(0) == "middle"  # the arrow leaves at the right edge


def test_a_further_output_is_in_the_row_of_its_source_and_not_higher() -> None:
    for name in ("deep", "resized heads", "heads"):
        found = frame(name)
        assert len(found.source) == 2
        for i, source in found.source.items():
            assert found.rows[i] == found.rows[source]
            assert found.height(i, tallest=100) <= found.height(source, tallest=100)
    resized, plain = frame("resized heads"), frame("deep")
    assert [resized.sizes[i] for i in resized.source] == ["32²", "32²"]
    assert [plain.sizes[i] for i in plain.source] == ["", ""]  # as large as the box before


def test_tags_are_the_initials_of_channel_gates() -> None:
    found = frame("excited")
    assert [found.tags[i] for i in sorted(found.tags)] == ["SE"] * 3
    for i in found.tags:
        first, last = found.tag_extent(i)
        assert last - first == pytest.approx(text_width("SE", 8) + 2 * 0.35 * 8)
        assert found.channels_extent(i)[0] <= first < last <= found.channels_extent(i)[1]


def test_an_attention_is_added_at_a_plus_mark_before_the_sum() -> None:
    found = frame("attentive")
    assert [found.sketch.maps[i].node.id for i in sorted(found.aside_sums)] == ["bottom3.add1", "dec2.add1"]
    marks = {mark.id: mark for mark in draw(headed("attentive")).scene.marks if mark.kind == "plus"}
    assert set(marks) == {"plus-bottom3.add1", "plus-dec2.add1", "legend-plus"}
    for i in found.aside_sums:
        assert found.left_space(i) == pytest.approx(found.left_space(i - 1) + (2 * 0.42 + 0.3) * 8)
