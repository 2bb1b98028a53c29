"""A network that is not a U is drawn on a grid: rows are levels, and each map is to the right of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations, cycle, pairwise

import pytest
import torch
from torch import nn

from tests.oracles.chains import StackedHourglass, w_net
from tests.oracles.foreign_hard import deeplab, plus_plus, three_plus
from tests.oracles.hooked_nets import arch
from tests.oracles.text_extents import area, extents, overlap, touches
from tests.oracles.u2net import U2Net
from tests.oracles.unet_plus_plus import UNet3Plus, UNetPlusPlus
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.nested import inner_unets
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.curves import samples
from unet_tutorial.figures.drawing.scene import Scene
from unet_tutorial.figures.drawing.sketch import COLLAPSE
from unet_tutorial.figures.drawing.style import named_style
from unet_tutorial.figures.tracing.trace import trace

pytestmark = pytest.mark.slow

PAPER = (32, 64, 128, 256, 512)  # widths of UNet++
LARGE: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "UNet++": (UNetPlusPlus, (1, 1, 256, 256)),
    "UNet++ supervised": (lambda: UNetPlusPlus(supervised=True), (1, 1, 256, 256)),
    "UNet 3+": (UNet3Plus, (1, 1, 256, 256)),
    "U2Net": (U2Net, (1, 3, 256, 256)),
    "W-Net": (lambda: w_net((64, 128, 256, 512, 1024)), (1, 1, 256, 256)),
    "hourglasses": (StackedHourglass, (1, 3, 128, 128)),
    "plus plus": (plus_plus, (1, 1, 32, 32)),
    "three plus": (three_plus, (1, 1, 32, 32)),
    "DeepLab": (deeplab, (1, 1, 32, 32)),
}
SMALL = ("nested", "classifier", "dense")
NAMES = (*LARGE, *SMALL)


@cache
def described(name: str) -> ArchIR:
    if name in SMALL:
        return arch(name)
    make, size = LARGE[name]
    with torch.device("meta"):
        return trace(make(), torch.empty(size))


@cache
def drawn(name: str, style: str = "thesis", collapse: str = "conv") -> Diagram:
    return draw(described(name), style=style, collapse=collapse)


def words(scene: Scene, part: str) -> dict[str, str]:
    """The labels whose ids end in this part, by node."""
    return {label.id.rpartition(".")[0]: label.text for label in scene.labels if label.id.rpartition(".")[2] == part}


def frames(diagram: Diagram) -> list[str]:
    """The ids of the frames of inner U-Nets."""
    return [box.id for box in diagram.scene.boxes if box.blank == box.width]


@pytest.mark.parametrize("name", ["classifier", "DeepLab"])
def test_a_small_network_is_drawn_whole_with_the_reason(name: str) -> None:
    diagram = drawn(name)
    nodes, boxes = diagram.arch.nodes, {box.id: box for box in diagram.scene.boxes}
    said = " ".join(label.text for label in diagram.scene.labels if label.id.startswith("reason"))
    assert said == f"not drawn as a U: {diagram.arch.reason}"
    assert set(boxes) == {node.id for node in nodes}
    arrows = [arrow for arrow in diagram.scene.arrows if not arrow.id.startswith("legend")]
    assert len(arrows) == sum(len(node.inputs) for node in nodes)
    for node in nodes:
        for key in node.inputs:
            assert boxes[key].middle < boxes[node.id].middle
            if diagram.arch.node(key).level < node.level:
                assert boxes[key].bottom < boxes[node.id].y


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_160_mm_with_the_smallest_font_of_the_style(name: str) -> None:
    scene = drawn(name).scene
    assert scene.width == pytest.approx(160 / 25.4 * 72)
    assert scene.font >= 7
    texts, _ = extents(scene)
    assert all(0 <= text.x0 < text.x1 <= scene.width and text.y0 >= 0 for text in texts.values())
    assert all(0 <= box.x < box.right <= scene.width for box in scene.boxes)


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", NAMES)
def test_boxes_and_texts_do_not_overlap(name: str, collapse: str) -> None:
    diagram = drawn(name, collapse=collapse)
    scene = diagram.scene
    texts, _ = extents(scene)
    inside = {key for each in inner_unets(diagram.arch.nodes, diagram.arch.outputs) for key in (*each.down, *each.up)}
    boxes = [box for box in scene.boxes if (box.id not in inside or box.blank) and not box.id.endswith(".last")]
    parts = [*texts.items(), *((box.id, area(box, scene.height)) for box in boxes)]
    assert [(a, b) for (a, one), (b, other) in combinations(parts, 2) if overlap(one, other)] == []


@pytest.mark.parametrize(("name", "style"), zip(NAMES, cycle(["thesis", "slide"]), strict=False))
def test_cuboids_do_not_overlap_texts_and_arrows_end_on_them(name: str, style: str) -> None:
    diagram = draw(described(name), style=named_style(style, boxes="cuboid"))
    scene, whole = diagram.scene, set(frames(diagram))
    boxes = [box for box in scene.boxes if not whole or box.depth or box.id in whole]  # without those in the frames
    texts, _ = extents(scene)
    parts = [*texts.items(), *((box.id, area(box, scene.height)) for box in boxes)]
    assert [(a, b) for (a, one), (b, other) in combinations(parts, 2) if overlap(one, other)] == []
    assert {box.id for box in scene.boxes if box.depth} >= {node.id for node in diagram.arch.inputs}
    assert all(box.front[2] >= box.depth - 0.02 for box in boxes)
    for arrow in scene.arrows:
        if not arrow.id.startswith("legend"):
            for end in (arrow.points[0], arrow.points[-1]):
                assert any(touches(box, *end) for box in boxes), (arrow.id, end)


@pytest.mark.parametrize("name", NAMES)
def test_no_arrow_passes_through_a_box(name: str) -> None:
    diagram = drawn(name)
    whole = set(frames(diagram))
    for arrow in diagram.scene.arrows:
        for box in diagram.scene.boxes:
            passed = [
                (x, y)
                for x, y in (samples(arrow.points) if len(arrow.points) in (2, 4) else ())
                if box.x + 0.3 < x < box.right - 0.3 and box.y + 0.3 < y < box.bottom - 0.3
            ]
            assert not passed or (whole and box.id not in whole), (arrow.id, box.id)


@pytest.mark.parametrize("name", NAMES)
def test_maps_are_right_of_their_inputs_and_in_the_row_of_their_level(name: str) -> None:
    diagram = drawn(name, collapse="level")
    boxes = {box.id: box for box in diagram.scene.boxes}
    own_row = set(diagram.arch.outputs) if name == "UNet++ supervised" else set()
    inside = {key for each in inner_unets(diagram.arch.nodes, diagram.arch.outputs) for key in each.nodes}
    inside = inside - set(frames(diagram)) if frames(diagram) else set()
    shown = [node for node in diagram.arch.nodes if node.id in boxes and node.id not in inside and node.scale]
    for one, other in combinations(shown, 2):
        if own_row & {one.id, other.id}:
            continue
        first, second = (boxes[node.id].y + boxes[node.id].height / 2 for node in (one, other))
        same = abs(first - second) < 0.05
        assert same == (one.scale == other.scale)
        assert same or (first < second) == (one.scale < other.scale)


@pytest.mark.parametrize("name", NAMES)
def test_input_and_outputs_are_named_in_the_order_returned(name: str) -> None:
    plain = described(name)
    captions = words(drawn(name).scene, "word")
    assert captions.pop(plain.inputs[0].id) == "input"
    count = len(plain.outputs)
    assert list(captions) == sorted(plain.outputs, key=list(captions).index)
    for number, key in enumerate(plain.outputs, start=1):
        full = "output" if count == 1 else f"output {number}"
        assert captions[key] in (full, str(number))


def test_only_a_number_follows_the_output_before_it() -> None:
    """U2Net: output 1 is the fused one, drawn last; output 2 is the first of the side outputs."""
    plain, captions = described("U2Net"), words(drawn("U2Net").scene, "word")
    assert [captions[key] for key in plain.outputs] == ["output 1", "output 2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize("name", NAMES)
def test_the_legend_lists_the_kinds_of_arrows_that_are_drawn(name: str) -> None:
    arrows = drawn(name).scene.arrows
    listed = {arrow.kind for arrow in arrows if arrow.id.startswith("legend")}
    assert listed == {arrow.kind for arrow in arrows if not arrow.id.startswith("legend")}
    assert not drawn(name).scene.marks


@pytest.mark.parametrize("name", NAMES)
def test_no_box_is_taller_than_the_input(name: str) -> None:
    diagram = drawn(name)
    boxes = {box.id: box for box in diagram.scene.boxes}
    assert max(box.height for box in boxes.values()) == boxes[diagram.arch.inputs[0].id].height


@pytest.mark.parametrize("style", ["thesis", "column"])
@pytest.mark.parametrize("name", ["UNet++", "UNet++ supervised"])
def test_the_triangle_of_unet_plus_plus(name: str, style: str) -> None:
    """X(i, j) of the paper's figure 1: labels, widths, half steps to the right, arcs above the row."""
    diagram = drawn(name, style)
    scene, boxes = diagram.scene, {box.id: box for box in diagram.scene.boxes}
    at = {text: key for key, text in words(scene, "tag").items()}
    assert sorted(at) == sorted(f"X({i},{j})" for i in range(5) for j in range(5 - i))
    channels = words(scene, "channels")
    x = {}
    for text, key in at.items():
        i, j = int(text[2]), int(text[4])
        assert channels[key] == str(PAPER[i])
        x[i, j] = boxes[key].middle
    steps = {x[i, j + 1] - x[i + 1, j] for i, j in x if (i, j + 1) in x and (i + 1, j) in x}
    assert max(steps) - min(steps) < 0.05
    assert all(abs(x[i + 1, j] - x[i, j] - min(steps)) < 0.05 for i, j in x if (i + 1, j) in x)
    assert scene.width == diagram.style.width
    skips = [arrow for arrow in scene.arrows if arrow.kind == "skip" and not arrow.id.startswith("legend")]
    arcs = [arrow for arrow in skips if arrow.curved]
    assert len(skips) == sum(5 - i - j - 1 for i in range(5) for j in range(5 - i))  # to all later nodes of the row
    assert len(arcs) == len(skips) - sum(4 - i for i in range(4))  # neighbours have straight arrows
    tops = {round(box.y, 1) for key, box in boxes.items() if key in at.values()}
    for arc in arcs:
        above = max(y for y in tops if y <= arc.points[0][1])
        assert min(y for _, y in samples(arc.points)) < above - 0.74 * scene.font
    assert diagram.notes == ("one box per node X(i,j) of UNet++, not per map",)


