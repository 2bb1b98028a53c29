"""A lesson read from its notebook file, without a notebook library."""

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
    """A notebook: the stem of its file name, its cells with their sources as single strings, its metadata."""

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
        """Number of words in the markdown cells; a word is a run without white space that contains a letter."""
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
    def own(self) -> dict[str, Any]:
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
        raise ValueError(f"{path.name} is no notebook of format 4 ({error}); save it again with JupyterLab") from error


def joined(text: str | list[str]) -> str:
    """The text as one string; a notebook may store it as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def tags(cell: Cell) -> list[str]:
    """The cell's tags."""
    found: list[str] = cell["metadata"].get("tags", [])
    return found


def tree(cell: Cell) -> ast.Module:
    """The syntax tree of the cell's source, without its lines of IPython magics and shell commands."""
    return ast.parse(re.sub(r"^[ \t]*[%!].*$", "", cell["source"], flags=re.MULTILINE))
