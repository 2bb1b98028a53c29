"""The rows add up to the network, and each shows the map with which it ends."""

from __future__ import annotations

import pytest

from tests.oracles.described_nets import NETS, arch
from unet_tutorial.figures.arch.from_plan import arch_from_plan
from unet_tutorial.figures.arch.receptive_field import with_receptive_fields
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tables.rows import BY, row_ends, rows
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
