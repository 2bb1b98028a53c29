"""The legend names each kind of arrow that is drawn, in the usual spelling, and covers nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.oracles.headed_nets import HEADED, headed
from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.svg_contents import arrow_ids
from unet_tutorial.figures.arch.ir import Node, Pairs, Window
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.drawing.legend import add_legend, legend_entries, occupied
from unet_tutorial.figures.drawing.scene import Box, Scene
from unet_tutorial.figures.drawing.sketch import COLLAPSE, FeatureMap, Link, Sketch, sketch_u
from unet_tutorial.figures.drawing.style import named_style


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
            "conv 2×2 to 9×9",
        ),
    ],
)
def test_chains_and_alternatives_are_counted_and_joined(chains: tuple[tuple[Node, ...], ...], text: str) -> None:
    assert legend_entries(sketch(*chains)) == [("conv", text)]


def test_an_arrow_names_the_joins_besides_other_operations() -> None:
    """Arrows of one style stand for a concatenation and for a warping."""
    joined, warped = Node("a", "concat", "cat", (), (4, 8, 8)), Node("b", "other", "grid_sampler_2d", (), (4, 8, 8))
    plain = sketch((joined,), (warped,))
    steps = tuple(replace(step, kind="join") for step in plain.steps)
    assert legend_entries(replace(plain, steps=steps)) == [("join", "grid sampler or concatenation")]


@pytest.mark.parametrize("name", [name for name in [*NETS, *HEADED] if name not in ("nested", "classifier")])
def test_the_legend_covers_nothing(name: str) -> None:
    described = headed(name) if name in HEADED else arch(name)
    scene = draw(described, style=named_style(width=1000)).scene
    own = [i for i, arrow in enumerate(scene.arrows) if arrow.id.startswith("legend-")]
    labels = [i for i, label in enumerate(scene.labels) if label.id.startswith("legend-")]
    ids = [*(mark.id for mark in scene.marks), *(block.id for block in scene.blocks)]
    samples = [key for key in ids if key.startswith("legend-")]
    assert len(own) + len(samples) == len(legend_entries(sketch_u(described, "conv")))
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


def skip(*nodes: Node, crop: Pairs = (), marks: tuple[str, ...] = ()) -> Link:
    return Link(0, 1, "copy", nodes, crop, marks)


@pytest.mark.parametrize(
    ("copies", "text"),
    [
        ([skip()], "copy"),
        ([skip(crop=((4, 4), (4, 4))), skip()], "copy and crop (px per side)"),
        ([skip(crop=((0, -1), (0, -1)))], "copy and pad (px per side)"),
        ([skip(crop=((4, 4), (4, 4))), skip(crop=((-1, 0), (0, 0)))], "copy, crop or pad (px per side)"),
        ([skip(conv("a", "native_batch_norm", kernel=1))], "copy, through conv 1×1, batch norm"),
        ([skip(conv("a", kernel=1), marks=("gate",))], "copy"),  # the convolutions of a gate are its own
    ],
)
def test_skips_are_copied_cropped_or_padded(copies: list[Link], text: str) -> None:
    assert legend_entries(Sketch(sketch((conv("a"),)).maps, (), tuple(copies), length=2))[0] == ("copy", text)


@pytest.mark.parametrize("source", ["map0", "other"])
def test_a_difference_with_the_map_of_another_encoder_is_no_residual_block(source: str) -> None:
    inner = replace(conv("a"), inputs=(source,))
    between = Node("b", "add", "sub", ("map0", "a"), (4, 8, 8))
    entries = dict(legend_entries(Sketch(sketch((conv("c"),)).maps, (), (skip(inner, between, conv("d")),), length=2)))
    text = {"map0": "copy, through a residual block", "other": "copy, combined with other maps"}
    assert entries["copy"] == text[source]


@pytest.mark.parametrize(
    ("branches", "text"),
    [
        ([()], "identity shortcut"),
        ([(conv("a", "native_batch_norm", kernel=1),)], "shortcut: conv 1×1, batch norm"),
        ([(), (conv("a", kernel=1),)], "shortcut: identity or conv 1×1"),
    ],
)
def test_shortcuts_are_named(branches: list[tuple[Node, ...]], text: str) -> None:
    total = Node("sum", "add", "add", (), (4, 8, 8))
    links = tuple(Link(0, 2, "branch", (*nodes, total), (), ("plus",)) for nodes in branches)
    maps = sketch((conv("a"),), (conv("b"),)).maps
    assert legend_entries(Sketch(maps, (), (), links, 3)) == [("branch", text), ("plus", "sum")]


def test_shortcuts_that_are_concatenated_are_no_identities() -> None:
    joined = Node("joined", "concat", "cat", (), (8, 8, 8))
    maps = sketch((conv("a"),), (conv("b"),)).maps
    entries = legend_entries(Sketch(maps, (), (), (Link(0, 2, "branch", (joined,)),), 3))
    assert entries == [("branch", "shortcut: concatenation")]


def test_a_further_input_is_named_by_its_caption() -> None:
    entries = dict(legend_entries(sketch_u(arch("two"), "conv")))
    assert entries["branch"] == "input 2: conv 3×3"


def test_residual_blocks_are_named_and_counted() -> None:
    block = (conv("a", "relu"), conv("b", "relu"), Node("sum", "add", "add", (), (4, 8, 8)))
    pool = Node("p", "pool", "max_pool2d", (), (4, 4, 4), window=Window((2, 2), (2, 2), (0, 0), (1, 1), (1, 1)))
    maps = sketch((conv("a"),)).maps
    for nodes, residual, text in (
        (block, ((0, 2),), "residual block (2 × conv 3×3, ReLU)"),
        ((pool, *block), ((1, 3),), "max pool 2×2, then residual block (2 × conv 3×3, ReLU)"),
        ((*block, *block), ((0, 2), (3, 5)), "2 × residual block (2 × conv 3×3, ReLU)"),
    ):
        link = Link(0, 1, "conv", nodes, residual=residual)
        assert legend_entries(Sketch(maps, (link,), (), length=2)) == [("conv", text)]


def test_blocks_beside_the_path_are_explained_unless_their_text_does_it() -> None:
    entries = dict(legend_entries(sketch_u(headed("excited"), "conv")))
    assert entries["SE"] == "squeeze-and-excitation"
    entries = dict(legend_entries(sketch_u(headed("diffusion"), "conv")))
    assert entries["embedding"] == "conditioned on the embedding of t"
    assert "attention" not in " ".join([*entries, *entries.values()])
    entries = dict(legend_entries(sketch_u(arch("attention"), "conv")))
    assert (entries["gating"], entries["gate"]) == (
        "gating signal",
        "attention gate: weights the pixels of the skip",
    )


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", [name for name in [*NETS, *HEADED] if name not in ("nested", "classifier")])
def test_texts_are_short_and_in_words_of_the_field(name: str, collapse: str) -> None:
    entries = legend_entries(sketch_u(headed(name) if name in HEADED else arch(name), collapse))
    for _, text in entries:
        assert len(text) <= 110
        assert not re.search(r"_|native|linalg|\bmm\b|joined|as it is|way|default", text)
    assert len(dict(entries)) == len(entries)


def test_operations_of_many_different_chains_are_listed_without_their_order() -> None:
    one, three, five = conv("a", kernel=1), conv("b"), conv("c", kernel=5)
    chains = ((one, three), (three, one), (one,), (five, five, one), (three, one, five), (one, five))
    assert legend_entries(sketch(*chains)) == [("conv", "conv 1×1, 3×3 or 5×5")]
