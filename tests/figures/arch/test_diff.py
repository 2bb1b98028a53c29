"""Differences against a comparison of all nodes, field by field."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.oracles.described_nets import NETS, arch
from unet_tutorial.figures.arch.diff import CHANGED, GONE, HEADS, NEW, difference
from unet_tutorial.figures.arch.from_plan import arch_from_plan
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.plan.levels import pyramid


@cache
def planned(*channels: int) -> ArchIR:
    return arch_from_plan((32, 32), pyramid(channels), padding="same")


@pytest.mark.parametrize("name", NETS)
def test_a_network_equals_itself_under_other_names(name: str) -> None:
    renamed = replace(arch(name), name="other", nodes=tuple(replace(n, path="other") for n in arch(name).nodes))
    found = difference(arch(name), renamed)
    assert found.equal
    assert found.changes() == ()
    assert [line[1] for line in found.lines] == [node.id for node in arch(name).nodes]


def test_one_changed_crop_is_one_changed_cell() -> None:
    paper = arch("paper")
    shifted = tuple(replace(n, crop=((0, 176), (88, 88))) if n.id == "skip0.crop1" else n for n in paper.nodes)
    ((mark, node_id, *cells),) = difference(paper, replace(paper, nodes=shifted)).changes()
    assert (mark, node_id) == (CHANGED, "skip0.crop1")
    assert {HEADS[i + 2]: cell for i, cell in enumerate(cells) if "→" in cell} == {"crop": "88 → 0+176×88"}


def test_maps_of_one_network_alone_are_marked() -> None:
    two, three = planned(4, 8), planned(4, 8, 16)
    found = difference(two, three)
    ids = [{node.id for node in each.nodes} for each in (two, three)]
    assert {line[1] for line in found.lines if line[0] == GONE} == ids[0] - ids[1]
    assert {line[1] for line in found.lines if line[0] == NEW} == ids[1] - ids[0]
    assert {line[1] for line in found.lines if line[0] not in (GONE, NEW)} == ids[0] & ids[1]


def test_totals_and_skips_are_compared() -> None:
    one, other = planned(4, 8), planned(4, 8, 16)
    notes = dict(note.split(": ", 1) for note in difference(one, other).notes)
    for key in ("parameters", "macs", "saved"):
        assert notes[key] == f"{one.totals[key]:,} → {other.totals[key]:,}"
    assert notes["smallest valid size and step"] == "((2, 2), (2, 2)) → ((4, 4), (4, 4))"
    assert notes["skips"].startswith("1 → 2;")
