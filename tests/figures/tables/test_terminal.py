"""On a terminal, numbers stay whole and columns are left out where they do not fit."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from tests.oracles.described_nets import NETS, arch
from unet_tutorial.figures.table import Table, table
from unet_tutorial.figures.tables.terminal import OPTIONAL


def on_screen(found: Table, width: int) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(found.rich())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


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


def test_a_column_without_text_is_shown_only_if_it_was_chosen() -> None:
    """Only the paper's network crops its skips."""
    assert "crop" in on_screen(table(arch("paper")), 200)
    found = table(arch("residual"))
    assert "crop" not in on_screen(found, 200)
    assert "crop" not in found.to_markdown() + found.to_latex()
    assert "crop" in on_screen(found.only("op", "crop"), 200)
    assert "crop" in found.to_csv().splitlines()[0]
    assert all("crop" in row for row in json.loads(found.to_json())["rows"])


def test_columns_are_left_out_in_a_fixed_order() -> None:
    shown = table(arch("paper")).rich()
    left_out = [set(shown.table.header) - shown.fitting_columns(width) for width in range(200, 20, -1)]
    assert left_out[0] == set()
    for columns in left_out:
        assert columns == set(OPTIONAL[: len(columns)])
    assert len(left_out[-1]) == len(OPTIONAL)
