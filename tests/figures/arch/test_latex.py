"""Every character is escaped, has a command that compiles, or is known to have none."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from unet_tutorial.figures.arch.latex import COMMANDS, latex

ACCENTED = "éÉñüöçåÅőžšţğ"


def test_no_special_character_of_latex_stays_as_it_is() -> None:
    for char in r"\{}$&#%_~^<>|" + '"':
        assert latex(char) == COMMANDS[char] != char
    for char in "aZ0 .,;:!?()[]'`*+-/=@":
        assert latex(char) == char


@pytest.mark.parametrize("char", ["☃", "Ж", "ά", "卷", "①", "\x00"])
def test_other_characters_have_no_command(char: str) -> None:
    assert latex(char) == ""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex (texlive-latex-base) is not installed")
def test_all_commands_compile(tmp_path: Path) -> None:
    lines = [latex(char) for char in (*COMMANDS, *ACCENTED)]
    text = "\n\n".join([r"\documentclass{article}\begin{document}\sffamily", *lines, r"\end{document}"])
    (tmp_path / "a.tex").write_text(text, encoding="utf8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    assert not re.search(rb"Missing character", done.stdout)
