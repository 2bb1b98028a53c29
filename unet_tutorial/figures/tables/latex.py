"""A table's rows as LaTeX, in the style of booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from unet_tutorial.figures.tables.cells import TextTable

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "×": r"$\times$", "–": "--", "²": "$^2$", "³": "$^3$",
    "≡": r"$\equiv$", "≥": r"$\ge$", "→": r"$\rightarrow$", "−": "$-$", "<": r"$<$", ">": r"$>$", "|": r"$|$",
    '"': "''",
}  # fmt: skip
COLUMN = {"side": "l", "op": r"p{31mm}"}  # all others hold numbers, set to the right
NEEDS = r"% in the preamble: \usepackage{booktabs}"


def escaped(text: str) -> str:
    """Text as LaTeX prints it, on one line; a character that pdfTeX lacks becomes a question mark.

    >>> escaped("64×568² & 5%")
    '64$\\\\times$568$^2$ \\\\& 5\\\\%'
    """
    found = (SPECIAL.get(letter, letter if letter.isascii() and letter.isprintable() else "?") for letter in text)
    return "".join(found)


def latex_text(grid: TextTable) -> str:
    """A ``tabular`` and a paragraph of notes; put both into a ``table`` of your own, with your caption."""
    letters = "".join(COLUMN.get(name, "r") for name in grid.heads)
    opening = [NEEDS, r"{\scriptsize\setlength{\tabcolsep}{2.5pt}\noindent%"]
    opening += [rf"\begin{{tabular}}{{@{{}}{letters}@{{}}}}", r"\toprule", _line(grid.heads), r"\midrule"]
    closing = [r"\midrule", _line(grid.last), r"\bottomrule", r"\end{tabular}\par\smallskip"]
    lines = [_line(line, grid.heads) for line in grid.lines]
    below = "; ".join(escaped(f"{label}: {text}") for label, text in grid.notes)
    return "\n".join([*opening, *lines, *closing, rf"\noindent\raggedright {below}.\par}}", ""])


def _line(texts: Sequence[str], heads: Sequence[str] = ()) -> str:
    """A line; an op that is folded is set ragged, for its few words would be torn apart."""
    ragged = [r"\raggedright " if head == "op" else "" for head in heads or texts]
    return " & ".join(mark + escaped(text) for mark, text in zip(ragged, texts, strict=True)) + r" \tabularnewline"
