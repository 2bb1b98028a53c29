"""A table on the terminal, with as many columns as fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unet_tutorial.figures.tables.cells import LEFT_ALIGNED, TextTable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

OPTIONAL = ("jump", "params %", "in", "op")  # left out in this order; "in" is mostly the "out" of the line above
WRAPPED, WRAPPED_MIN = "op", 16  # the only column whose text may wrap, and its smallest width in characters
GAP = 2  # characters between two columns


@dataclass(frozen=True)
class TerminalTable:
    """A table for ``rich.print``; columns are left out rather than truncated."""

    title: str
    table: TextTable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table, kept = self.table, self.fitting_columns(options.max_width)
        shown = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False, show_footer=True)
        for name, total in zip(table.header, table.total, strict=True):
            if name in kept:
                left, wraps = name in LEFT_ALIGNED, name == WRAPPED
                shown.add_column(name, Text(total), justify="left" if left else "right", no_wrap=not wraps)
        for line in table.body:
            shown.add_row(*(Text(cell) for name, cell in zip(table.header, line, strict=True) if name in kept))
        yield from (Text(self.title, style="bold"), shown, Text())
        yield from (Text(f"{label}: {text}") for label, text in table.notes)
        left_out = [name for name in table.header if name not in kept]
        if left_out:
            yield Text(f"left out, because the terminal is narrow: {', '.join(left_out)}")

    def fitting_columns(self, width: int) -> set[str]:
        """Names of the columns that fit into a terminal of this width in characters."""
        lines = (self.table.header, *self.table.body, self.table.total)
        widths = {name: max(len(line[i]) for line in lines) + GAP for i, name in enumerate(self.table.header)}
        if WRAPPED in widths:
            widths[WRAPPED] = min(widths[WRAPPED], WRAPPED_MIN + GAP)
        for name in OPTIONAL:
            if sum(widths.values()) > width:
                widths.pop(name, None)
        return set(widths)
