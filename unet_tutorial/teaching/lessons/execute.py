"""Executes lessons in place and normalises them: ``python -m unet_tutorial.teaching.lessons.execute [NAME …]``.

The file is replaced only if all cells run and all outputs follow the rules of `outputs`; otherwise it stays as it is.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from unet_tutorial.disk import complete_file
from unet_tutorial.teaching.checking.progress import NAME, VARIABLE
from unet_tutorial.teaching.lessons.catalogue import LESSONS, numbered
from unet_tutorial.teaching.lessons.grading import mark
from unet_tutorial.teaching.lessons.lesson import Lesson, joined, read
from unet_tutorial.teaching.lessons.links import SOLUTIONS, link
from unet_tutorial.teaching.lessons.outputs import output_faults, path_faults
from unet_tutorial.teaching.lessons.tried import TURN, trials

Notebook = Any  # nbformat and nbclient have no types
load: Callable[..., Notebook] = nbformat.read
dump: Callable[..., str] = nbformat.writes
client: Callable[..., Notebook] = NotebookClient

FOLDED = "hide-input"
CELL_SECONDS = 300
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
COLOURS = re.compile(r"\x1b\[[\d;]*m")


class LessonError(ValueError):
    """A lesson was not written; the message gives the reason."""


def execute(path: Path) -> Lesson:
    """Run every cell, with the notebook's folder as working directory, and replace the file by the normalised result.

    Raises LessonError if a cell fails or takes too long, or if an output breaks a rule of `outputs`; ValueError if the
    file cannot be read or written. The file is then unchanged.
    """
    notebook = load(path, as_version=4)
    if path.stem in LESSONS:
        link(notebook, path)
    written = len(notebook.cells)
    notebook.cells += [nbformat.from_dict(cell) for cell in trials(notebook.cells)]
    try:
        folder = {"metadata": {"path": str(path.parent)}}
        run = client(notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=folder, record_timing=False)
        with TemporaryDirectory() as empty:  # the author's own progress must not change the outputs
            run.execute(env={**os.environ, VARIABLE: str(Path(empty) / NAME)})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonError(f"{path.name}: a cell failed\n{COLOURS.sub('', str(error))}") from error
    del notebook.cells[written:]
    normalise(notebook, path.stem)
    if path.parent.name == SOLUTIONS:
        mark(notebook)
    with complete_file(path) as part:
        part.write_text(dump(notebook, version=4).rstrip("\n") + "\n", encoding="utf8")
        lesson = replace(read(part), name=path.stem)
        faults = output_faults(lesson) + path_faults(lesson)
        if faults:
            raise LessonError("\n".join(faults))
    return lesson


def normalise(notebook: Notebook, stem: str) -> None:
    """Change the notebook in place: ids by position, execution counts, merged streams, no local metadata."""
    prefix = stem.partition("_")[0]
    notebook.nbformat, notebook.nbformat_minor = 4, 5  # the first format with cell ids
    notebook.metadata.update(kernelspec=KERNEL, language_info={"name": "python"})
    notebook.metadata.pop("widgets", None)
    count = 0
    for index, cell in enumerate(notebook.cells, start=1):
        cell.id = f"{prefix}-{index:02}"
        cell.metadata = metadata_of(cell)
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = merged(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count


def metadata_of(cell: Notebook) -> dict[str, Any]:
    """The metadata that are kept: tags, and the answers with which a turn is tried.

    A cell with the tag plot is folded in JupyterLab (source_hidden) and in the book (the tag hide-input).
    """
    names = [name for name in cell.metadata.get("tags", []) if name != FOLDED]
    kept: dict[str, Any] = {TURN: cell.metadata[TURN]} if cell.metadata.get(TURN) else {}
    if "plot" in names:
        kept["jupyter"] = {"source_hidden": True}
        names.append(FOLDED)
    return {**kept, "tags": names} if names else kept


def merged(outputs: Iterable[Notebook]) -> list[Notebook]:
    """The outputs; all texts of the same stream (stdout or stderr) are joined into the first of them."""
    streams: dict[str, Notebook] = {}
    kept = []
    for output in outputs:
        name = output.get("name")
        if output["output_type"] == "stream" and name in streams:
            streams[name]["text"] = joined(streams[name]["text"]) + joined(output["text"])
            continue
        if output["output_type"] == "stream":
            streams[name] = output
        kept.append(output)
    return kept


def chosen(names: list[str]) -> list[Path]:
    """The notebooks for the given paths or beginnings of lesson names; all lessons for an empty list.

    Raises LessonError if there is no such notebook.
    """
    paths = []
    for name in names or [""]:
        found = [Path(name)] if name.endswith(".ipynb") else numbered(name)
        if not found or not all(path.is_file() for path in found):
            raise LessonError(f"no lesson {name!r}; give a path, or the beginning of a lesson's name, such as 01")
        paths += found
    return paths


def summary(lesson: Lesson, seconds: float) -> str:
    """One line with the numbers of cells and figures and the seconds."""
    return f"{lesson.name}: {len(lesson.cells)} cells, {len(lesson.figures)} figures, {seconds:.1f} s"


def main(names: list[str]) -> int:
    """Execute each lesson; return 1 if one was not written."""
    failed = 0
    for path in chosen(names):
        start = time.perf_counter()
        try:
            print(summary(execute(path), time.perf_counter() - start), flush=True)
        except ValueError as error:
            failed += 1
            print(f"{error}\n{path.name}: not changed", file=sys.stderr, flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except LessonError as error:
        sys.exit(str(error))
