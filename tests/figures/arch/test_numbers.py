"""Every number of a figure against torch's own counts: on the paper's network, on every preset, on small plans."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from tests.oracles.one_channel_nets import MeanPool
from tests.oracles.torch_counts import footprints, macs, parameters, saved
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.receptive_field import node_receptive_field
from unet_tutorial.figures.tables.footer import footer, last
from unet_tutorial.figures.tables.rows import rows
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.presets import PRESETS, attention_unet, padded_unet, paper_unet, residual_unet, unet3d
from unet_tutorial.nets.resample import Down, StridedConv, Up, resize_conv, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.nets.systems.elektronn3 import elektronn3_unet
from unet_tutorial.nets.systems.jaxony import jaxony_unet
from unet_tutorial.nets.systems.johschmidt42 import johschmidt42_unet
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import Padding, valid_sizes

W = (4, 6, 8)
SOLID = pyramid(W, rank=3)
NETS: dict[str, Callable[[], UNet]] = {
    "paper": partial(paper_unet, widths=W),
    "padded": partial(padded_unet, widths=W),
    "padded 3D": partial(padded_unet, widths=W, rank=3),
    "unet3d": partial(unet3d, widths=W),
    "unet3d planar": partial(unet3d, widths=W, planar=(0,)),
    "residual": partial(residual_unet, widths=W),
    "residual 3D": partial(residual_unet, widths=W, rank=3),
    "attention": partial(attention_unet, widths=W),
    "attention 3D": partial(attention_unet, widths=W, rank=3),
    "released": partial(released_unet, widths=W),
    "unet3d-paper": partial(unet3d_paper, widths=W),
    "jaxony": partial(jaxony_unet, widths=W),
    "jaxony resized": partial(jaxony_unet, widths=W, up=resize_conv("linear", kernel=1), merge=Add),
    "elektronn3": partial(elektronn3_unet, levels=pyramid(W)),
    "elektronn3 3D": partial(elektronn3_unet, levels=SOLID, up=PixelShuffle, merge=gated(Concat)),
    "johschmidt42": partial(johschmidt42_unet, levels=pyramid(W)),
    "johschmidt42 3D": partial(johschmidt42_unet, levels=SOLID, up=resize_conv("nearest")),
}


@pytest.fixture(scope="module")
def paper() -> ArchIR:
    with torch.device("meta"):
        return trace(paper_unet(), torch.empty(1, 1, 572, 572))


def test_the_papers_network_to_the_last_digit(paper: ArchIR) -> None:
    assert paper.totals["parameters"] == 31_030_658
    assert paper.totals["macs"] == 150_428_424_448
    assert paper.totals["saved"] == 727_380_032
    assert paper.totals["peak"] == 200_605_696
    assert paper.valid == ((188, 16), (188, 16))
    found = rows(paper)
    assert [row.crops for row in found if row.crops] == [(((n, n), (n, n)),) for n in (4, 16, 40, 88)]
    assert found[-1].field == ((188, 204), (188, 204))
    assert [row.out for row in found[4:]] == [
        (1024, 28, 28), (512, 52, 52), (256, 100, 100), (128, 196, 196), (64, 388, 388), (2, 388, 388),
    ]  # fmt: skip
    notes = dict(footer(paper))
    assert notes["valid sizes"] == "n ≡ 12 (mod 16), n ≥ 188"
    assert notes["context margin"] == "92 px lost per side"


def test_every_preset_is_compared() -> None:
    assert set(PRESETS) <= set(NETS)


@pytest.mark.parametrize("larger", [0, 1])
@pytest.mark.parametrize("name", NETS)
def test_a_preset_counts_as_torch_does(name: str, larger: int) -> None:
    torch.manual_seed(0)
    net = NETS[name]()
    size = [valid[larger * (axis + 1) + 1] for axis, valid in enumerate(valid_sizes(net.levels, padding=net.padding))]
    image = torch.randn(1, net.in_channels, *size)
    arch = trace(net, image)
    assert arch.totals["macs"] == macs(net, image) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, image) == sum(node.saved for node in arch.nodes)
    assert arch.totals["parameters"] == parameters(net) == sum(node.parameters for node in arch.nodes)
    for by in ("level", "layer"):
        table = rows(arch, by)
        assert sum(row.macs for row in table) == arch.totals["macs"]
        assert sum(row.saved or 0 for row in table) == arch.totals["saved"]
        assert sum(row.parameters for row in table) == arch.totals["parameters"]
    assert last(arch).shape == net(image).shape[1:]


FLAT = (Level(1, (1, 3), (1, 1)), Level(1, (3, 3), (1, 2)), Level(1, (3, 3), (2, 2)))
THREE = (Level(1, (3,), (1,)), Level(1, (3,), (3,)), Level(1, (3,), (2,), 1))
SMALL = pyramid((1, 1, 1))
Plan = tuple[tuple[Level, ...], Padding, Down, Up, Merge]
PLANS: dict[str, Plan] = {
    "padded": (SMALL, "same", MeanPool, transposed, Concat),
    "valid": (SMALL, "valid", MeanPool, transposed, Concat),
    "deeper, valid, rank 1": (pyramid((1, 1, 1, 1), rank=1), "valid", MeanPool, transposed, Concat),
    "planar": (FLAT, "same", MeanPool, transposed, Concat),
    "planar, valid, 3D": (pyramid((1, 1, 1), rank=3, planar=(0,)), "valid", MeanPool, transposed, Add),
    "stride 3": (THREE, "valid", MeanPool, transposed, Concat),
    "strided convolution": (SMALL, "same", StridedConv, transposed, Add),
    "nearest": (SMALL, "same", MeanPool, resize_conv("nearest"), Concat),
    "linear": (SMALL, "valid", MeanPool, resize_conv("linear", kernel=1), Concat),
    "pixel shuffle": (SMALL, "same", StridedConv, PixelShuffle, Concat),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_receptive_field_is_the_gradients_footprint(name: str) -> None:
    levels, padding, down, up, merge = PLANS[name]
    block = conv_stack(ConvUnit(padding=padding, act=nn.Identity))
    net = unet(1, 1, levels, block=block, down=down, up=up, merge=merge)
    for weight in net.parameters():
        nn.init.uniform_(weight, 0.1, 1.0)
    side = 48 if levels[0].rank == 3 else 112  # no inner pixel sees so far
    size = [valid[-(-side // valid.step)] for valid in valid_sizes(levels, padding=padding)]
    arch = trace(net, torch.empty(1, 1, *size))
    assert node_receptive_field(arch, last(arch)) == footprints(net, size, period=8 if levels is not THREE else 6)
