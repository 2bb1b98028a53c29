"""The boxes and arrows of a grid, against the graph with the nodes that have no box contracted."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.oracles.foreign_unets import conv
from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.unet_plus_plus import UNet3Plus
from unet_tutorial.figures.arch.stages import stages
from unet_tutorial.figures.drawing.grid_sketch import sketch_grid
from unet_tutorial.figures.drawing.sketch import COLLAPSE
from unet_tutorial.figures.tracing.trace import trace


@pytest.mark.parametrize("collapse", COLLAPSE)
@pytest.mark.parametrize("name", NETS)
def test_every_map_without_a_box_lies_between_two_boxes(name: str, collapse: str) -> None:
    """The arrows of the sketch are those of the graph, with the nodes that have no box contracted."""
    plain = arch(name)
    sketch = sketch_grid(plain, collapse)
    drawn = {each.node.id for each in sketch.maps}

    def sources(key: str) -> set[str]:
        return {found for each in plain.node(key).inputs for found in ({each} if each in drawn else sources(each))}

    expected = sorted((source, key) for key in drawn for source in sources(key))
    found = sorted((sketch.maps[link.source].node.id, sketch.maps[link.target].node.id) for link in sketch.steps)
    assert found == expected
    assert {*plain.outputs, *(node.id for node in plain.inputs)} <= drawn


@pytest.mark.parametrize("name", NETS)
def test_fewer_maps_from_step_to_step(name: str) -> None:
    plain = arch(name)
    most, fewer, fewest = (len(sketch_grid(plain, collapse).maps) for collapse in COLLAPSE)
    assert most >= fewer >= fewest
    assert fewest <= len(stages(plain)) + len(plain.inputs) + len(plain.outputs)


@pytest.mark.parametrize("name", NETS)
def test_arrows_between_levels_have_a_kind_of_that_direction(name: str) -> None:
    sketch = sketch_grid(arch(name), "level")
    for link in sketch.steps:
        source, target = sketch.maps[link.source].node, sketch.maps[link.target].node
        if not source.scale or not target.scale:
            continue
        deeper = target.level - source.level
        allowed = {1: {"pool", "strided"}, -1: {"up", "resize", "shuffle"}}.get((deeper > 0) - (deeper < 0))
        assert link.kind in (allowed or {"conv", "point", "join", "skip", "copy"})


def test_each_arrow_of_unet_3_plus_names_its_own_change_of_size() -> None:
    """The pooled and upsampled maps have no boxes; their arrows tell by how much: 2, 4 pooled, 2, 4 upsampled."""
    net = UNet3Plus((4, 6, 8), each=4)
    sketch = sketch_grid(trace(net, torch.zeros(1, 1, 32, 32)), "level")
    assert len(sketch.maps) == 1 + 3 + 2 + 1  # input, encoder, decoder, output
    factors = {}
    for link in sketch.steps:
        ends = sketch.maps[link.source].node.size[0], sketch.maps[link.target].node.size[0]
        windows = [node.window for node in link.nodes if node.window and node.op in ("pool", "resize")]
        if ends[0] != ends[1]:
            (window,) = windows
            factors[ends] = window.stride[0] if ends[0] > ends[1] else window.up[0]
    assert factors == {(32, 16): 2, (16, 8): 2, (8, 16): 2, (16, 32): 2, (8, 32): 4}


def test_the_start_of_parallel_branches_has_a_box() -> None:
    """Four dilated branches that are joined: the map where they start is shown even with the fewest maps."""

    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Sequential(conv(1, 6, 2), conv(6, 8))
            self.branches = nn.ModuleList(nn.Conv2d(8, 4, 3, padding=d, dilation=d) for d in (1, 2, 3, 4))
            self.last = nn.Conv2d(16, 5, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.down(x)
            joined = self.last(torch.cat([branch(x) for branch in self.branches], 1))
            return nn.functional.interpolate(joined, scale_factor=2).mean(1, keepdim=True)

    sketch = sketch_grid(trace(Pyramid(), torch.zeros(1, 1, 32, 32)), "level")
    assert 8 in [each.node.channels for each in sketch.maps]


class Shortcut(nn.Module):
    """A residual block with stride 2, as in a ResNet."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.long = nn.Sequential(conv(before, after, 2), nn.Conv2d(after, after, 3, padding=1))
        self.short = nn.Conv2d(before, after, 1, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.long(x) + self.short(x))


