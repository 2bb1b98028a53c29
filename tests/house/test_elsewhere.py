"""A lesson runs wherever its notebook lies: it finds the course's files by the package, not by its own folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from unet_tutorial.teaching.lessons.catalogue import lessons, numbered, solutions
from unet_tutorial.teaching.lessons.lesson import read

PATHS = lessons() + solutions()
RELATIVE = re.compile(r"""["']\.\.?/|\bPath\(\)|\bPath\(["']\.|Path\.cwd|getcwd|["'](?:data|notebooks)/""")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_path_is_relative_to_the_folder_of_the_notebook(path: Path) -> None:
    assert [RELATIVE.findall(cell["source"]) for cell in read(path).code if RELATIVE.search(cell["source"])] == []


@pytest.mark.slow
def test_the_lesson_that_reads_most_files_runs_in_an_empty_folder(tmp_path: Path) -> None:
    (lesson,) = numbered("00")
    script = tmp_path / "lesson.py"
    script.write_text("\n\n".join(cell["source"] for cell in read(lesson).code), encoding="utf8")
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    ran = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "ok: versions, data, and the trace" in ran.stdout
