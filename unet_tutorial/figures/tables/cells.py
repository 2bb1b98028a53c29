"""The cells of a table as text, and Markdown, CSV and HTML made from them."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unet_tutorial.figures.arch.ir import Pairs
from unet_tutorial.figures.arch.text import common_text, crop_text, fixed_point, range_text, shape_text
from unet_tutorial.figures.tables.rows import Row

COLUMNS = ("level", "side", "op", "in", "out", "crop", "params", "params %", "MACs", "saved MiB", "RF px", "jump")
LEFT_ALIGNED = ("side", "op")  # the other columns hold numbers


@dataclass(frozen=True)
class TextTable:
    """Cells as text: header, body, line of totals, and the notes below, as pairs of label and text."""

    header: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]


def header_cells(totals: dict[str, int], *, compact: bool = False) -> list[str]:
    """The names of the columns with their units; ``compact`` chooses the unit of the MACs by their total."""
    unit, _ = _macs_unit(totals)
    return [f"{unit}MACs" if compact and name == "MACs" else name for name in COLUMNS]


def body_cells(row: Row, totals: dict[str, int], *, compact: bool = False) -> list[str]:
    """The cells of a row; ``compact`` writes 568² for 568×568, and MACs in the unit of the header."""
    return [
        "–" if row.level is None else str(row.level),
        ", ".join([row.side] * bool(row.side) + [f"output {_output_text(row)}"] * bool(row.output)) or "–",
        row.op or "–",
        " + ".join(shape_text(one, compact=compact) for one in row.inputs) or "–",
        "–" if row.out is None else shape_text(row.out, compact=compact),
        ", ".join(map(_crop_cell, row.crops)),
        f"{row.parameters:,}",
        fixed_point(_parameters_percent(row, totals), 2),
        _macs_text(row.macs, totals, compact=compact),
        "–" if row.saved is None else fixed_point(row.saved / 2**20, 2),
        range_text(row.receptive_field) or "–",
        common_text(row.jump) or "–",
    ]


def _parameters_percent(row: Row, totals: dict[str, int]) -> float:
    return 100 * row.parameters / max(1, totals.get("parameters", 0))


def _output_text(row: Row) -> str:
    """Such as "1 of 3"; "" for a row that does not end with one of several outputs."""
    return f"{row.output[0]} of {row.output[1]}" if row.output else ""


def _crop_cell(crop: Pairs) -> str:
    """The pixels without the word crop, which the header says; "pad 1" for padding."""
    text = crop_text(crop)
    return text if "pad" in text else text.removeprefix("crop ")


def total_cells(totals: dict[str, int], *, compact: bool = False) -> list[str]:
    """The cells of the last line: the network's totals, including parameters that are not used in the forward pass."""
    saved = fixed_point(totals["saved"] / 2**20, 2) if "saved" in totals else "–"
    macs = _macs_text(totals.get("macs", 0), totals, compact=compact)
    return ["", "total", "", "", "", "", f"{totals.get('parameters', 0):,}", "100.00", macs, saved, "", ""]


def _macs_text(macs: int, totals: dict[str, int], *, compact: bool) -> str:
    unit, size = _macs_unit(totals)
    return fixed_point(macs / size, 3) if compact and unit else f"{macs:,}"


def _macs_unit(totals: dict[str, int]) -> tuple[str, int]:
    """The largest unit in which the total is at least 1, and its size."""
    macs = totals.get("macs", 0)
    return next(((unit, size) for unit, size in (("G", 10**9), ("M", 10**6)) if macs >= size), ("", 1))


def record(row: Row, totals: dict[str, int]) -> dict[str, Any]:
    """A row for programs; numbers are integers, in bytes and pixels."""
    return {
        "id": row.id,
        "level": row.level,
        "side": row.side,
        "op": row.op,
        "in": row.inputs,
        "out": row.out,
        "crop": row.crops,
        "parameters": row.parameters,
        "parameters_percent": round(_parameters_percent(row, totals), 4),
        "macs": row.macs,
        "saved_bytes": row.saved,
        "receptive_field": row.receptive_field,
        "jump": row.jump,
        "output": row.output,
    }


def text_record(row: Row, totals: dict[str, int]) -> dict[str, Any]:
    """``record`` with shapes, crops and receptive fields as ASCII text: 64x568x568, 188-204."""
    texts = {
        "op": row.op,
        "in": " + ".join(map(shape_text, row.inputs)),
        "out": "" if row.out is None else shape_text(row.out),
        "crop": ", ".join(map(_crop_cell, row.crops)),
        "receptive_field": range_text(row.receptive_field),
        "jump": common_text(row.jump),
        "output": _output_text(row),
    }
    return record(row, totals) | {key: text.replace("×", "x").replace("–", "-") for key, text in texts.items()}


def markdown_text(table: TextTable) -> str:
    """A table in GitHub's Markdown, then the notes as a list."""
    header, *lines = ([cell.replace("|", "\\|") for cell in line] for line in (table.header, *table.body, table.total))
    rule = ["---" if name in LEFT_ALIGNED else "---:" for name in table.header]
    rows = [f"| {' | '.join(line)} |" for line in (header, rule, *lines)]
    return "\n".join([*rows, "", *(f"- {label}: {text}" for label, text in table.notes), ""])


def csv_text(records: Sequence[dict[str, Any]]) -> str:
    """A header line, then a line per record."""
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return sheet.getvalue()


def html_text(table: TextTable) -> str:
    """A table and the notes as a list, for notebooks."""
    header = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table.header)
    body = "".join(f"<tr>{''.join(map(_html_cell, table.header, line))}</tr>" for line in (*table.body, table.total))
    notes = "".join(f"<li>{html.escape(label)}: {html.escape(text)}</li>" for label, text in table.notes)
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table><ul>{notes}</ul>"


def _html_cell(name: str, text: str) -> str:
    side = "left" if name in LEFT_ALIGNED else "right"
    return f'<td style="text-align:{side}">{html.escape(text)}</td>'
