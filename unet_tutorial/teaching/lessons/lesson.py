"""Reads a lesson from its notebook file as plain JSON, without nbformat."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")


@dataclass(frozen=True)
class Lesson:
    """A notebook: its file name without the suffix, its cells (each source is one string) and its metadata."""

    name: str
    cells: tuple[Cell, ...]
    metadata: dict[str, Any]

    @property
    def code(self) -> list[Cell]:
        """The code cells, in order."""
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    @property
    def prose(self) -> str:
        """The text of all markdown cells."""
        return "\n\n".join(cell["source"] for cell in self.cells if cell["cell_type"] == "markdown")

    @property
    def words(self) -> int:
        """Number of words in the markdown cells, without numbers and signs."""
        return sum(any(letter.isalpha() for letter in word) for word in self.prose.split())

    @property
    def outputs(self) -> list[Cell]:
        """Every output of every code cell, in order."""
        return [output for cell in self.code for output in cell["outputs"]]

    @property
    def figures(self) -> list[Cell]:
        """The outputs that hold a picture."""
        return [output for output in self.outputs if set(PICTURES) & set(output.get("data", {}))]

    @property
    def course_metadata(self) -> dict[str, Any]:
        """The metadata entry `unet_tutorial`: `module` and `ceiling_seconds`."""
        entry: dict[str, Any] = self.metadata.get("unet_tutorial", {})
        return entry


def read(path: Path) -> Lesson:
    """Read a lesson. Raises ValueError if the file is not a notebook of format 4."""
    try:
        notebook = json.loads(path.read_text(encoding="utf8"))
        cells = tuple({**cell, "source": joined(cell["source"])} for cell in notebook["cells"])
        return Lesson(path.stem, cells, notebook["metadata"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} is not a notebook of format 4 ({error}); save it again with JupyterLab"
        ) from error


def joined(text: str | list[str]) -> str:
    """The text as one string; a notebook may store it as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def tags(cell: Cell) -> list[str]:
    """The cell's tags."""
    found: list[str] = cell["metadata"].get("tags", [])
    return found


def tree(cell: Cell) -> ast.Module:
    """The syntax tree of the cell's source; lines with IPython magics or shell commands are removed first."""
    return ast.parse(re.sub(r"^[ \t]*[%!].*$", "", cell["source"], flags=re.MULTILINE))
