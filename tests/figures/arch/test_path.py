"""Levels are accumulated strides along the graph, per axis; never ratios of sizes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles import several_outputs
from tests.oracles.foreign_hard import Call
from tests.oracles.foreign_unets import conv
from unet_tutorial.figures.arch.ir import ArchIR, Node, Window
from unet_tutorial.figures.arch.path import main_path, with_levels, with_scales
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import unet3d


def _node(key: str, op: str, shape: tuple[int, ...], *inputs: str, stride: int = 1, up: int = 1) -> Node:
    window = Window((3,), (stride,), (0,), (1,), (up,)) if op in ("conv", "up", "pool") else None
    return Node(key, op, op, inputs, shape, window=window)


def test_valid_convolutions_change_sizes_and_no_scale() -> None:
    nodes = with_scales((
        _node("in", "input", (1, 20)), _node("a", "conv", (4, 9), "in"), _node("b", "pool", (4, 4), "a", stride=2),
        _node("c", "conv", (4, 2), "b"), _node("d", "resize", (4, 9), "c"), _node("out", "concat", (8, 9), "a", "d"),
    ))  # fmt: skip
    assert [node.scale for node in nodes] == [(1.0,), (1.0,), (2.0,), (2.0,), (1.0,), (1.0,)]
    nodes = with_levels(nodes, main_path(nodes, ["out"]))
    assert [node.level for node in nodes] == [0, 0, 1, 1, 0, 0]
    assert [node.id for node in main_path(nodes, ["out"])] == ["in", "a", "b", "c", "d", "out"]


def test_anisotropic_levels_keep_each_axis_apart() -> None:
    arch = trace(unet3d(widths=(4, 6, 8), planar=(0,)), torch.empty(1, 1, 8, 16, 16))
    scales = {node.level: node.scale for node in (arch.node(key) for key in arch.path)}
    assert scales == {0: (1.0, 1.0, 1.0), 1: (1.0, 2.0, 2.0), 2: (2.0, 4.0, 4.0)}


Gate = Callable[[Tensor, Tensor], Tensor]  # a skip (N, C, H, W) and its mask (N, 1, H, W)


def tokens(x: Tensor) -> Tensor:
    return x.flatten(2)  # (N, C, H·W)


def last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)  # (N, H, W, C)


def in_groups(x: Tensor, mask: Tensor) -> Tensor:
    groups = x.reshape(x.shape[0], 2, -1, *x.shape[2:])
    return (groups * mask.unsqueeze(1).expand(-1, *groups.shape[1:3], -1, -1)).flatten(1, 2)


def from_below(x: Tensor, mask: Tensor) -> Tensor:
    """The mask is computed at half the size, as in Attention U-Net (arXiv 1804.03999, figure 2)."""
    low = F.interpolate(mask, scale_factor=0.5, mode="bilinear")
    return x * F.interpolate(low, size=x.shape[2:], mode="bilinear").expand_as(x)


GATES: dict[str, Gate] = {
    "expand_as": lambda x, mask: x * mask.expand_as(x),
    "expand": lambda x, mask: mask.expand(-1, x.shape[1], -1, -1) * x,
    "expand and copy": lambda x, mask: x * mask.expand_as(x).clone(),
    "repeat": lambda x, mask: x * mask.repeat(1, x.shape[1], 1, 1),
    "tile": lambda x, mask: x * mask.tile(1, x.shape[1], 1, 1),
    "broadcast_to": lambda x, mask: torch.broadcast_to(mask, x.shape) * x,
    "broadcast_tensors": lambda x, mask: torch.mul(*torch.broadcast_tensors(x, mask)),
    "repeat_interleave": lambda x, mask: x * mask.repeat_interleave(x.shape[1], dim=1),
    "cat": lambda x, mask: x * torch.cat([mask] * x.shape[1], 1),
    "stack": lambda x, mask: x * torch.stack([mask[:, 0]] * x.shape[1], 1),
    "index": lambda x, mask: x * mask[:, [0] * x.shape[1]],
    "squeeze": lambda x, mask: x * mask.squeeze(1).unsqueeze(1).expand_as(x),
    "select": lambda x, mask: x * mask[:, 0][:, None],
    "tokens": lambda x, mask: (tokens(x) * tokens(mask)).view_as(x),
    "tokens expanded": lambda x, mask: (tokens(x) * tokens(mask).expand_as(tokens(x))).unflatten(2, x.shape[2:]),
    "channels last": lambda x, mask: (last(x) * last(mask)).permute(0, 3, 1, 2),
    "channels last, expanded": lambda x, mask: (last(x) * last(mask).expand_as(last(x))).permute(0, 3, 1, 2),
    "groups": lambda x, mask: (x.view(x.shape[0], 2, -1, *x.shape[2:]) * mask[:, :, None]).view(x.shape),
    "groups expanded": in_groups,
    "einsum": lambda x, mask: torch.einsum("nchw,nkhw->nchw", x, mask),
    "sum of masks": lambda x, mask: x * (mask + mask.sigmoid()).expand_as(x),
    "inverted": lambda x, mask: x * (1 - mask).expand_as(x),
    "softmax": lambda x, mask: x * torch.cat([mask, 1 - mask], 1).softmax(1)[:, :1].expand_as(x),
    "from below": from_below,
    "lerp": lambda x, mask: torch.lerp(torch.zeros_like(x), x, mask),
    "addcmul": lambda x, mask: torch.addcmul(torch.zeros_like(x), x, mask),
    "addcdiv": lambda x, mask: torch.addcdiv(torch.zeros_like(x), x, 1 + mask.expand_as(x)),
}


class Gated(nn.Module):
    """An attention U-Net of three levels, whose gates multiply as ``gate`` does."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate, self.down = gate, nn.ModuleList([conv(1, 4), conv(4, 8), conv(8, 16)])
        self.ups = nn.ModuleList(nn.ConvTranspose2d(2 * n, n, 2, 2) for n in (8, 4))
        self.skip, self.up = (nn.ModuleList(nn.Conv2d(n, 2, 1) for n in (8, 4)) for _ in range(2))
        self.mask = nn.ModuleList(nn.Conv2d(2, 1, 1) for _ in range(2))
        self.after, self.head = nn.ModuleList([conv(16, 8), conv(8, 4)]), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = [self.down[0](x)]
        skips.append(self.down[1](F.max_pool2d(skips[0], 2)))
        x = self.down[2](F.max_pool2d(skips[1], 2))
        for i, skip in enumerate(skips[::-1]):
            x = self.ups[i](x)
            mask = self.mask[i](F.relu(self.skip[i](skip) + self.up[i](x))).sigmoid()
            x = self.after[i](torch.cat([self.gate(skip, mask), x], 1))
        return torch.as_tensor(self.head(x))


