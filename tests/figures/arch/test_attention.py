"""Attention in many spellings: the name of the block with the right number of heads, its nodes, and its ends."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles import token_nets
from tests.oracles.attention_blocks import SPELLINGS, AroundBlock, Maps, Tokens, Transformer, fused, matmul
from tests.oracles.foreign_hard import Call
from tests.oracles.foreign_unets import conv
from unet_tutorial.figures.arch.ir import ArchIR, Block
from unet_tutorial.figures.diagram import Diagram
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.trace import trace

pytestmark = pytest.mark.slow

IMAGE = torch.zeros(1, 1, 16, 16)
POSITIONED = [name for name in SPELLINGS if "layer" in name or "norm transformer" in name]  # they add positions first
REPLACING = ["not residual", "fused, not residual", "Restormer", *POSITIONED]  # the block's last map is on the path


def only_block(arch: ArchIR) -> Block:
    (block,) = arch.blocks
    return block


@pytest.mark.parametrize("name", SPELLINGS)
def test_each_spelling_gives_one_block_between_the_convolutions_around_it(name: str) -> None:
    """The net around the block: conv, pool, conv, the block, conv, upsampling, concatenation, conv."""
    build, expected = SPELLINGS[name]
    arch = trace(AroundBlock(build()), IMAGE)
    block = only_block(arch)
    assert (block.kind, block.name) == ("attention", expected)
    (source,), (target,) = (map(arch.node, keys) for keys in (block.sources, block.targets))
    assert source.path == ("inner" if name in POSITIONED else "down")
    assert target.path == "after" if name in REPLACING else target.op == "add"
    on_path = [key for key in arch.path if key in block.nodes]
    assert len(on_path) == (name in REPLACING)
    assert set(on_path) <= set(target.inputs)
    inner = {node.id for node in arch.nodes if node.path.startswith("inner")}
    assert set(block.nodes) == inner - {source.id, target.id}
    assert [(skip.source, skip.target) for skip in arch.skips] == [("enc0.conv1", "dec0.concat1")]
    assert not arch.reason
    assert {arch.node(key).scale for key in arch.path} == {(1.0, 1.0), (2.0, 2.0)}


def test_layers_whose_maps_are_used_elsewhere_are_not_one_block() -> None:
    """As UNETR: the map after the first layer is returned as well."""
    one, two = Transformer(1, norm_first=True), Transformer(2, norm_first=True)

    def run(layers: nn.ModuleList, x: Tensor) -> tuple[Tensor, Tensor]:
        y = layers[0](x)
        return layers[3](layers[1](layers[2](y))), y

    arch = trace(Call(run, Layers(one), Layers(two), nn.Identity(), nn.Conv2d(8, 1, 1)), torch.zeros(1, 8, 8, 8))
    assert [block.name for block in arch.blocks] == ["transformer block, 2 heads", "2 × transformer block, 2 heads"]


class Layers(nn.Module):
    """The layers of a ``Transformer`` without its positions."""

    def __init__(self, inner: Transformer) -> None:
        super().__init__()
        self.layers = inner.layers

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.layers(x.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(x.shape))


def test_a_residual_block_after_an_attention_is_no_transformer_block() -> None:
    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        y = layers[1](layers[0](x))
        return torch.as_tensor(y + layers[3](layers[2](y).relu()))

    arch = trace(Call(run, conv(1, 8), Tokens(matmul), conv(8, 8), nn.Conv2d(8, 8, 3, padding=1)), IMAGE)
    assert only_block(arch).name == "self-attention, 2 heads"


def test_convolutions_around_an_attention_do_not_belong_to_it() -> None:
    """A residual branch of a convolution, an attention that replaces its map, and a convolution."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        x = layers[0](x)
        return torch.as_tensor(x + layers[3](layers[2](layers[1](x))))

    net = Call(run, conv(1, 8), conv(8, 8), Tokens(fused, 4, residual=False), conv(8, 8))
    block = only_block(arch := trace(net, IMAGE))
    assert block.name == "self-attention, 4 heads"
    assert [arch.node(key).path for key in (*block.sources, *block.targets)] == ["layers.1.0", "layers.3.0"]


def test_queries_from_the_decoder_and_keys_from_the_encoder_are_a_cross_attention() -> None:
    class Cross(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.down, self.up = conv(1, 8), conv(8, 8), nn.ConvTranspose2d(8, 8, 2, 2)
            self.attention, self.head = nn.MultiheadAttention(8, 4, batch_first=True), nn.Conv2d(8, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            skip = self.first(x)
            up = self.up(self.down(F.max_pool2d(skip, 2)))
            q, k = (each.flatten(2).transpose(1, 2) for each in (up, skip))
            y = self.attention(q, k, k, need_weights=False)[0].transpose(1, 2).reshape(up.shape)
            return torch.as_tensor(self.head(up + y))

    block = only_block(arch := trace(Cross(), IMAGE))
    assert block.name == "cross-attention, 4 heads"
    assert [arch.node(key).path for key in block.sources] == ["up", "first.0"]
    assert [arch.node(key).path for key in arch.path] == ["", "first.0", "", "down.0", "up", "", "head"]


def test_attention_inside_a_condition_belongs_to_its_embedding() -> None:
    class Conditioned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.text, self.image = nn.MultiheadAttention(8, 2, batch_first=True), nn.Conv2d(1, 8, 3, padding=1)
            self.attention = Maps()

        def forward(self, x: Tensor, words: Tensor) -> Tensor:
            condition = self.text(words, words, words)[0].mean(1)
            return torch.as_tensor(self.attention(self.image(x) + condition[:, :, None, None]))

    arch = trace(Conditioned(), IMAGE, torch.zeros(1, 5, 8))
    assert [(block.kind, block.name) for block in arch.blocks] == [
        ("embedding", "embedding of words"),
        ("attention", "self-attention, 1 head"),
    ]


@pytest.mark.parametrize("name", token_nets.NETS)
def test_attention_of_torch_with_learned_queries_masks_and_class_tokens(name: str) -> None:
    """The names of the blocks; outputs have the shapes that torch computes, and everything is drawn and listed."""
    build, expected = token_nets.NETS[name]
    net = build().eval()
    arch = trace(net, token_nets.IMAGE)
    assert [block.name for block in arch.blocks] == expected
    out = net(token_nets.IMAGE)
    assert [arch.node(key).shape for key in arch.outputs] == [
        tuple(each.shape[1:]) for each in (out if isinstance(out, tuple) else (out,))
    ]
    assert "<svg" in Diagram(arch).svg()
    assert table(arch).to_markdown()
