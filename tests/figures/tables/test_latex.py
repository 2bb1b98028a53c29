"""The LaTeX table compiles, and no text can break it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.oracles.described_nets import EVIL, NETS, arch, evil
from unet_tutorial.figures.arch.latex import COMMANDS
from unet_tutorial.figures.table import Table, table
from unet_tutorial.figures.tables.latex import escaped


def compiled(tmp_path: Path, packages: str, tables: Sequence[str]) -> str:
    """The text of a document with these tables."""
    if not (shutil.which("pdflatex") and shutil.which("pdftotext")):
        pytest.skip("pdflatex or pdftotext is not installed (texlive-latex-base and texlive-latex-recommended)")
    start = rf"\documentclass{{article}}\usepackage{{{packages}}}\begin{{document}}"
    (tmp_path / "t.tex").write_text("\n\n".join([start, *tables, r"\end{document}"]), encoding="utf8")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode("latin1")[-2000:]
    text = subprocess.run(["pdftotext", "-layout", "t.pdf", "-"], cwd=tmp_path, capture_output=True, check=True).stdout
    return text.decode()


def all_tables() -> list[Table]:
    tables = [table(arch(name), by=by) for name in NETS for by in ("level", "layer")]
    return [*tables, table(evil()), table(arch("paper")).only("side", "op")]


def test_latex_compiles(tmp_path: Path) -> None:
    text = compiled(tmp_path, "booktabs", [each.to_latex() for each in all_tables()])
    assert "31,030,658" in text
    assert "150.428" in text


def test_latex_with_siunitx_compiles(tmp_path: Path) -> None:
    if (
        shutil.which("kpsewhich")
        and not subprocess.run(["kpsewhich", "siunitx.sty"], capture_output=True, check=False).stdout
    ):
        pytest.skip("siunitx is not installed (texlive-science)")
    text = compiled(tmp_path, "booktabs,siunitx", [each.to_siunitx() for each in all_tables()])
    assert re.search(r"31\s030\s658", text)  # thin spaces between groups of digits
    assert "150.428" in text


def test_columns_of_siunitx_hold_numbers_or_text_in_braces() -> None:
    text = table(arch("paper")).only("op", "params", "params %", "MACs", "saved MiB", "RF px").to_siunitx()
    assert r"{@{}p{31mm}S[table-format=8.0]S[table-format=<3.2]S[table-format=3.3]S[table-format=3.2]r@{}}" in text
    assert r"op & {params} & {params \%} & {GMACs} & {saved MiB} & RF px \tabularnewline" in text
    assert r"\raggedright conv 1$\times$1 & 130 & <0.01 & 0.019 & 0.00 & 188--204 \tabularnewline" in text


def test_every_special_character_is_escaped() -> None:
    left = escaped(EVIL + "~^$")
    for text in sorted(COMMANDS.values(), key=len, reverse=True):
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
    assert columns == len(found.as_text(compact=True).header)
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {columns - 1}
