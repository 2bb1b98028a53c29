"""The rows add up to the network, and each shows the map with which it ends."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tests.oracles import several_outputs
from tests.oracles.described_nets import NETS, arch
from tests.oracles.foreign_unets import conv
from tests.oracles.torch_counts import saved
from unet_tutorial.figures.arch.from_plan import arch_from_plan
from unet_tutorial.figures.arch.receptive_field import with_receptive_fields
from unet_tutorial.figures.table import Table, table
from unet_tutorial.figures.tables.rows import BY, row_ends, rows
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import valid_sizes


@pytest.mark.parametrize("by", ["level", "layer"])
@pytest.mark.parametrize("name", NETS)
def test_the_rows_are_the_network(name: str, by: str) -> None:
    found = table(arch(name), by=by)
    nodes = {node.id: node for node in arch(name).nodes}
    for row in found.rows:
        assert row.out == nodes[row.id].shape
        assert row.jump == nodes[row.id].scale
    assert [row.id for row in found.rows] == list(nodes) or by == "level"
    for total, values in (
        ("parameters", [row.parameters for row in found.rows]),
        ("macs", [row.macs for row in found.rows]),
        ("saved", [row.saved or 0 for row in found.rows]),
    ):
        assert sum(values) == found.totals[total]


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("name", NETS)
def test_a_row_shows_the_receptive_field_of_its_last_map(name: str, by: str) -> None:
    complete = with_receptive_fields(arch(name))
    found = table(arch(name), by=by)
    assert [row.receptive_field for row in found.rows] == [complete.node(key).field for key in row_ends(arch(name), by)]
    assert rows(complete, by) == found.rows


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_u_has_a_row_per_side_and_level(depth: int) -> None:
    """Two 3×3 convolutions remove 4 pixels, a pooling halves a size and an up-convolution doubles it."""
    levels = pyramid(tuple(2**i for i in range(1, depth + 2)))
    size = valid_sizes(levels, padding="valid")[0][3]
    found = table(arch_from_plan((size, size), levels, padding="valid")).rows
    down, up = range(depth), range(depth - 1, -1, -1)
    sides = [("enc", level) for level in down] + [("bottom", depth)] + [("dec", level) for level in up]
    assert [(row.side, row.level) for row in found] == [*sides, ("head", 0)]
    skips = []
    for level, row in zip(down, found, strict=False):
        size = (size // 2 if level else size) - 4
        skips.append(size)
        assert row.out == (2 ** (level + 1), size, size)
        assert row.crops == ()
    size = size // 2 - 4
    for level, row in zip(up, found[depth + 1 :], strict=False):
        assert row.inputs == ((2 ** (level + 2), size, size),)
        crop = (skips[level] - 2 * size) // 2
        assert row.crops == ((((crop, crop),) * 2,) if crop else ())
        size = 2 * size - 4
        assert row.out == (2 ** (level + 1), size, size)


def test_another_kind_of_row_is_refused() -> None:
    with pytest.raises(ValueError, match="by 'block' is unknown; write 'level'"):
        row_ends(arch("paper"), "block")


def summed(net: nn.Module, *size: int) -> Table:
    """The table of a network, whose columns add up to the totals in both kinds of rows and in every format."""
    with torch.device("meta"):
        described = trace(net.to("meta"), torch.empty(size))
    for by in BY:
        found = table(described, by=by)
        records, lines = json.loads(found.to_json())["rows"], list(csv.DictReader(io.StringIO(found.to_csv())))
        for key, total in (("parameters", "parameters"), ("macs", "macs"), ("saved_bytes", "saved")):
            assert sum(record[key] or 0 for record in records) == found.totals[total]
            assert sum(int(line[key] or 0) for line in lines) == found.totals[total]
    return table(described)


class Conditioned(nn.Module):
    """A U-Net whose two blocks use one embedding of the mean of the image; one layer is never used."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner, self.last = conv(1, 4), conv(4, 4), nn.Conv2d(8, 1, 1)
        self.embedding, self.unused = nn.Linear(1, 4), nn.Linear(3, 5)

    def forward(self, x: Tensor) -> Tensor:
        shift = self.embedding(x.mean((2, 3)))[:, :, None, None]
        y = self.first(x) + shift
        z = self.inner(nn.functional.max_pool2d(y, 2)) + shift
        return torch.as_tensor(self.last(torch.cat([y, nn.functional.interpolate(z, scale_factor=2)], 1)))


def test_numbers_without_a_level_have_rows_of_their_own() -> None:
    found = summed(Conditioned(), 1, 1, 16, 16)
    *_, shared, unused = found.rows
    assert (shared.level, shared.side, shared.parameters) == (None, "", 4 * (1 + 1))
    assert shared.op.startswith("shared, not in a level: ")
    assert (unused.op, unused.out, unused.parameters, unused.macs) == ("not used in this pass", None, 5 * (3 + 1), 0)
    assert "20 of them not used in this pass" in dict(found.footer)["parameters"]