def test_various_chains_are_named_by_the_operations_that_change_the_level() -> None:
    layers = conv(1, 4, 2), Shortcut(4, 6), Shortcut(6, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)
    sketch = sketch_grid(trace(nn.Sequential(*layers), torch.zeros(1, 1, 32, 32)), "level")
    strided = [link for link in sketch.steps if link.kind == "strided"]
    assert [[node.window.kernel for node in link.nodes if node.window] for link in strided] == [
        [(3, 3)],
        [(3, 3)],  # the convolution of the shortcut is not one after the other
        [(3, 3)],
    ]


def test_each_output_has_an_arrow_from_its_own_map() -> None:
    """As in FCN: an auxiliary head on the third stage, the main one on the fourth of the same level."""

    class Auxiliary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = conv(1, 4, 2), conv(4, 8, 2), conv(8, 12)
            self.main, self.auxiliary = nn.Conv2d(12, 2, 1), nn.Conv2d(8, 2, 1)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            second = self.second(self.first(x))
            ends = self.main(self.third(second)), self.auxiliary(second)
            return nn.functional.interpolate(ends[0], scale_factor=4), nn.functional.interpolate(
                ends[1], scale_factor=4
            )

    plain = trace(Auxiliary(), torch.zeros(1, 1, 32, 32))
    sketch = sketch_grid(plain, "level")
    into = {sketch.maps[link.target].node.id: sketch.maps[link.source].node.channels for link in sketch.steps}
    assert [into[key] for key in plain.outputs] == [12, 8]


def test_a_block_beside_the_path_is_named_and_its_inner_maps_have_no_boxes() -> None:
    class Attended(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.attention = conv(1, 8, 4), nn.MultiheadAttention(8, 2, batch_first=True)
            self.head = nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.down(x)
            tokens = x.flatten(2).transpose(1, 2)
            x = x + self.attention(tokens, tokens, tokens)[0].transpose(1, 2).view(x.shape)
            out: torch.Tensor = self.head(x.mean((2, 3)))
            return out

    plain = trace(Attended(), torch.zeros(1, 1, 32, 32))
    (block,) = plain.blocks
    for collapse in COLLAPSE:
        sketch = sketch_grid(plain, collapse)
        used = {key for node in plain.nodes if node.id not in block.nodes for key in node.inputs}
        assert not {each.node.id for each in sketch.maps} & (set(block.nodes) - used)
    names = [node.kind for link in sketch_grid(plain, "level").steps for node in link.nodes]
    assert block.name == "self-attention, 2 heads"
    assert block.name in names


@pytest.mark.parametrize(("joined", "op"), [("stack", "add"), ("cat", "concat")])
def test_maps_that_are_stacked_and_summed_are_added(joined: str, op: str) -> None:
    class Joined(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.low, self.last = conv(1, 4), conv(4, 4, 2), nn.LazyConv2d(2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.first(x)
            maps = [x, nn.functional.interpolate(self.low(x), scale_factor=2)]
            out: torch.Tensor = self.last(torch.stack(maps).sum(0) if joined == "stack" else torch.cat(maps, 1))
            return out

    net, image = Joined(), torch.zeros(1, 1, 16, 16)
    net(image)
    (skip,) = [link for link in sketch_grid(trace(net, image), "level").steps if link.kind == "skip"]
    assert skip.nodes[-1].op == op
