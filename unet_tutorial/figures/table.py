"""The table of a network: per level or per layer, exact, in the formats that papers and programs read."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tables.cells import (
    COLUMNS,
    TextTable,
    cells,
    csv_text,
    flat,
    heads,
    html_text,
    markdown_text,
    record,
    total,
)
from unet_tutorial.figures.tables.footer import footer, memory
from unet_tutorial.figures.tables.latex import latex_text
from unet_tutorial.figures.tables.rows import Row, rows
from unet_tutorial.figures.tables.terminal import Screen


@dataclass(frozen=True)
class Table:
    """Rows, the network's totals, bytes of memory by name, and the footer as pairs of label and text.

    In a notebook it shows itself.
    """

    name: str
    by: str
    rows: tuple[Row, ...]
    totals: dict[str, int]
    memory: dict[str, int]
    footer: tuple[tuple[str, str], ...]
    columns: tuple[str, ...] = COLUMNS

    def only(self, *columns: str) -> Table:
        """The same table with these columns for the reader's eye; CSV, JSON and DataFrame keep all."""
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown or not columns:
            raise ValueError(f"column {(unknown or [''])[0]!r} is unknown; the columns are {', '.join(COLUMNS)}")
        return replace(self, columns=columns)

    def grid(self, *, compact: bool) -> TextTable:
        """The cells as text."""
        places = [COLUMNS.index(name) for name in self.columns]
        lines = [heads(self.totals, compact=compact), *(cells(row, self.totals, compact=compact) for row in self.rows)]
        lines.append(total(self.totals, compact=compact))
        first, *middle, last = (tuple(line[i] for i in places) for line in lines)
        return TextTable(first, tuple(middle), last, self.footer)

    def to_markdown(self) -> str:
        """A table of GitHub's kind and a list below it."""
        return markdown_text(self.grid(compact=False))

    def to_latex(self) -> str:
        r"""A ``tabular`` with its notes; it needs ``\usepackage{booktabs}``; put it into a ``table`` for a caption."""
        return latex_text(self.grid(compact=True))

    def to_csv(self) -> str:
        """A line per row, in whole numbers, bytes and pixels; the totals are the sums of the columns."""
        return csv_text([flat(row, self.totals) for row in self.rows])

    def to_json(self) -> str:
        """Rows, totals, bytes of memory by name, and the notes."""
        raw: dict[str, Any] = {
            "name": self.name,
            "by": self.by,
            "rows": [record(row, self.totals) for row in self.rows],
        }
        raw |= {"totals": self.totals, "memory_bytes": self.memory, "notes": dict(self.footer)}
        return json.dumps(raw, indent=1, ensure_ascii=False) + "\n"

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with the columns of ``to_csv``; ValueError, with what to install, without pandas."""
        try:
            pandas = import_module("pandas")
        except ImportError as error:
            raise ValueError("a DataFrame needs pandas, which is not installed; run pip install pandas") from error
        return pandas.DataFrame([flat(row, self.totals) for row in self.rows])

    def rich(self) -> Screen:
        """For the terminal: ``rich.print(table.rich())``; columns that a narrow one has no room for are left out."""
        return Screen(self.name, self.grid(compact=True))

    def _repr_html_(self) -> str:
        return html_text(self.grid(compact=True))


def table(model: Any, *example: Any, by: str = "level", **named: Any) -> Table:
    """The table of an ``ArchIR``, or of a module with the arguments it is called with; by "level" or "layer".

    ValueError for another ``by``, or where the model refuses the example.
    """
    arch = model
    if not isinstance(model, ArchIR):
        from unet_tutorial.figures.tracing.trace import trace

        arch = trace(model, *example, **named)
    return Table(arch.name, by, rows(arch, by), dict(arch.totals), memory(arch), footer(arch))