@pytest.mark.parametrize(
    "normed",
    [nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm],
    ids=["weight", "spectral"],
)
def test_weights_that_are_computed_save_bytes_of_no_level(normed: Callable[[nn.Module], nn.Module]) -> None:
    """The norm of a weight is saved for the backward pass, and belongs to no map."""
    layers = (normed(nn.Conv2d(1, 4, 3, padding=1)), nn.MaxPool2d(2), conv(4, 4), nn.Upsample(scale_factor=2))
    summed(nn.Sequential(*layers, nn.Conv2d(4, 1, 1)), 1, 1, 16, 16)


class WithLoss(nn.Module):
    """In training, it also returns the loss of a second decoder, which starts from a vector with noise."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = conv(1, 4, 2), nn.ConvTranspose2d(4, 1, 2, 2)
        self.code, self.back = nn.Linear(256, 8), nn.Linear(8, 256)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.down(x)
        if not self.training:
            return (self.up(y),)
        code = self.code(y.flatten(1))
        code = code + torch.randn_like(code) * code.exp()
        return self.up(y), (self.up(self.back(code).view_as(y).relu()) - x).pow(2).mean()


def test_bytes_saved_only_in_training_have_a_row_of_their_own() -> None:
    *_, rest, unused = summed(WithLoss(), 1, 1, 16, 16).rows
    assert (rest.op, rest.macs, rest.parameters) == ("shared or in training only, not in a level", 0, 0)
    assert rest.saved
    assert unused.parameters == 256 * 8 + 8 + 8 * 256 + 256


class Recomputed(nn.Module):
    """A U-Net whose blocks are computed again in the backward pass."""

    def __init__(self, *, reentrant: bool) -> None:
        super().__init__()
        self.fine = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.InstanceNorm2d(4), nn.ReLU())
        self.coarse, self.head = nn.Sequential(conv(4, 8), conv(8, 4)), nn.Conv2d(8, 1, 1)
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Tensor:
        x = checkpoint(self.fine, x, use_reentrant=self.reentrant)
        y = checkpoint(self.coarse, nn.functional.max_pool2d(x, 2), use_reentrant=self.reentrant)
        return torch.as_tensor(self.head(torch.cat([x, nn.functional.interpolate(y, scale_factor=2)], 1)))


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("reentrant", [False, True])
def test_blocks_that_are_computed_again_save_no_inner_maps(*, reentrant: bool) -> None:
    net = Recomputed(reentrant=reentrant)
    expected = saved(net, torch.zeros(1, 1, 16, 16))
    found = summed(net, 1, 1, 16, 16)
    assert found.totals["saved"] == expected
    assert all(row.out for row in found.rows)


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (several_outputs.deep, [(1, (2, 16, 16), (1, 2)), (0, (2, 32, 32), (2, 2))]),
        (several_outputs.deep_finest_first, [(0, (2, 32, 32), (1, 2)), (1, (2, 16, 16), (2, 2))]),
        (several_outputs.deep_at_one_size, [(0, (2, 32, 32), (1, 2)), (0, (2, 32, 32), (2, 2))]),
        (several_outputs.tasks, [(0, (2, 32, 32), (1, 2)), (0, (1, 32, 32), (2, 2))]),
        (several_outputs.with_class, [(0, (2, 32, 32), (1, 2)), (2, (16,), (2, 2))]),
    ],
)
def test_heads_are_in_the_order_of_the_outputs(outputs: several_outputs.Outputs, expected: list[Any]) -> None:
    found = summed(several_outputs.Heads(outputs), *several_outputs.SIZE)
    heads = [row for row in found.rows if row.side == "head"]
    assert [(row.level, row.out, row.output) for row in heads] == expected
    assert found.rows[4].side == "dec"
    sides = [line[1] for line in found.as_text(compact=True).body]
    assert [side for side in sides if "output" in side] == ["head, output 1 of 2", "head, output 2 of 2"]


def test_results_that_no_output_uses_are_in_no_level() -> None:
    """The head of the coarser level runs, and its map is not returned."""
    *_, last = summed(several_outputs.Heads(several_outputs.tasks), *several_outputs.SIZE).rows
    assert (last.op, last.parameters) == ("not used for an output: conv 1×1", 2 * (8 + 1))


def test_a_map_of_a_level_can_be_an_output() -> None:
    found = summed(several_outputs.Heads(several_outputs.from_the_encoder), *several_outputs.SIZE)
    assert [(row.side, row.output) for row in found.rows if row.output] == [("bottom", (2, 2)), ("head", (1, 2))]


def test_an_attention_gate_has_its_name() -> None:
    decoder = [row.op for row in table(arch("attention")).rows if row.side == "dec"]
    assert all("attention gate, concat" in op or "attention gate, conv 1×1, concat" in op for op in decoder)
