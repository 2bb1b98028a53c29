"""The table in every format: parsed again, the cells are the description's numbers."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from tests.oracles.described_nets import NETS, arch
from unet_tutorial.figures.arch.from_plan import arch_from_plan
from unet_tutorial.figures.table import Table, table
from unet_tutorial.figures.tables.cells import COLUMNS
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.receptive_field import seen_by


def on_screen(found: Table, width: int) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(found.rich())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


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


def test_markdown_holds_the_papers_figure_1() -> None:
    head, _, *lines = (re.split(r" ?\| ?", line)[1:-1] for line in table(arch("paper")).to_markdown().splitlines()[:13])
    assert head == list(COLUMNS)
    column = {name: [line[i] for line in lines] for i, name in enumerate(head)}
    assert column["level"] == ["0", "1", "2", "3", "4", "3", "2", "1", "0", "0", ""]
    assert column["out"][:2] == ["64×568×568", "128×280×280"]
    assert [crop for crop in column["crop"] if crop] == ["4", "16", "40", "88"]
    assert column["RF px"][-4:-1] == ["188–204"] * 3
    assert column["jump"][:5] == ["1", "2", "4", "8", "16"]
    for name, total in (("params", 31_030_658), ("MACs", 150_428_424_448)):
        *parts, last = (int(cell.replace(",", "")) for cell in column[name])
        assert sum(parts) == last == total
    assert float(column["saved MiB"][-1]) == pytest.approx(727_380_032 / 2**20, abs=0.005)


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


def test_csv_and_json_say_the_same_in_whole_numbers() -> None:
    found = table(arch("planar"), by="layer")
    text = found.to_csv()
    lines, raw = list(csv.DictReader(io.StringIO(text))), json.loads(found.to_json())
    assert text.isascii()
    assert [int(line["macs"]) for line in lines] == [row["macs"] for row in raw["rows"]]
    assert [[int(n) for n in line["out"].split("x")] for line in lines] == [row["out"] for row in raw["rows"]]
    assert sum(int(line["saved_bytes"]) for line in lines) == raw["totals"]["saved"]
    assert raw["memory_bytes"]["saved for backward"] == raw["totals"]["saved"]


def test_a_data_frame_comes_from_pandas_or_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ValueError, match="pip install pandas"):
        table(arch("residual")).to_dataframe()
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=list))
    records = table(arch("residual")).to_dataframe()
    assert sum(record["macs"] for record in records) == arch("residual").totals["macs"]


@pytest.mark.parametrize("name", NETS)
def test_no_number_is_cut_at_any_width(name: str) -> None:
    found = table(arch(name))
    for width in (80, 100, 120, 200):
        text = on_screen(found, width)
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width
        assert all(f"{row.parameters:,}" in text for row in found.rows)
    assert "left out, because the terminal is narrow" in on_screen(found, 80)
    assert "left out" not in on_screen(found, 200)
