"""The legend names each kind of arrow that is drawn, in the usual spelling, and covers nothing."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.svg_contents import arrow_ids
from unet_tutorial.figures.arch.ir import Node, Window
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.drawing.legend import add_legend, legend_entries, occupied
from unet_tutorial.figures.drawing.scene import Box, Scene
from unet_tutorial.figures.drawing.sketch import FeatureMap, Link, Sketch, sketch_u


def conv(key: str, *folded: str, kernel: int = 3, op: str = "conv", kind: str = "convolution") -> Node:
    ones = (1, 1)
    return Node(key, op, kind, (), (4, 8, 8), window=Window((kernel, kernel), ones, ones, ones, ones), folded=folded)


def sketch(*chains: tuple[Node, ...]) -> Sketch:
    """A path of boxes with these operations between neighbours."""
    maps = tuple(FeatureMap(Node(f"map{i}", "input", "", (), (4, 8, 8))) for i in range(len(chains) + 1))
    return Sketch(maps, tuple(Link(i, i + 1, "conv", chain) for i, chain in enumerate(chains)), (), length=len(maps))


def test_the_legend_explains_the_arrows_that_are_drawn_and_no_others() -> None:
    for name, there, absent in (
        ("without", {"pool", "up", "conv"}, {"copy", "point", "plus", "gate"}),
        ("attention", {"pool", "up", "copy", "gate", "point"}, {"plus", "strided"}),
        ("residual", {"strided", "up", "copy", "plus", "branch"}, {"pool", "gate"}),
        ("resized", {"strided", "resize", "copy", "plus"}, {"up", "shuffle"}),
        ("shuffled", {"strided", "shuffle", "copy"}, {"up", "resize", "plus"}),
    ):
        make, sizes = NETS[name]
        svg = draw(make(), *sizes).svg()
        found = {kind for kind in there | absent if arrow_ids(svg, kind)}
        legend = set(re.findall(r'id="legend-([a-z]+)"', svg))
        assert (found, legend & (there | absent)) == (there, there), name


@pytest.mark.parametrize(
    ("torch_name", "text"),
    [
        ("relu_", "ReLU"),
        ("leaky_relu_", "leaky ReLU"),
        ("_prelu_kernel", "PReLU"),
        ("prelu", "PReLU"),
        ("gelu", "gelu"),
        ("rrelu_with_noise", "rrelu with noise"),
        ("hardtanh_", "hardtanh"),
    ],
)
def test_activations_have_their_usual_spelling(torch_name: str, text: str) -> None:
    entries = legend_entries(sketch((conv("a", "native_batch_norm", torch_name, "native_dropout"),)))
    assert entries == [("conv", f"conv 3×3, batch norm, {text}")]


@pytest.mark.parametrize(
    ("chains", "text"),
    [
        (((conv("a"), conv("b")),), "2 × conv 3×3"),
        (((conv("a"), conv("b", kernel=5)),), "conv 3×3, then conv 5×5"),
        (((conv("a"),), (conv("b", kernel=5),), (conv("c"),)), "conv 3×3 or 5×5"),
        (((conv("a", "relu"),), (conv("b", kernel=5),)), "conv 3×3, ReLU or conv 5×5"),
        (
            tuple((conv(f"c{k}", kernel=k),) for k in (2, 3, 5, 7, 9)),
            "conv 2×2, 3×3, 5×5, 7×7 or …",
        ),
    ],
)
def test_chains_and_alternatives_are_counted_and_joined(chains: tuple[tuple[Node, ...], ...], text: str) -> None:
    assert legend_entries(sketch(*chains)) == [("conv", text)]


@pytest.mark.parametrize("name", [name for name in NETS if name not in ("nested", "classifier")])
def test_the_legend_covers_nothing(name: str) -> None:
    scene = draw(arch(name)).scene
    own = [i for i, arrow in enumerate(scene.arrows) if arrow.id.startswith("legend-")]
    labels = [i for i, label in enumerate(scene.labels) if label.id.startswith("legend-")]
    assert len(own) + sum(mark.id.startswith("legend-") for mark in scene.marks) == len(
        legend_entries(sketch_u(arch(name), "conv"))
    )
    areas = occupied(scene)
    boxes, texts = len(scene.boxes), len(scene.labels)
    legend = [areas[boxes + i] for i in labels]
    rest = areas[:boxes] + [areas[boxes + i] for i in range(texts) if i not in labels]
    for left, top, right, bottom in legend:
        assert not [a for a in rest if left < a[2] and a[0] < right and top < a[3] and a[1] < bottom]
        assert 0 <= left < right <= scene.width
        assert 0 <= top < bottom <= scene.height


def test_without_a_free_corner_the_legend_is_below_in_columns() -> None:
    full = Scene(400, 100, 8, boxes=(Box("a", 0, 0, 400, 100),))
    links = sketch((conv("a"),), (conv("b", kernel=1),))
    links = Sketch(links.maps, (links.steps[0], Link(1, 2, "point", links.steps[1].nodes)), (), length=3)
    found = add_legend(full, legend_entries(links))
    assert found.height > full.height
    tops = [label.y for label in found.labels]
    assert min(tops) > full.height
    assert all(one == other for one, other in pairwise(tops))  # both entries fit side by side
    free = Scene(400, 100, 8)
    assert add_legend(free, legend_entries(links)).height == free.height
