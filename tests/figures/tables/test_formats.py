"""The table in LaTeX and HTML, with words that could break it, and with some of its columns."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.oracles.described_nets import NETS, arch, evil
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tables.cells import COLUMNS


def test_latex_compiles(tmp_path: Path) -> None:
    if not (shutil.which("pdflatex") and shutil.which("pdftotext")):
        pytest.skip("pdflatex or pdftotext is not installed (texlive-latex-base and texlive-latex-recommended)")
    tables = [table(arch(name), by=by).to_latex() for name in NETS for by in ("level", "layer")]
    body = "\n\n".join([*tables, table(evil()).to_latex(), table(arch("paper")).only("side", "op").to_latex()])
    start = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    (tmp_path / "t.tex").write_text(f"{start}\n{body}\n\\end{{document}}", encoding="utf8")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode("latin1")[-2000:]
    text = subprocess.run(["pdftotext", "-layout", "t.pdf", "-"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert "31,030,658" in text.decode()
    assert "150.428" in text.decode()


def test_words_cannot_break_a_format() -> None:
    found = table(evil(), by="layer")
    lines = found.to_markdown().splitlines()[:4]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(COLUMNS) + 1}
    html = found._repr_html_()
    HTMLParser().feed(html)
    assert "<script>" not in html
    assert len(list(csv.reader(io.StringIO(found.to_csv())))) == 3


def test_only_the_columns_asked_for() -> None:
    found = table(arch("paper")).only("op", "MACs")
    assert found.to_markdown().splitlines()[0] == "| op | MACs |"
    assert r"{@{}p{31mm}r@{}}" in found.to_latex()
    with pytest.raises(ValueError, match="column 'FLOPs' is unknown; the columns are level, side"):
        found.only("FLOPs")
    with pytest.raises(ValueError, match="by 'block' is unknown; write 'level'"):
        table(arch("paper"), by="block")
