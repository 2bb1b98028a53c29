"""The drawing shows what the network computes: boxes are compared with hooks, arrows with the paper's figure 1."""

from __future__ import annotations

from dataclasses import replace
from statistics import geometric_mean

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from tests.oracles.headed_nets import headed
from tests.oracles.hooked_nets import NETS, arch, hooked
from tests.oracles.svg_contents import arrow_ids, box_shapes
from unet_tutorial.figures.arch.ir import Block
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.sketch import COLLAPSE, mean_side, sketch_u
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import paper_unet

pytestmark = pytest.mark.slow


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


def uses(name: str, kind: str, collapse: str = "conv") -> list[tuple[tuple[str, ...], list[tuple[str, str]]]]:
    """Lines and (source, target) ids of the blocks of this kind beside the path."""
    sketch = sketch_u(headed(name), collapse)
    ids = [each.node.id for each in sketch.maps]
    asides = [aside for aside in sketch.asides if aside.kind == kind]
    return [(aside.lines, [(ids[a], ids[b]) for a, b in aside.uses]) for aside in asides]


def test_an_attention_leads_from_the_map_before_it_to_the_sum_after_it() -> None:
    assert uses("attentive", "attention") == [
        (("self-attention, 4 heads",), [("bottom3.conv2", "bottom3.add1")]),
        (("self-attention, 2 heads",), [("dec2.conv2", "dec2.add1")]),
    ]
    sums = [aside.sums for aside in sketch_u(headed("attentive"), "conv").asides]
    assert [len(each) for each in sums] == [1, 1]
    assert uses("attentive", "attention", "level") == [
        (("self-attention, 4 heads",), [("bottom3.add1", "bottom3.add1")]),
        (("self-attention, 2 heads",), [("dec2.add1", "dec2.add1")]),
    ]


def test_the_attentions_of_a_level_are_one_block_per_side() -> None:
    """``DiffusionUNet`` with one residual block per level attends once on the way down and twice on the way up."""
    lines = [each for each, _ in uses("diffusion", "attention")]
    assert lines == [("self-attention, 2 heads",), ("self-attention, 2 heads",), ("2 × self-attention, 2 heads",)]


def test_an_embedding_conditions_the_first_convolution_of_each_residual_block() -> None:
    """Of 3 × 1 blocks on the way down, 2 at the bottom and 3 × 2 on the way up; the image is not conditioned."""
    ((lines, found),) = uses("diffusion", "embedding")
    targets = [target for _, target in found]
    assert lines == ("embedding of t",)
    assert len(set(targets)) == len(targets) == 3 + 2 + 6
    assert all(".conv" in target for target in targets)
    sketch = sketch_u(headed("diffusion"), "conv")
    assert [each.node.kind for each in sketch.maps if each.node.op == "input"] == ["x"]


def test_a_channel_gate_belongs_to_the_map_that_it_scales() -> None:
    ((lines, found),) = uses("excited", "excitation")
    assert lines == ("squeeze-and-excitation",)
    assert [target for _, target in found] == ["dec2.conv2", "dec1.conv2", "dec0.conv2"]


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("deep", [("dec1.conv2", "output 2", "point"), ("dec2.conv2", "output 3", "point")]),
        ("resized heads", [("dec1.conv2", "output 2", "resize"), ("dec2.conv2", "output 3", "resize")]),
        ("heads", [("bottom3.conv2", "output 1", "point"), ("dec0.conv2", "output 3", "conv")]),
    ],
)
def test_every_output_has_a_box_and_an_arrow_from_its_level(name: str, ends: list[tuple[str, str, str]]) -> None:
    """Outputs are numbered in the order in which the network returns them; the largest one is on the main path."""
    plain = headed(name)
    sketch = sketch_u(plain, "conv")
    found = [(sketch.maps[a.source].node.id, sketch.maps[a.target].caption, a.kind) for a in sketch.heads]
    assert found == ends
    captions = {each.node.id: each.caption for each in sketch.maps if each.caption.startswith("output")}
    assert captions == {key: f"output {i}" for i, key in enumerate(plain.outputs, start=1)}


@pytest.mark.parametrize("collapse", COLLAPSE)
def test_a_gate_is_computed_from_the_coarser_map_below_its_skip(collapse: str) -> None:
    """Attention gates of Oktay et al. (arXiv 1804.03999): the gating signal is the map that is upsampled next."""
    sketch = sketch_u(arch("attention"), collapse)
    sources = [(sketch.maps[link.source].node, sketch.maps[link.target].node) for link in sketch.gates]
    assert [(source.level, target.level) for source, target in sources] == [(3, 2), (2, 1), (1, 0)]
    for link in sketch.gates:
        ups = [step.source for step in sketch.steps if step.kind == "up" and step.source == link.source]
        assert ups == [link.source]


def test_slices_that_are_concatenated_are_one_arrow() -> None:
    sketch = sketch_u(headed("patches"), "conv")
    first = sketch.steps[0]
    assert [node.op for node in first.nodes] == ["pool", "concat", "conv"]
    assert (first.kind, sketch.branches) == ("pool", ())


def test_residual_blocks_on_an_arrow_are_found() -> None:
    """The level picture of a residual network has one block, without its pooling or upsampling, on each arrow."""
    sketch = sketch_u(arch("residual"), "level")
    for step in sketch.steps[:-1]:
        ((first, last),) = step.residual
        assert step.nodes[last].op == "add"
        assert [node.op for node in step.nodes[first:last]] == ["conv", "conv"]
    assert [step.residual for step in sketch_u(arch("paper"), "level").steps] == [()] * 10


def test_a_sum_without_a_convolution_on_its_branch_ends_no_residual_block() -> None:
    """A norm with a shortcut, as in ConvNeXt V2."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        x = layers[0](x)
        y = layers[1](F.max_pool2d(x + x * x.mean((2, 3), keepdim=True), 2))
        return torch.as_tensor(layers[2](x + F.interpolate(y, scale_factor=2)))

    net = Call(run, nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 1, 1))
    sketch = sketch_u(trace(net, torch.empty(1, 1, 16, 16)), "level")
    assert [step.residual for step in sketch.steps] == [()] * len(sketch.steps)


@pytest.mark.parametrize("collapse", COLLAPSE)
def test_an_output_on_the_main_path_has_its_box_and_caption(collapse: str) -> None:
    plain = arch("padded")
    changed = replace(plain, outputs=(*plain.outputs, "dec2.conv1"))
    maps = {each.node.id: each.caption for each in sketch_u(changed, collapse).maps}
    assert (maps["dec2.conv1"], maps["head.conv1"]) == ("output 2", "output 1")


def test_a_block_on_the_main_path_ends_at_its_result_wherever_that_is_used() -> None:
    """The result of a stage of a Swin transformer is used at the next level and by a skip."""
    plain = arch("padded")
    block = Block("attention", "transformer block", ("enc1.conv2",), ("enc1.conv1",), ("enc2.pool1", "dec1.concat1"))
    changed = replace(plain, blocks=(block,))
    sketch = sketch_u(changed, "conv")
    (aside,) = sketch.asides
    ids = [each.node.id for each in sketch.maps]
    assert [(ids[a], ids[b]) for a, b in aside.uses] == [("enc1.conv1", "enc1.conv2")]
    assert aside.sums == ()
    (inside,) = [step for step in sketch.steps if step.kind == "aside"]  # drawn through the block
    assert (ids[inside.source], ids[inside.target]) == ("enc1.conv1", "enc1.conv2")
    level = sketch_u(changed, "level")
    assert [level.maps[i].node.id for use in level.asides[0].uses for i in use] == ["enc1.conv2"] * 2
