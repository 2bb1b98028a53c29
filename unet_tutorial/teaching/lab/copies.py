"""Makes the files of a student's folder from the executed lessons: copies without outputs, and copies to read."""

from __future__ import annotations

import ast
import hashlib
import json
import posixpath
import re
from pathlib import Path
from typing import Any

from unet_tutorial.teaching.checking.progress import NAME
from unet_tutorial.teaching.lessons import catalogue
from unet_tutorial.teaching.lessons.lesson import Cell, joined, tree
from unet_tutorial.teaching.lessons.links import SOLUTIONS, START
from unet_tutorial.teaching.lessons.predict import reveal
from unet_tutorial.teaching.lessons.tried import TURN

READING = "reading"  # folder of the executed lessons and of the solutions
START_PAGE = "START.ipynb"
TEXTS = (".md",)
REVEAL = reveal.__name__
FOLDED = "# The answer: run this cell\n"  # JupyterLab shows the first line of a folded cell
# the target of a link in Markdown or HTML, without the part after #; web addresses contain a colon
CODE = re.compile(r"(`+).*?\1", re.DOTALL)
LINK = re.compile(r"""(?<=\]\()([^)\s:#]+)(?=[)#\s])|(?<=href=["'])([^"':#]+)|(?<=src=["'])([^"':#]+)""")

Notebook = dict[str, Any]


def student_files(source: Path = catalogue.FOLDER) -> dict[str, bytes]:
    """The content of each file of a student's folder, by its path in it, made from the folder of the lessons.

    Lessons and exercises have the same paths as in the folder of the lessons, and so have the files that they link to.
    The executed lessons are in `READING`, and the solutions in a folder inside it.
    """
    origins = _origins(source)
    work = {origin: posixpath.join(READING, origin) if _is_solution(origin) else origin for origin in origins}
    read = work | {origin: posixpath.join(READING, origin) for origin in origins if _is_lesson(origin)}
    files = {}
    for origin in origins:
        if _is_solution(origin):
            files[work[origin]] = dumped(without_answers(relinked(_load(source, origin), origin, read)))
        elif origin.endswith(".ipynb"):
            files[work[origin]] = dumped(cleared(relinked(_load(source, origin), origin, work)))
        else:
            files[work[origin]] = _copied(source, origin, work)
        if _is_lesson(origin):
            files[read[origin]] = dumped(executed(relinked(_load(source, origin), origin, read), origin))
    return files


def _origins(source: Path) -> list[str]:
    """The paths, in the folder of the lessons, of all files of the course."""
    paths = (path.relative_to(source) for path in sorted(source.rglob("*")) if path.is_file())
    return [
        path.as_posix()
        for path in paths
        if not any(part.startswith(".") for part in path.parts)
        and not path.match(f"{Path(NAME).stem}*.json")
        and (path.suffix != ".ipynb" or len(path.parts) > 1 or path.stem in catalogue.LESSONS)
    ]


def _is_solution(origin: str) -> bool:
    return origin.startswith(f"{SOLUTIONS}/")


def _is_lesson(origin: str) -> bool:
    return "/" not in origin and origin.endswith(".ipynb")


def _load(source: Path, origin: str) -> Notebook:
    notebook: Notebook = json.loads((source / origin).read_text(encoding="utf8"))
    return notebook


def _copied(source: Path, origin: str, places: dict[str, str]) -> bytes:
    """A file that is no notebook; the links of a text lead to the new places."""
    data = (source / origin).read_bytes()
    return _relinked(data.decode(), origin, places).encode() if origin.endswith(TEXTS) else data


def dumped(notebook: Notebook) -> bytes:
    """The bytes of a notebook's file, in Jupyter's own layout."""
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def digest(data: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def without_answers(notebook: Notebook) -> Notebook:
    """The notebook without the metadata of its turns, which contain right answers; changed in place."""
    for cell in notebook["cells"]:
        cell["metadata"].pop(TURN, None)
    return notebook


def cleared(notebook: Notebook) -> Notebook:
    """A copy to work on: without outputs, execution counts and visible answers; changed in place."""
    for cell in without_answers(notebook)["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    notebook["cells"] = [part for cell in notebook["cells"] for part in answers_folded(cell)]
    return notebook


def answers_folded(cell: Cell) -> list[Cell]:
    """The cell, and behind it a folded cell with the calls of `reveal` at its end, which contain the answers.

    A cell without such calls, or with nothing else, stays one cell.
    """
    source = joined(cell["source"])
    if cell["cell_type"] != "code" or f"{REVEAL}(" not in source:
        return [cell]
    statements = tree({**cell, "source": source}).body
    others = [number for number, statement in enumerate(statements, start=1) if not _is_reveal(statement)]
    last = max(others, default=0)  # the number of statements in front of the calls
    if last == len(statements):
        return [cell]
    lines = source.splitlines(keepends=True)
    first = statements[last].lineno - 1
    folded = {**cell, "metadata": {"jupyter": {"source_hidden": True}}, "source": [FOLDED, *lines[first:]]}
    if not last:
        return [folded]
    shown = {**cell, "source": "".join(lines[:first]).rstrip().splitlines(keepends=True)}
    return [shown, {**folded, "id": f"{cell['id']}-answer"}]


def _is_reveal(statement: ast.stmt) -> bool:
    """Whether the statement is a call of `reveal`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == REVEAL


def executed(notebook: Notebook, origin: str) -> Notebook:
    """A copy to read: without answers in the metadata, and with a link to the copy to work on; changed in place."""
    text = f"All results of this lesson, to read. To work through it, open [your own copy](../{origin})."
    note = {"cell_type": "markdown", "id": READING, "metadata": {}, "source": [text]}
    without_answers(notebook)["cells"].insert(0, note)
    return notebook


def relinked(notebook: Notebook, origin: str, places: dict[str, str]) -> Notebook:
    """Change the links in the text of a notebook so that they lead to the new places of the files; in place.

    The last line, with the links to other notebooks, gets a link to the start page.
    """
    home = posixpath.relpath(START_PAGE, posixpath.dirname(places[origin]) or ".")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = _relinked(joined(cell["source"]), origin, places)
            if text.rpartition("\n")[2].startswith(START):
                text += f" · [start page]({home})"
            cell["source"] = text.splitlines(keepends=True)
    return notebook


def _relinked(text: str, origin: str, places: dict[str, str]) -> str:
    """The text of the file `origin`, with links to the places of the files; other links are not changed."""
    here, there = posixpath.dirname(origin), posixpath.dirname(places[origin]) or "."

    def new(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, found[0]))
        return posixpath.relpath(places[target], there) if target in places else found[0]

    return LINK.sub(new, text)


def links(cell: Cell) -> list[str]:
    """The targets of the links to files in a Markdown cell; code such as `nodes[0](x)` holds none."""
    return [found[0] for found in LINK.finditer(CODE.sub("", joined(cell["source"])))]
