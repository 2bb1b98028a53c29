"""Which lessons are executed, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from unet_tutorial.teaching.lessons.execute import LessonError, chosen


def test_lessons_are_chosen_by_the_beginning_of_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notebooks").mkdir()
    one, two = (Path("notebooks") / name for name in ("01_sizes.ipynb", "02_blocks.ipynb"))
    for path in (one, two):
        path.touch()
    assert chosen([]) == [one, two]
    assert chosen(["02", "01_si"]) == [two, one]
    assert chosen([str(one)]) == [one]
    for missing in ("03", "notebooks/03_x.ipynb"):
        with pytest.raises(LessonError, match="no lesson"):
            chosen([missing])


def test_the_command_line_says_why_and_exits_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "unet_tutorial.teaching.lessons.execute", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "no lesson 'nowhere'; give a path, or the beginning of a name in notebooks/, such as 01\n"
