"""nbgrader metadata of a solution notebook: solution, test and locked cells."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

# Marker in the source: (kind of cell, flags). The first marker found counts.
KINDS: dict[str, tuple[str, dict[str, int]]] = {
    "### BEGIN SOLUTION": ("answer", {"grade": False, "locked": False, "solution": True}),
    "### BEGIN HIDDEN TESTS": ("test", {"grade": True, "locked": True, "points": 1, "solution": False}),
    'check("': ("check", {"grade": False, "locked": True, "solution": False}),
}


def marks(source: str, cell_id: str) -> dict[str, Any]:
    """The cell's metadata for nbgrader (schema 3), under the key "nbgrader"; empty for a cell without a marker.

    >>> marks("### BEGIN HIDDEN TESTS", "03-06")["nbgrader"]["grade_id"]
    'test-03-06'
    """
    for marker, (kind, flags) in KINDS.items():
        if marker in source:
            return {"nbgrader": {"grade_id": f"{kind}-{cell_id}", "schema_version": 3, "task": False, **flags}}
    return {}


def mark(notebook: NotebookNode) -> None:
    """Add the metadata to every code cell, in place."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata |= marks(cell.source, cell.id)
