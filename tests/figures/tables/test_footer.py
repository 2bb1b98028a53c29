"""The footer's numbers are the paper's, the plan's and those of an optimiser step."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.oracles.described_nets import NETS, arch
from tests.oracles.u2net import arch as u2net
from unet_tutorial.figures.arch.from_plan import arch_from_plan
from unet_tutorial.figures.pages.markup import map_rows
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tables.footer import memory, output_node
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.receptive_field import receptive_field, seen_by
from unet_tutorial.plan.sizes import Padding, valid_sizes


def test_the_footer_names_each_kind_of_memory() -> None:
    notes = dict(table(arch("paper")).footer)
    assert notes["MACs"].startswith("150,428,424,448 multiply-accumulates")
    assert notes["smallest valid input"] == "188×188"
    assert notes["input → output"] == "1×572×572 → 2×388×388"
    assert notes["memory: parameters"].startswith("118.37 MiB")
    assert notes["memory: no-grad peak"].startswith("191.31 MiB")
    assert notes["memory: saved for backward"].startswith("693.68 MiB")
    assert notes["memory: training step"].startswith(f"{(4 * 124_122_632 + 727_380_032) / 2**20:,.2f} MiB")
    assert "CUDA context" in notes["not in these figures"]


@pytest.mark.parametrize("planar", [(), (0,)])
def test_the_context_margin_of_a_padded_net_is_how_far_a_pixel_sees(planar: tuple[int, ...]) -> None:
    levels = pyramid((2, 3, 4), rank=3, planar=planar)
    (words, _) = dict(table(arch_from_plan((16, 32, 32), levels, padding="same")).footer)["context margin"].split(
        " px per side"
    )
    reaches = []
    for axis in range(3):
        sights = [(p, *seen_by(p, levels, padding="same", axis=axis)) for p in range(16)]
        reaches.append(max(max(p - first, last - p) for p, first, last in sights))
    assert words == ("×".join(map(str, reaches)) if planar else str(reaches[0]))


@pytest.mark.parametrize(
    ("levels", "padding"),
    [
        (pyramid((2, 4, 8)), "valid"),
        (pyramid((2, 4, 8)), "same"),
        (pyramid((2, 3, 4), rank=3, planar=(0,)), "same"),
        (pyramid((2, 3, 4), rank=3, planar=(0,)), "valid"),
        ((Level(1, (3, 3), (1, 1)), Level(2, (3, 3), (2, 3))), "valid"),
    ],
)
def test_the_rule_for_valid_sizes_holds_for_the_plans_sizes_only(levels: tuple[Level, ...], padding: Padding) -> None:
    valid = valid_sizes(levels, padding=padding)
    described = arch_from_plan(tuple(each[1] for each in valid), levels, padding=padding)
    notes = dict(table(described).footer)
    assert notes["smallest valid input"] == "×".join(str(each.start) for each in valid)
    rules = re.findall(r"(?:n ≡ (\d+) \(mod (\d+)\), )?n ≥ (\d+)", notes["valid sizes"])
    assert len(rules) == (1 if len(set(valid)) == 1 else len(valid))
    for axis, expected in enumerate(valid):
        rest, step, least = (int(number or 1) for number in rules[axis if len(rules) > 1 else 0])
        rest = 0 if step == 1 else rest
        assert [n for n in range(200) if n % step == rest and n >= least] == [n for n in range(200) if n in expected]
    expected_field = receptive_field(levels, padding=padding)
    pairs = [str(low) if low == high else f"{low}–{high}" for low, high in expected_field]
    text = pairs[0] if len(set(pairs)) == 1 else "×".join(f"({each})" if "–" in each else each for each in pairs)
    assert notes["an output pixel sees"] == f"{text} px per axis"


@pytest.mark.parametrize("name", [name for name in NETS if name != "paper"])
def test_a_training_step_holds_parameters_gradients_moments_and_saved_maps(name: str) -> None:
    """All networks here are float32 and fully trainable, so that gradients and moments are as large as parameters."""
    totals = arch(name).totals
    found = memory(arch(name))
    assert found["parameters"] == 4 * totals["parameters"]
    assert found["training step"] == 4 * 4 * totals["parameters"] + totals["saved"]
    assert found["no-grad peak"] == totals["peak"]


def test_saved_bytes_that_are_not_known_are_not_0() -> None:
    """Without a training pass there is no number of them, in no row, no cell and no memory."""
    whole = arch("attention")
    totals = {key: value for key, value in whole.totals.items() if key not in ("saved", "peak")}
    unknown = replace(whole, nodes=tuple(replace(node, saved=0) for node in whole.nodes), totals=totals)
    found = table(unknown)
    assert dict(found.footer)["memory: saved for backward"].startswith("not known")
    assert set(found.memory) == {"parameters"}
    assert {row.saved for row in found.rows} == {None}
    assert {line[7] for line in map_rows(unknown)} == {"—"}
    assert "—" not in {line[7] for line in map_rows(whole)}


def test_equal_outputs_are_written_once() -> None:
    assert dict(table(u2net()).footer)["input → output"] == "3×64×64 → 7 outputs (1×64×64 each)"


def test_the_output_is_the_end_of_the_path_or_the_last_one_returned() -> None:
    assert output_node(arch("paper")).id == arch("paper").path[-1]
    plain = arch("classifier")
    assert output_node(plain) == plain.node(plain.outputs[-1])
    assert output_node(plain).shape == (10,)
