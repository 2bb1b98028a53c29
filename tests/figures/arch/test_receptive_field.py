"""Receptive fields of graphs against the extent of gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from tests.oracles.one_channel_nets import MeanPool
from tests.oracles.torch_counts import footprints
from unet_tutorial.figures.arch.from_plan import arch_from_plan
from unet_tutorial.figures.arch.receptive_field import node_receptive_field, seen_interval, with_receptive_fields
from unet_tutorial.figures.tables.footer import output_node
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.resample import Down, StridedConv, Up, resize_conv, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import unet
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.receptive_field import receptive_field, seen_by
from unet_tutorial.plan.sizes import Padding, valid_sizes

PLANAR = (Level(1, (1, 3), (1, 1)), Level(1, (3, 3), (1, 2)), Level(1, (3, 3), (2, 2)))
STRIDE_3 = (Level(1, (3,), (1,)), Level(1, (3,), (3,)), Level(1, (3,), (2,), 1))
SMALL = pyramid((1, 1, 1))
Plan = tuple[tuple[Level, ...], Padding, Down, Up, Merge]
PLANS: dict[str, Plan] = {
    "padded": (SMALL, "same", MeanPool, transposed, Concat),
    "valid": (SMALL, "valid", MeanPool, transposed, Concat),
    "deeper, valid, rank 1": (pyramid((1, 1, 1, 1), rank=1), "valid", MeanPool, transposed, Concat),
    "planar": (PLANAR, "same", MeanPool, transposed, Concat),
    "planar, valid, 3D": (pyramid((1, 1, 1), rank=3, planar=(0,)), "valid", MeanPool, transposed, Add),
    "stride 3": (STRIDE_3, "valid", MeanPool, transposed, Concat),
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
    side = 48 if levels[0].rank == 3 else 112  # larger than any receptive field
    size = [valid[-(-side // valid.step)] for valid in valid_sizes(levels, padding=padding)]
    arch = trace(net, torch.empty(1, 1, *size))
    assert node_receptive_field(arch, output_node(arch)) == footprints(
        net, size, period=8 if levels is not STRIDE_3 else 6
    )


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("levels", [pyramid((2, 3, 4)), pyramid((2, 3, 4, 5), rank=3, planar=(0,))])
def test_the_graph_of_a_plan_gives_the_receptive_field_of_the_plan(levels: tuple[Level, ...], padding: Padding) -> None:
    size = tuple(valid[-(-200 // valid.step)] for valid in valid_sizes(levels, padding=padding))
    arch = arch_from_plan(size, levels, padding=padding)
    assert node_receptive_field(arch, output_node(arch)) == receptive_field(levels, padding=padding)
    only = with_receptive_fields(arch, [arch.nodes[-1].id])
    assert [node.field for node in only.nodes[:-1]] == [()] * (len(arch.nodes) - 1)
    assert only.nodes[-1] == with_receptive_fields(arch).nodes[-1]


@pytest.mark.parametrize("position", range(8))
def test_the_interval_of_a_pixel_is_that_of_the_plan(position: int) -> None:
    levels = pyramid((2, 3, 4, 5))
    arch = arch_from_plan((92, 92), levels, padding="valid")
    ancestors = arch.nodes[::-1]
    assert seen_interval(ancestors, 0, position) == seen_by(position, levels, padding="valid")


LAYERS: dict[str, tuple[Callable[[Tensor], Tensor], int]] = {
    "crop": (lambda x: x[:, :, 5:-2], 12),
    "pad": (lambda x: F.pad(x, (4, 1))[:, :, 4:], 12),
    "every third": (lambda x: x[:, :, 2::3], 8),
    "dilated": (lambda x: F.conv1d(x, torch.ones(1, 1, 3), padding=2, dilation=2), 12),
    "strided": (lambda x: F.conv1d(x, torch.ones(1, 1, 4), stride=3, padding=1), 8),
    "transposed, overlapping": (lambda x: F.conv_transpose1d(x, torch.ones(1, 1, 5), stride=2, padding=1), 12),
    "linear": (lambda x: F.interpolate(x, scale_factor=2.0, mode="linear"), 12),
    "nearest": (lambda x: F.interpolate(x, scale_factor=3.0), 12),
}


@pytest.mark.parametrize("name", LAYERS)
def test_an_interval_is_the_support_of_the_gradient(name: str) -> None:
    """Between two convolutions, so that several pixels are followed at once."""
    layer, position = LAYERS[name]
    before, after = torch.ones(1, 1, 2), torch.ones(1, 1, 3)

    def run(_: nn.ModuleList, x: Tensor) -> Tensor:
        return F.conv1d(layer(F.conv1d(x, before)), after)

    image = torch.zeros(1, 1, 48, requires_grad=True)
    ancestors = trace(Call(run), image.detach()).nodes[::-1]
    for place in range(position, position + 4):
        (grad,) = torch.autograd.grad(run(nn.ModuleList(), image)[0, 0, place], image)
        seen = grad[0, 0].nonzero()
        assert seen_interval(ancestors, 0, place) == (int(seen.min()), int(seen.max()))
