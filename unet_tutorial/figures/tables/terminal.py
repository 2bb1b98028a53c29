"""A table on the terminal, with as many columns as fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unet_tutorial.figures.tables.cells import TEXTS, TextTable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

SPARE = ("jump", "params %", "in", "op")  # given up in this order; "in" mostly is the "out" of the line above
FOLDS, LEAST = "op", 16  # the one column whose text may take several lines, and the fewest letters of it
GAP = 2


@dataclass(frozen=True)
class Screen:
    """A grid of cells for ``rich.print``; numbers stay whole."""

    title: str
    grid: TextTable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        grid, kept = self.grid, self.kept(options.max_width)
        table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False, show_footer=True)
        for head, last in zip(grid.heads, grid.last, strict=True):
            if head in kept:
                table.add_column(head, Text(last), justify="left" if head in TEXTS else "right", no_wrap=head != FOLDS)
        for line in grid.lines:
            table.add_row(*(Text(cell) for head, cell in zip(grid.heads, line, strict=True) if head in kept))
        yield from (Text(self.title, style="bold"), table, Text())
        yield from (Text(f"{label}: {text}") for label, text in grid.notes)
        gone = [head for head in grid.heads if head not in kept]
        if gone:
            yield Text(f"left out, for the terminal is narrow: {', '.join(gone)}")

    def kept(self, width: int) -> set[str]:
        """The columns that fit into so many letters."""
        every = (self.grid.heads, *self.grid.lines, self.grid.last)
        needs = {head: max(len(line[i]) for line in every) + GAP for i, head in enumerate(self.grid.heads)}
        if FOLDS in needs:
            needs[FOLDS] = min(needs[FOLDS], LEAST + GAP)
        for head in SPARE:
            if sum(needs.values()) > width:
                needs.pop(head, None)
        return set(needs)