def u_of(arch: ArchIR) -> tuple[object, ...]:
    """Reason, levels and maps of the main path, and the maps at both ends of the skips."""
    path = [(node.op, node.level, node.shape) for node in map(arch.node, arch.path)]
    skips = [(arch.node(skip.source).shape, arch.node(skip.target).shape) for skip in arch.skips]
    return arch.reason, path, skips


@cache
def traced_gate(gate: Callable[[Tensor, Tensor], Tensor]) -> ArchIR:
    return trace(Gated(gate), torch.zeros(2, 1, 32, 48))


@pytest.mark.parametrize("name", GATES)
def test_a_gate_is_the_same_however_its_mask_is_spread_over_the_channels(name: str) -> None:
    plain, arch = traced_gate(torch.mul), traced_gate(GATES[name])
    assert plain.reason == ""
    assert len(plain.skips) == 2
    assert u_of(arch) == u_of(plain)


def test_a_skip_blended_with_the_map_from_below_is_merged_once() -> None:
    """``torch.lerp``, whose weight is computed from both maps."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        x = layers[0](x)
        up = layers[2](layers[1](F.max_pool2d(x, 2)))
        weight = layers[3](torch.cat([x, up], 1)).sigmoid()
        return torch.as_tensor(layers[4](torch.lerp(up, x, weight)))

    layers = conv(1, 4), conv(4, 4), nn.ConvTranspose2d(4, 4, 2, 2), nn.Conv2d(8, 1, 1), nn.Conv2d(4, 1, 1)
    arch = trace(Call(run, *layers), torch.zeros(1, 1, 16, 16))
    assert arch.reason == ""
    ((source, target),) = [(arch.node(skip.source), arch.node(skip.target)) for skip in arch.skips]
    assert (source.path, target.op, target.kind, target.level) == ("layers.0.0", "add", "lerp", 0)
    assert operation_name(target) == "weighted sum"


def half_size(layers: nn.ModuleList, images: list[Tensor]) -> Tensor:
    """A second image of half the size, merged below the first pooling."""
    a = layers[0](images[0])
    b = layers[2](torch.cat([F.max_pool2d(a, 2), layers[1](images[1])], 1))
    return torch.as_tensor(layers[3](torch.cat([a, F.interpolate(b, scale_factor=2)], 1)))


def each_for_itself(layers: nn.ModuleList, images: list[Tensor]) -> list[Tensor]:
    return [layers[0](F.interpolate(F.max_pool2d(layers[0](image), 2), scale_factor=2)) for image in images]


def after_upsampling(layers: nn.ModuleList, images: list[Tensor]) -> Tensor:
    one, other = each_for_itself(layers, images)
    return torch.as_tensor(one + F.interpolate(other, size=one.shape[2:]))


INPUTS: dict[str, tuple[Callable[[nn.ModuleList, list[Tensor]], object], tuple[int, int], tuple[float, float]]] = {
    # how two images are used, the size of the second one (the first is 32×48), its scale
    "merged below": (half_size, (16, 24), (2.0, 2.0)),
    "never merged": (each_for_itself, (8, 24), (4.0, 2.0)),
    "never merged, no ratio": (each_for_itself, (20, 24), (1.0, 1.0)),
    "merged after upsampling": (after_upsampling, (16, 24), (2.0, 2.0)),
    "the same size": (after_upsampling, (32, 48), (1.0, 1.0)),
}


@pytest.mark.parametrize("name", INPUTS)
def test_a_further_input_has_the_scale_at_which_it_is_merged(name: str) -> None:
    run, size, scale = INPUTS[name]
    net = Call(run, nn.Conv2d(1, 1, 3, padding=1), conv(1, 4), conv(5, 4), nn.Conv2d(5, 1, 1))
    arch = trace(net, [torch.zeros(1, 1, 32, 48), torch.zeros(1, 1, *size)])
    assert [node.scale for node in arch.inputs] == [(1.0, 1.0), scale]
    if name == "merged below":
        assert arch.reason == ""
        assert {(node.size, node.level) for node in arch.nodes} == {((32, 48), 0), ((16, 24), 1)}


@pytest.mark.parametrize(
    ("outputs", "number"),
    [
        (several_outputs.deep, 1),
        (several_outputs.deep_finest_first, 0),
        (several_outputs.deep_at_one_size, 1),
        (several_outputs.tasks, 0),
        (several_outputs.with_class, 0),
        (several_outputs.from_the_encoder, 0),
    ],
)
def test_the_path_ends_at_the_head_of_the_finest_level(outputs: several_outputs.Outputs, number: int) -> None:
    """The index of that head among the outputs, whatever their order; its sigmoid is another form of it."""
    arch = trace(several_outputs.Heads(outputs), torch.empty(several_outputs.SIZE))
    assert arch.path[-1] == arch.outputs[number]


class ClassToken(nn.Module):
    """Patches of 4×4 pixels and a class token, which is dropped at the end, as in a plain vision transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.head = nn.Conv2d(1, 4, 4, 4), nn.ConvTranspose2d(4, 1, 4, 4)
        self.token, self.layer = nn.Parameter(torch.zeros(1, 1, 4)), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = self.layer(torch.cat([self.token.expand(len(x), -1, -1), tokens], 1))[:, 1:]
        return torch.as_tensor(self.head(tokens.transpose(1, 2).reshape(len(x), 4, 4, 4)))


def test_an_output_whose_pixels_are_lost_is_not_called_one_without_pixels() -> None:
    arch = trace(ClassToken(), torch.zeros(1, 1, 16, 16))
    assert not arch.node(arch.outputs[0]).scale
    assert "could not be traced" in arch.reason
