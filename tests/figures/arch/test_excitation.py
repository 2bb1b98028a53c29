"""Gates computed from the map that they scale, by the names of their papers; other products are none."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.attention_blocks import AroundBlock
from tests.oracles.foreign_blocks import Masked
from tests.oracles.foreign_hard import Call
from tests.oracles.foreign_unets import conv
from tests.oracles.gate_blocks import GATES, PRODUCTS, WIDTH, Squeeze
from tests.oracles.torch_counts import macs, parameters
from unet_tutorial.figures.tracing.trace import trace

IMAGE = torch.zeros(1, 1, 16, 16)


@pytest.mark.parametrize("name", GATES)
def test_each_gate_is_a_block_from_its_map_to_the_product(name: str) -> None:
    build, expected = GATES[name]
    module = build()
    arch = trace(AroundBlock(module, WIDTH), IMAGE)
    (block,) = arch.blocks
    assert (block.kind, block.name) == ("excitation", expected)
    (source,), (target,) = (map(arch.node, keys) for keys in (block.sources, block.targets))
    assert source.path == "down"
    assert set(block.nodes) == {node.id for node in arch.nodes if node.path.startswith("inner")} - {target.id}
    assert [arch.node(key).path for key in arch.path][3:6] == ["down", target.path, "after"]
    assert sum(arch.node(key).parameters for key in block.nodes) == parameters(module)
    assert sum(arch.node(key).macs for key in block.nodes) == macs(module, torch.zeros(1, WIDTH, 8, 8))
    assert not arch.reason


@pytest.mark.parametrize("name", PRODUCTS)
def test_other_products_are_no_blocks_and_only_maps_with_pixels_are_on_the_path(name: str) -> None:
    arch = trace(AroundBlock(PRODUCTS[name](), WIDTH), IMAGE)
    assert arch.blocks == ()
    assert all(arch.node(key).scale for key in arch.path)


def test_a_gate_of_a_skip_by_the_decoder_is_no_block() -> None:
    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        skip = layers[0](x)
        up = F.interpolate(layers[1](F.max_pool2d(skip, 2)), scale_factor=2)
        return torch.as_tensor(layers[3](layers[2](skip, up)))

    arch = trace(Call(run, conv(1, 4), conv(4, 4), Masked(), nn.Conv2d(8, 1, 1)), IMAGE)
    assert arch.blocks == ()
    assert [arch.node(key).op for skip in arch.skips for key in skip.through] == ["gate"]


def test_a_gate_of_the_decoder_by_its_own_map_and_the_skip_names_both() -> None:
    """As the decoder of MA-Net: the sum of two squeezed maps."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        skip = layers[0](x)
        up = F.interpolate(layers[1](F.max_pool2d(skip, 2)), scale_factor=2)
        masks = [layers[i](each.mean((2, 3), keepdim=True)).sigmoid() for i, each in ((2, up), (3, skip))]
        return torch.as_tensor(layers[4](torch.cat([up * (masks[0] + masks[1]), skip], 1)))

    squeezes = [Squeeze().layers for _ in range(2)]
    arch = trace(Call(run, conv(1, WIDTH), conv(WIDTH, WIDTH), *squeezes, nn.Conv2d(2 * WIDTH, 1, 1)), IMAGE)
    (block,) = arch.blocks
    assert (block.name, block.sources) == ("squeeze-and-excitation", ("dec0.resize1", "enc0.conv1"))
    assert [(skip.source, skip.target) for skip in arch.skips] == [("enc0.conv1", "dec0.concat1")]