def test_outputs_of_deep_supervision_are_above_their_nodes() -> None:
    diagram = drawn("UNet++ supervised")
    boxes = {box.id: box for box in diagram.scene.boxes}
    at = {text: key for key, text in words(diagram.scene, "tag").items()}
    for j, key in enumerate(diagram.arch.outputs, start=1):
        assert boxes[key].middle == boxes[at[f"X(0,{j})"]].middle
        assert boxes[key].bottom < boxes[at[f"X(0,{j})"]].y


def test_an_output_of_a_lower_row_is_on_its_right() -> None:
    """A classifier on X(2, 0)."""

    class Classified(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.last, self.deepest = UNetPlusPlus((4, 6, 8)), nn.Linear(8, 3), torch.empty(0)
            self.net.nodes["2_0"].register_forward_hook(self.keep)

        def keep(self, _module: nn.Module, _given: object, out: torch.Tensor) -> None:
            self.deepest = out

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.net(x), self.last(self.deepest.mean((2, 3)))

    diagram = draw(trace(Classified(), torch.zeros(1, 1, 32, 32)), style="thesis")
    boxes = {box.id: box for box in diagram.scene.boxes}
    at = {text: boxes[key] for key, text in words(diagram.scene, "tag").items()}
    first, second = (boxes[key] for key in diagram.arch.outputs)
    assert second.x > at["X(2,0)"].right
    assert second.bottom > at["X(1,1)"].bottom
    assert first.x > at["X(0,2)"].right
    assert first.y == at["X(0,2)"].y


@pytest.mark.parametrize("name", ["U2Net", "hourglasses"])
def test_inner_u_nets_are_frames_with_their_levels(name: str) -> None:
    diagram = drawn(name)
    inner = {each.end: each for each in inner_unets(diagram.arch.nodes, diagram.arch.outputs)}
    assert frames(diagram) == list(inner)
    boxes = {box.id: box for box in diagram.scene.boxes}
    for end, each in inner.items():
        parts = [boxes[f"{key}.last" if key == end else key] for key in (*each.down, *each.up)]
        frame = boxes[end]
        assert all(frame.x < p.x < p.right < frame.right and frame.y < p.y < p.bottom < frame.bottom for p in parts)
        assert all(one.right < other.x for one, other in pairwise(parts))
        down, up = parts[: len(each.down)], parts[len(each.down) :]
        assert all(one.bottom < other.y for one, other in pairwise(down))
        assert all(one.y > other.bottom for one, other in pairwise(up))
        assert [p.y for p in up][: len(down) - 1] == [p.y for p in reversed(down[:-1])]
    assert "frame" in diagram.notes[0]
    said = [label.text for label in diagram.scene.labels if label.id.startswith("reason")]
    assert said == ["each frame holds a U-Net, with one box per level and side"]


def test_a_chain_of_u_nets_is_drawn_side_by_side_if_it_fits_and_in_frames_if_not() -> None:
    assert not frames(drawn("W-Net"))
    assert len(frames(drawn("W-Net", "column"))) == 2
    assert drawn("W-Net", "column").scene.width == drawn("W-Net", "column").style.width
    assert len(frames(drawn("hourglasses"))) == 4
