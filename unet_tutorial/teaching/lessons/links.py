"""Links from each lesson to its exercises and to its neighbours: ``python -m unet_tutorial.teaching.lessons.links``.

The command writes the last line of all lessons and solutions again, without executing them.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from unet_tutorial.disk import complete_file
from unet_tutorial.teaching.lessons import catalogue
from unet_tutorial.teaching.lessons.contents import title_in
from unet_tutorial.teaching.lessons.lesson import read

START = "**Way on**: "  # of the last line of each lesson and of its exercises
SOLUTIONS = "solutions"


def way_on(name: str, *, exercises: bool = False) -> str:
    """The last line of a lesson: links to its exercises, to the lesson before it and to the next one.

    With ``exercises``, it is the last line of the exercises of the lesson, whose links begin with "../".
    """
    position = catalogue.LESSONS.index(name)
    links = []
    if exercises:
        links.append(f"back to [the lesson](../{name}.ipynb)")
    elif name not in catalogue.WITHOUT_EXERCISES:
        links.append(f"[exercises](exercises/{name}.ipynb)")
    up = "../" if exercises else ""
    if position and not exercises:
        links.append(f"before: {_link(catalogue.LESSONS[position - 1], up)}")
    if position + 1 < len(catalogue.LESSONS):
        links.append(f"next: {_link(catalogue.LESSONS[position + 1], up)}")
    return START + " · ".join(links)


def _link(name: str, up: str) -> str:
    return f"[{title_in(read(catalogue.FOLDER / f'{name}.ipynb').prose)}]({up}{name}.ipynb)"


def link(notebook: NotebookNode, path: Path) -> None:
    """Replace the last line of the last cell by the links to other notebooks, or add them, in place."""
    line = way_on(path.stem, exercises=path.parent.name == SOLUTIONS)
    if notebook.cells[-1].cell_type != "markdown":
        notebook.cells.append(nbformat.v4.new_markdown_cell())
    cell = notebook.cells[-1]
    text, found, _ = f"\n\n{cell.source}".rpartition(f"\n\n{START}")
    cell.source = f"{text if found else cell.source}\n\n{line}".strip()


def main() -> None:
    """Write the links of all lessons and solutions again."""
    for path in (*catalogue.lessons(), *catalogue.solutions()):
        notebook = nbformat.read(path, as_version=4)
        link(notebook, path)
        with complete_file(path) as part:
            part.write_text(nbformat.writes(notebook, version=4).rstrip("\n") + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
