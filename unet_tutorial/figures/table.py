"""The summary table of a network: exact numbers per level or per layer, for papers and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.receptive_field import with_receptive_fields
from unet_tutorial.figures.tables.cells import (
    COLUMNS,
    TextTable,
    body_cells,
    csv_text,
    header_cells,
    html_text,
    markdown_text,
    record,
    text_record,
    total_cells,
)
from unet_tutorial.figures.tables.footer import footer, memory, output_node
from unet_tutorial.figures.tables.latex import latex_text, siunitx_text
from unet_tutorial.figures.tables.rows import Row, row_ends, rows
from unet_tutorial.figures.tables.terminal import TerminalTable


@dataclass(frozen=True)
class Table:
    """Rows, the network's totals, bytes of memory by name, and the footer as pairs of label and text.

    ``by`` is "level" or "layer". ``columns`` are those chosen by ``only``; () for all that are not empty in every row.
    Displays itself in a notebook.
    """

    name: str
    by: str
    rows: tuple[Row, ...]
    totals: dict[str, int]
    memory: dict[str, int]
    footer: tuple[tuple[str, str], ...]
    columns: tuple[str, ...] = ()

    def only(self, *columns: str) -> Table:
        """The table with these columns in Markdown, LaTeX, HTML and terminal; CSV, JSON and DataFrame keep all.

        Raises ValueError for an unknown column; the message lists all columns.
        """
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown or not columns:
            raise ValueError(f"column {(unknown or [''])[0]!r} is unknown; the columns are {', '.join(COLUMNS)}")
        return replace(self, columns=columns)

    def as_text(self, *, compact: bool) -> TextTable:
        """The cells as text; ``compact`` writes 568² for 568×568, and MACs in G or M."""
        cells = [body_cells(row, self.totals, compact=compact) for row in self.rows]
        filled = [name for name, *column in zip(COLUMNS, *cells, strict=True) if any(column)]
        chosen = [COLUMNS.index(name) for name in self.columns or filled]
        lines = [header_cells(self.totals, compact=compact), *cells, total_cells(self.totals, compact=compact)]
        header, *body, total = (tuple(line[i] for i in chosen) for line in lines)
        return TextTable(header, tuple(body), total, self.footer)

    def to_markdown(self) -> str:
        """A table in GitHub's Markdown, then the footer as a list."""
        return markdown_text(self.as_text(compact=False))

    def to_latex(self) -> str:
        r"""A ``tabular`` and the footer; needs ``\usepackage{booktabs}``. Put it into a ``table`` to add a caption."""
        return latex_text(self.as_text(compact=True))

    def to_siunitx(self) -> str:
        r"""``to_latex`` with numbers aligned at the decimal point; also needs ``\usepackage{siunitx}``, version 3."""
        return siunitx_text(self.as_text(compact=True))

    def to_csv(self) -> str:
        """CSV with a line per row, without the totals; numbers are integers, in bytes and pixels."""
        return csv_text([text_record(row, self.totals) for row in self.rows])

    def to_json(self) -> str:
        """JSON with the rows, the totals, the bytes of memory by name, and the footer under "notes"."""
        raw: dict[str, Any] = {
            "name": self.name,
            "by": self.by,
            "rows": [record(row, self.totals) for row in self.rows],
        }
        raw |= {"totals": self.totals, "memory_bytes": self.memory, "notes": dict(self.footer)}
        return json.dumps(raw, indent=1, ensure_ascii=False) + "\n"

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with the columns of ``to_csv``. Raises ValueError if pandas is not installed."""
        try:
            pandas = import_module("pandas")
        except ImportError as error:
            raise ValueError("a DataFrame needs pandas, which is not installed; run pip install pandas") from error
        return pandas.DataFrame([text_record(row, self.totals) for row in self.rows])

    def rich(self) -> TerminalTable:
        """For ``rich.print(table.rich())``; columns that do not fit a narrow terminal are left out."""
        return TerminalTable(self.name, self.as_text(compact=True))

    def _repr_html_(self) -> str:
        return html_text(self.as_text(compact=True))


def table(model: Any, *example: Any, by: str = "level", **kwargs: Any) -> Table:
    """The table of an ``ArchIR``, or of a module that is called with ``example`` and ``kwargs``.

    ``by`` is "level" (a row per level of the encoder and of the decoder) or "layer" (a row per operation). Raises
    ValueError for any other value, and the ValueErrors of ``figures.tracing.trace`` for a module that does not accept
    the example.
    """
    arch = model
    if not isinstance(model, ArchIR):
        from unet_tutorial.figures.tracing.trace import trace

        arch = trace(model, *example, **kwargs)
    arch = with_receptive_fields(arch, [*row_ends(arch, by), output_node(arch).id])
    return Table(arch.name, by, rows(arch, by), dict(arch.totals), memory(arch), footer(arch))
