"""A table as LaTeX, in the style of booktabs; with siunitx, numbers are aligned at their decimal point."""

from __future__ import annotations

import re
from collections.abc import Sequence

from unet_tutorial.figures.arch.latex import latex
from unet_tutorial.figures.tables.cells import TextTable

ALIGNMENT = {"side": "l", "op": r"p{31mm}"}  # the other columns hold numbers: right-aligned
COUNTS = re.compile(r"params.*|.?MACs|saved MiB")  # columns of siunitx; the others hold shapes and ranges
NUMBER = re.compile(r"(<?)([\d,]+)(?:\.(\d+))?")
PACKAGES = r"% in the preamble: \usepackage{{{}}}"


def escaped(text: str) -> str:
    """Text in which LaTeX's special characters are escaped; characters without a command become question marks.

    >>> escaped("64×568² & 5%")
    '64$\\\\times$568$^2$ \\\\& 5\\\\%'
    """
    return "".join(latex(char) or "?" for char in text)


def latex_text(table: TextTable) -> str:
    """A ``tabular`` and a paragraph of notes; put both into a ``table`` with a caption."""
    columns = [ALIGNMENT.get(name, "r") for name in table.header]
    return _document("booktabs", columns, _cells(table), table.notes)


def siunitx_text(table: TextTable) -> str:
    r"""``latex_text`` with the counts in columns of siunitx, which set their digits and align them.

    A comma between groups of digits needs ``\sisetup{group-separator={,}}`` in the preamble.
    """
    cells, columns = _cells(table), []
    for i, name in enumerate(table.header):
        column = ALIGNMENT.get(name, "r")
        if COUNTS.fullmatch(name):
            texts = [line[i] for line in (*table.body, table.total)]
            column = f"S[table-format={_table_format(texts)}]"
            for line, text in zip(cells, (name, *texts), strict=True):
                line[i] = text.replace(",", "") if NUMBER.fullmatch(text) else f"{{{escaped(text)}}}"
        columns.append(column)
    return _document("booktabs,siunitx", columns, cells, table.notes)


def _table_format(texts: Sequence[str]) -> str:
    """The most digits before and after the decimal point, as siunitx reads them.

    >>> _table_format(["31,030,658", "–", "0"]), _table_format(["<0.01", "12.5"])
    ('8.0', '<2.2')
    """
    found = [match.groups("") for match in map(NUMBER.fullmatch, texts) if match]
    whole = max((len(digits.replace(",", "")) for _, digits, _ in found), default=1)
    decimals = max((len(digits) for _, _, digits in found), default=0)
    return f"{'<' * any(sign for sign, _, _ in found)}{whole}.{decimals}"


def _cells(table: TextTable) -> list[list[str]]:
    """Header, body and totals; text in the op column is not justified, because that would stretch its few words."""
    lines = [[escaped(text) for text in line] for line in (table.header, *table.body, table.total)]
    for line in lines[1:-1]:
        for i, name in enumerate(table.header):
            line[i] = rf"\raggedright {line[i]}" if name == "op" else line[i]
    return lines


def _document(
    packages: str, columns: Sequence[str], cells: Sequence[Sequence[str]], notes: Sequence[tuple[str, str]]
) -> str:
    header, *body, total = (" & ".join(line) + r" \tabularnewline" for line in cells)
    opening = [PACKAGES.format(packages), r"{\scriptsize\setlength{\tabcolsep}{2.5pt}\noindent%"]
    opening += [rf"\begin{{tabular}}{{@{{}}{''.join(columns)}@{{}}}}", r"\toprule", header, r"\midrule"]
    closing = [r"\midrule", total, r"\bottomrule", r"\end{tabular}\par\smallskip"]
    text = "; ".join(escaped(f"{label}: {text}") for label, text in notes)
    return "\n".join([*opening, *body, *closing, rf"\noindent\raggedright {text}.\par}}", ""])
