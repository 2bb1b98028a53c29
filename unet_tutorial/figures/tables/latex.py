"""A table as LaTeX, in the style of booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from unet_tutorial.figures.tables.cells import TextTable

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "×": r"$\times$", "–": "--", "²": "$^2$", "³": "$^3$",
    "≡": r"$\equiv$", "≥": r"$\ge$", "→": r"$\rightarrow$", "−": "$-$", "<": r"$<$", ">": r"$>$", "|": r"$|$",
    '"': "''",
}  # fmt: skip
ALIGNMENT = {"side": "l", "op": r"p{31mm}"}  # the other columns hold numbers: right-aligned
PREAMBLE = r"% in the preamble: \usepackage{booktabs}"


def escaped(text: str) -> str:
    """Text in which LaTeX's special characters are escaped; characters unknown to pdfTeX become question marks.

    >>> escaped("64×568² & 5%")
    '64$\\\\times$568$^2$ \\\\& 5\\\\%'
    """
    return "".join(SPECIAL.get(char, char if char.isascii() and char.isprintable() else "?") for char in text)


def latex_text(table: TextTable) -> str:
    """A ``tabular`` and a paragraph of notes; put both into a ``table`` with a caption."""
    columns = "".join(ALIGNMENT.get(name, "r") for name in table.header)
    opening = [PREAMBLE, r"{\scriptsize\setlength{\tabcolsep}{2.5pt}\noindent%"]
    opening += [rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}", r"\toprule", _line(table.header), r"\midrule"]
    closing = [r"\midrule", _line(table.total), r"\bottomrule", r"\end{tabular}\par\smallskip"]
    lines = [_line(line, table.header) for line in table.body]
    notes = "; ".join(escaped(f"{label}: {text}") for label, text in table.notes)
    return "\n".join([*opening, *lines, *closing, rf"\noindent\raggedright {notes}.\par}}", ""])


def _line(cells: Sequence[str], names: Sequence[str] = ()) -> str:
    """A line of the tabular; text in the op column is not justified, because that would stretch its few words."""
    ragged = [r"\raggedright " if name == "op" else "" for name in names or cells]
    return " & ".join(mark + escaped(text) for mark, text in zip(ragged, cells, strict=True)) + r" \tabularnewline"
