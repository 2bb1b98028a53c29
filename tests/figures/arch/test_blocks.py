"""Blocks beside the main path of diffusion U-Nets and of networks with conditions; the rest of the network without."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.diffusion_unet import DiffusionUNet, FilmBlock
from tests.oracles.foreign_hard import Call
from tests.oracles.foreign_unets import conv
from tests.oracles.torch_counts import macs, parameters
from unet_tutorial.figures.arch.blocks import without_blocks
from unet_tutorial.figures.arch.ir import ArchIR, Block, Node, from_json, to_json
from unet_tutorial.figures.arch.receptive_field import node_receptive_field
from unet_tutorial.figures.tracing.trace import trace

pytestmark = pytest.mark.slow

IMAGE, TIME, LABEL, WORDS = torch.zeros(1, 3, 16, 16), torch.tensor([3]), torch.tensor([1]), torch.zeros(1, 5, 6)
NETS: dict[str, tuple[DiffusionUNet, tuple[Tensor, ...]]] = {
    "time": (DiffusionUNet(), (IMAGE, TIME)),
    "scale and shift": (DiffusionUNet(block=FilmBlock, heads=4), (IMAGE, TIME)),
    "class": (DiffusionUNet(classes=5, heads=1), (IMAGE, TIME, LABEL)),
    "words": (DiffusionUNet(classes=5, context=6), (IMAGE, TIME, LABEL, WORDS)),
    "three blocks": (DiffusionUNet(blocks=3, attend=(0, 2)), (IMAGE, TIME)),
}


@cache
def described(name: str) -> ArchIR:
    net, example = NETS[name]
    return trace(net, *example)


def blocks_of(arch: ArchIR, kind: str) -> list[Block]:
    return [block for block in arch.blocks if block.kind == kind]


@pytest.mark.parametrize("name", NETS)
def test_a_diffusion_unet_is_a_u_whose_path_has_pixels_only(name: str) -> None:
    arch, (net, example) = described(name), NETS[name]
    assert not arch.reason
    assert {arch.node(key).scale for key in arch.path} == {(1.0, 1.0), (2.0, 2.0), (4.0, 4.0)}
    tallest = max(n for key in arch.path for n in arch.node(key).size)
    assert tallest == 16
    assert not {key for block in arch.blocks for key in block.nodes} & set(arch.path)
    assert not {key for block in arch.blocks for key in block.nodes} & {key for s in arch.skips for key in s.through}
    assert arch.totals["macs"] == sum(node.macs for node in arch.nodes)
    assert arch.totals["parameters"] == sum(node.parameters for node in arch.nodes) == parameters(net)
    if name != "words":  # torch does not count the fused attention on a CPU
        assert arch.totals["macs"] == macs(net, *example)
    assert from_json(to_json(arch)) == arch


@pytest.mark.parametrize("name", NETS)
def test_every_kept_map_is_a_skip_of_its_level(name: str) -> None:
    """The maps are concatenated in the opposite order; those of the coarsest level stay inside it."""
    arch, (net, _) = described(name), NETS[name]
    per_level = net.blocks + 1
    ends = [(arch.node(skip.source), arch.node(skip.target)) for skip in arch.skips]
    assert [(a.level, b.level) for a, b in ends] == [(1, 1)] * per_level + [(0, 0)] * per_level
    assert all(b.op == "concat" and not skip.through for (_, b), skip in zip(ends, arch.skips, strict=True))
    firsts = ["downsample.0" if level else "stem" for level in (1, 0)]
    sources = [a.path.split(".")[:2] for a, _ in ends]
    blocks = [[["down", str(level * net.blocks + i)] for i in reversed(range(net.blocks))] for level in (1, 0)]
    assert sources == [*blocks[0], firsts[0].split("."), *blocks[1], firsts[1].split(".")]


@pytest.mark.parametrize("name", NETS)
def test_each_attention_hangs_beside_the_path_with_its_heads(name: str) -> None:
    arch, (net, _) = described(name), NETS[name]
    modules = [
        (key, type(each).__name__) for key, each in net.named_modules() if type(each).__name__.endswith("Attention")
    ]
    words = {"SelfAttention": "self-attention", "CrossAttention": "cross-attention"}
    heads = next(each.heads for key, each in net.named_modules() if (key, type(each).__name__) in modules)
    number = f"{heads} head{'s' * (heads != 1)}"
    found = {arch.node(block.nodes[0]).path.rsplit(".", 1)[0]: block for block in blocks_of(arch, "attention")}
    assert {key: block.name for key, block in found.items()} == {
        key: f"{words[kind]}, {number}" for key, kind in modules
    }
    for path, block in found.items():
        (target,) = map(arch.node, block.targets)
        assert (target.op, target.path) == ("add", path)
        source, *condition = map(arch.node, block.sources)
        assert source.id in target.inputs
        assert source.id in arch.path
        assert [node.kind for node in condition] == (["context"] if block.name.startswith("cross") else [])


@pytest.mark.parametrize("name", NETS)
def test_the_time_conditions_every_residual_block(name: str) -> None:
    arch, (net, _) = described(name), NETS[name]
    first, *others = blocks_of(arch, "embedding")
    expected = "embedding of t and y" if net.label is not None else "embedding of t"
    assert first.name == expected
    assert [arch.node(key).kind for key in first.sources] == ["t", "y"][: 1 + (net.label is not None)]
    conditioned = [key for key, each in net.named_modules() if hasattr(each, "project")]
    per_block = 2 if name == "scale and shift" else 1
    targets = [arch.node(key) for key in first.targets]
    assert sorted(node.path for node in targets) == sorted(conditioned * per_block)
    assert {node.op for node in targets} == ({"gate", "add"} if per_block == 2 else {"add"})
    own = [each for key, each in net.named_modules() if key in ("time", "label") or key.endswith("project")]
    assert sum(arch.node(key).parameters for key in first.nodes) == sum(map(parameters, own))
    assert [(block.name, block.nodes) for block in others] == ([("context", ())] if name == "words" else [])
    assert not any(arch.node(key).scale for key in first.nodes)


def test_shared_nodes_have_no_place_and_those_of_one_block_have_its_place() -> None:
    arch = described("time")
    places = {
        node.path: (node.side, node.level) for node in arch.nodes if "project" in node.path or "time" in node.path
    }
    assert places["time.2"] == ("", 0)
    assert places["down.0.0.project"] == ("enc", 0)
    assert places["down.2.0.project"] == ("enc", 1)
    assert places["middle.0.project"] == ("bottom", 2)
    assert places["up.3.0.project"] == ("dec", 1)


def test_a_condition_does_not_widen_the_receptive_field_of_the_image() -> None:
    def run(layers: nn.ModuleList, x: Tensor, t: Tensor) -> Tensor:
        return torch.as_tensor(layers[1](layers[0](x) * layers[2](t)[:, :, None, None]))

    arch = trace(Call(run, conv(1, 4), conv(4, 4), nn.Linear(3, 4)), torch.zeros(1, 1, 64, 64), torch.zeros(1, 3))
    assert node_receptive_field(arch, arch.node(arch.outputs[0])) == ((5, 5), (5, 5))
    (block,) = arch.blocks
    assert block.name == "embedding of input 2"  # the names of ``*images`` are unknown
    assert [arch.node(key).op for key in block.targets] == ["gate"]


def test_conditions_with_embeddings_of_their_own_are_blocks_of_their_own() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.image, self.time, self.kind = conv(1, 4), nn.Linear(1, 4), nn.Embedding(3, 4)

        def forward(self, x: Tensor, *, t: Tensor, kind: dict[str, Tensor]) -> Tensor:
            x = self.image(x) + self.time(t)[..., None, None]
            return torch.cat([x, self.kind(kind["id"])[..., None, None].expand_as(x)], 1)

    arch = trace(Net(), torch.zeros(1, 1, 8, 8), t=torch.zeros(1, 1), kind={"id": torch.tensor([1])})
    assert [(block.name, [arch.node(key).op for key in block.targets]) for block in arch.blocks] == [
        ("embedding of t", ["add"]),
        ("embedding of kind['id']", ["concat"]),
    ]


def test_a_condition_with_a_single_pixel_is_no_image() -> None:
    def run(layers: nn.ModuleList, x: Tensor, t: Tensor) -> Tensor:
        return torch.as_tensor(layers[0](torch.cat([x, t.expand(-1, -1, *x.shape[2:])], 1)) + layers[1](t))

    arch = trace(Call(run, conv(2, 4), nn.Conv2d(1, 4, 1)), torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 1, 1))
    (block,) = arch.blocks
    assert [arch.node(key).op for key in (*block.nodes, *block.targets)] == ["view", "conv", "concat", "add"]


def test_an_unused_condition_is_no_block() -> None:
    net = Call(lambda layers, x, _t: layers[0](x), conv(1, 4))
    assert trace(net, torch.zeros(1, 1, 8, 8), torch.zeros(1)).blocks == ()


NODES = tuple(
    Node(key, op, op, inputs, (4, 8, 8), scale=(1.0, 1.0))
    for key, op, inputs in (
        ("x", "input", ()), ("a", "conv", ("x",)), ("b", "linear", ("a",)), ("c", "conv", ("b",)),
        ("sum", "add", ("a", "c")), ("d", "linear", ("sum",)), ("e", "conv", ("d",)), ("cat", "concat", ("x", "e")),
        ("m", "gate", ("cat", "cat")), ("n", "gate", ("cat", "m")), ("both", "add", ("m", "n")), ("t", "input", ()),
        ("f", "linear", ("t",)), ("out", "add", ("both", "f")),
    )
)  # fmt: skip
BESIDE = Block("attention", "", ("b", "c"), ("a",), ("sum",))
REPLACING = Block("attention", "", ("d", "e"), ("sum",), ("cat",))
TWICE = Block("excitation", "", ("m", "n"), ("cat",), ("both",))
CONDITION = Block("embedding", "", ("f",), ("t",), ("out",))


@pytest.mark.parametrize(
    ("block", "outputs", "gone", "inputs"),
    [
        (BESIDE, ("out",), {"b", "c"}, {"sum": ("a",)}),
        (REPLACING, ("out",), {"d"}, {"e": ("sum",), "cat": ("x", "e")}),
        (TWICE, ("out",), {"m", "n"}, {"both": ("cat",)}),
        (CONDITION, ("out",), {"f"}, {"out": ("both",)}),
        (BESIDE, ("out", "b"), {"c"}, {"sum": ("a",), "b": ("a",)}),
    ],
)
def test_the_nodes_outside_a_block_are_linked_without_it(
    block: Block, outputs: tuple[str, ...], gone: set[str], inputs: dict[str, tuple[str, ...]]
) -> None:
    """A block beside its map, one that replaces it, two gates of it, a condition; a block with an output inside."""
    left = without_blocks(NODES, [block], outputs)
    assert {node.id for node in NODES} - {node.id for node in left} == gone
    before = {node.id: node.inputs for node in NODES}
    assert {node.id: node.inputs for node in left} == {key: (before | inputs)[key] for key in before if key not in gone}
    assert all(key not in gone for node in left for key in node.inputs)
