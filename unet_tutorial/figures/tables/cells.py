"""A table's cells as text, and markdown, CSV and HTML made of them; without torch."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unet_tutorial.figures.arch.text import each, fixed, pairs_text, shape, span
from unet_tutorial.figures.tables.rows import Row

COLUMNS = ("level", "side", "op", "in", "out", "crop", "params", "params %", "MACs", "saved MiB", "RF px", "jump")
TEXTS = ("side", "op")  # set to the left


@dataclass(frozen=True)
class TextTable:
    """Cells as text: heads, lines, the line of totals, and the notes below, each a label and its text."""

    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    last: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]


def cells(row: Row, sums: dict[str, int], *, compact: bool = False) -> list[str]:
    """A row's cells as text; ``compact`` writes 568² for 568×568, and MACs in the unit that ``heads`` names."""
    share = 100 * row.parameters / max(1, sums.get("parameters", 0))
    return [
        "–" if row.level is None else str(row.level),
        row.side or "–",
        row.op or "–",
        " + ".join(shape(one, compact=compact) for one in row.given) or "–",
        shape(row.out, compact=compact),
        " + ".join(pairs_text(one) for one in row.crops),
        f"{row.parameters:,}",
        fixed(share, 2),
        _work(row.macs, sums, compact=compact),
        "–" if row.saved is None else fixed(row.saved / 2**20, 2),
        span(row.field) or "–",
        each(row.jump) or "–",
    ]


def heads(sums: dict[str, int], *, compact: bool = False) -> list[str]:
    """The columns' names with their units; compact, that of the MACs is chosen by their total."""
    unit, _ = _scale(sums)
    return [f"{unit}MACs" if compact and name == "MACs" else name for name in COLUMNS]


def total(sums: dict[str, int], *, compact: bool = False) -> list[str]:
    """The cells of the last line: the network's totals, parameters that the pass does not use included."""
    saved = fixed(sums["saved"] / 2**20, 2) if "saved" in sums else "–"
    work = _work(sums.get("macs", 0), sums, compact=compact)
    return ["", "total", "", "", "", "", f"{sums.get('parameters', 0):,}", "100.00", work, saved, "", ""]


def _work(macs: int, sums: dict[str, int], *, compact: bool) -> str:
    unit, size = _scale(sums)
    return fixed(macs / size, 3) if compact and unit else f"{macs:,}"


def _scale(sums: dict[str, int]) -> tuple[str, int]:
    """The unit that leaves the total at least one digit before the point."""
    macs = sums.get("macs", 0)
    return next(((unit, size) for unit, size in (("G", 10**9), ("M", 10**6)) if macs >= size), ("", 1))


def record(row: Row, sums: dict[str, int]) -> dict[str, Any]:
    """A row as a program reads it: whole numbers, bytes, pixels."""
    return {
        "id": row.id,
        "level": row.level,
        "side": row.side,
        "op": row.op,
        "in": row.given,
        "out": row.out,
        "crop": row.crops,
        "parameters": row.parameters,
        "parameters_percent": round(100 * row.parameters / max(1, sums.get("parameters", 0)), 4),
        "macs": row.macs,
        "saved_bytes": row.saved,
        "receptive_field": row.field,
        "jump": row.jump,
    }


def flat(row: Row, sums: dict[str, int]) -> dict[str, Any]:
    """The same with shapes, crops and fields as text, in plain letters: 64x568x568, 188-204."""
    texts = {
        "op": row.op,
        "in": " + ".join(map(shape, row.given)),
        "out": shape(row.out),
        "crop": " + ".join(map(pairs_text, row.crops)),
        "receptive_field": span(row.field),
        "jump": each(row.jump),
    }
    return record(row, sums) | {key: text.replace("×", "x").replace("–", "-") for key, text in texts.items()}


def markdown_text(grid: TextTable) -> str:
    """A table of GitHub's kind and a list below it."""
    lines = [[cell.replace("|", "\\|") for cell in line] for line in (grid.heads, *grid.lines, grid.last)]
    rule = ["---" if head in TEXTS else "---:" for head in grid.heads]
    table = [f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:])]
    return "\n".join([*table, "", *(f"- {label}: {text}" for label, text in grid.notes), ""])


def csv_text(records: Sequence[dict[str, Any]]) -> str:
    """A line of names, then a line per row."""
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return sheet.getvalue()


def html_text(grid: TextTable) -> str:
    """A table and a list, as a notebook shows them."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in grid.heads)
    body = "".join(f"<tr>{''.join(map(_cell, grid.heads, line))}</tr>" for line in (*grid.lines, grid.last))
    below = "".join(f"<li>{html.escape(label)}: {html.escape(text)}</li>" for label, text in grid.notes)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><ul>{below}</ul>"


def _cell(name: str, text: str) -> str:
    side = "left" if name in TEXTS else "right"
    return f'<td style="text-align:{side}">{html.escape(text)}</td>'
