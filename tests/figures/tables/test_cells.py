"""The text formats, parsed again, hold the numbers of the rows."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest

from tests.oracles.described_nets import NETS, arch, evil
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tables.cells import COLUMNS, header_cells, total_cells


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


def test_csv_and_json_say_the_same_in_whole_numbers() -> None:
    found = table(arch("planar"), by="layer")
    text = found.to_csv()
    lines, raw = list(csv.DictReader(io.StringIO(text))), json.loads(found.to_json())
    assert text.isascii()
    assert [int(line["macs"]) for line in lines] == [row["macs"] for row in raw["rows"]]
    assert [[int(n) for n in line["out"].split("x")] for line in lines] == [row["out"] for row in raw["rows"]]
    assert sum(int(line["saved_bytes"]) for line in lines) == raw["totals"]["saved"]
    assert raw["memory_bytes"]["saved for backward"] == raw["totals"]["saved"]


def test_words_cannot_break_a_format() -> None:
    found = table(evil(), by="layer")
    lines = found.to_markdown().splitlines()[:4]
    columns = len(found.as_text(compact=False).header)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {columns + 1}
    html = found._repr_html_()
    HTMLParser().feed(html)
    assert "<script>" not in html
    assert len(list(csv.reader(io.StringIO(found.to_csv())))) == 3


class Cells(HTMLParser):
    """Collects the texts of the cells of a table, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # the parser gives it
        if tag == "tr":
            self.lines.append([])
        if tag in ("th", "td"):
            self.lines[-1].append("")
        self.inside = tag in ("th", "td")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # the parser gives it
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.lines[-1][-1] += data


@pytest.mark.parametrize("name", NETS)
def test_html_and_markdown_have_the_same_cells(name: str) -> None:
    found = table(arch(name), by="layer")
    parser = Cells()
    parser.feed(found._repr_html_())
    text = found.as_text(compact=True)
    assert parser.lines == [list(line) for line in (text.header, *text.body, text.total)]
    wide = found.as_text(compact=False)
    markdown = [re.split(r"(?<!\\) ?\| ?", line)[1:-1] for line in found.to_markdown().splitlines()]
    assert [line for line in markdown if line][2:] == [list(line) for line in (*wide.body, wide.total)]


@pytest.mark.parametrize(
    ("macs", "unit", "text"),
    [
        (150_428_424_448, "GMACs", "150.428"),
        (10**9, "GMACs", "1.000"),
        (10**9 - 1, "MMACs", "1,000.000"),
        (1_500_000, "MMACs", "1.500"),
        (999_999, "MACs", "999,999"),
        (0, "MACs", "0"),
    ],
)
def test_compact_macs_have_the_unit_of_their_total(macs: int, unit: str, text: str) -> None:
    column = COLUMNS.index("MACs")
    assert header_cells({"macs": macs}, compact=True)[column] == unit
    assert total_cells({"macs": macs}, compact=True)[column] == text
    assert header_cells({"macs": macs})[column] == "MACs"
    assert total_cells({"macs": macs})[column] == f"{macs:,}"
