"""A lesson finds the course's files through the package, not through its own folder.

Each lesson is also executed in an empty folder (``tests/house/reruns.py``).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unet_tutorial.teaching.lessons.catalogue import lessons, solutions
from unet_tutorial.teaching.lessons.lesson import read

RELATIVE = re.compile(r"""["']\.\.?/|\bPath\(\)|\bPath\(["']\.|Path\.cwd|getcwd|["'](?:data|notebooks)/""")


@pytest.mark.parametrize("path", lessons() + solutions(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_path_is_relative_to_the_folder_of_the_notebook(path: Path) -> None:
    assert [RELATIVE.findall(cell["source"]) for cell in read(path).code if RELATIVE.search(cell["source"])] == []
