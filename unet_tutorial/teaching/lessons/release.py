"""Makes exercise notebooks from solutions: ``python -m unet_tutorial.teaching.lessons.release [NOTEBOOK …]``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.teaching.lessons.catalogue import solutions

SOLUTION = re.compile(r"^([ ]*)### BEGIN SOLUTION\n.*?^[ ]*### END SOLUTION\n?", re.MULTILINE | re.DOTALL)
HIDDEN = re.compile(r"^[ ]*### BEGIN HIDDEN TESTS\n.*?^[ ]*### END HIDDEN TESTS\n?", re.MULTILINE | re.DOTALL)
STUB = r"\1return None  # your answer in place of this line" "\n"


def stubbed(source: str) -> str:
    """The source of a cell without its solutions and hidden tests.

    >>> print(stubbed("def half(n):\\n    ### BEGIN SOLUTION\\n    return n // 2\\n    ### END SOLUTION"))
    def half(n):
        return None  # your answer in place of this line
    """
    return HIDDEN.sub("", SOLUTION.sub(STUB, source)).strip("\n")


def released(solution: NotebookNode) -> NotebookNode:
    """The exercise notebook: stubs for solutions; no hidden tests, outputs, nbgrader metadata or empty cells."""
    notebook: NotebookNode = nbformat.from_dict(solution)  # a copy
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        if cell.cell_type == "code":
            cell.source, cell.outputs, cell.execution_count = stubbed(cell.source), [], None
    notebook.cells = [cell for cell in notebook.cells if cell.source.strip()]
    return notebook


def text_of(notebook: NotebookNode) -> str:
    """The text of the notebook's file."""
    text: str = nbformat.writes(notebook, version=4)
    return text.rstrip("\n") + "\n"


def release(path: Path) -> Path:
    """Write the exercise notebook to the folder `exercises` next to `solutions`; return its path."""
    student = path.parents[1] / "exercises" / path.name
    make_folder(student.parent)
    with complete_file(student) as part:
        part.write_text(text_of(released(nbformat.read(path, as_version=4))), encoding="utf8")
    return student


def main(arguments: list[str]) -> None:
    """Release the named solutions, or all of them."""
    paths = [Path(word) for word in arguments] or solutions()
    for path in paths:
        print(f"{path} -> {release(path)}")


if __name__ == "__main__":
    main(sys.argv[1:])
