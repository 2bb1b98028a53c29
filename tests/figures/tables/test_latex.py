"""The LaTeX table compiles, and no text can break it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.oracles.described_nets import EVIL, NETS, arch, evil
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tables.latex import SPECIAL, escaped


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


def test_every_special_character_is_escaped() -> None:
    left = escaped(EVIL + "~^$")
    for text in sorted(SPECIAL.values(), key=len, reverse=True):
        left = left.replace(text, "")
    assert not re.search(r"[\\{}$&#%_~^<>|\"]", left)
    assert escaped("snow ☃") == "snow ?"


@pytest.mark.parametrize("name", NETS)
def test_every_line_has_a_cell_for_each_column(name: str) -> None:
    found = table(arch(name), by="layer")
    text = found.to_latex()
    (letters,) = re.findall(r"\\begin\{tabular\}\{@\{\}(.*)@\{\}\}", text)
    lines = [line for line in text.splitlines() if line.endswith(r"\tabularnewline")]
    assert len(lines) == len(found.rows) + 2
    columns = len(re.sub(r"p\{.*?\}", "p", letters))
    assert columns == len(found.columns)
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {columns - 1}
