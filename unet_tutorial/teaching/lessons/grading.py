"""What nbgrader is told of the cells of a solution: which are the student's, which are tests, which stay."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

KINDS: dict[str, tuple[str, dict[str, int]]] = {  # what stands in a cell, and what that makes it; the first that fits
    "### BEGIN SOLUTION": ("answer", {"grade": False, "locked": False, "solution": True}),
    "### BEGIN HIDDEN TESTS": ("test", {"grade": True, "locked": True, "points": 1, "solution": False}),
    'check("': ("check", {"grade": False, "locked": True, "solution": False}),
}


def marks(source: str, cell_id: str) -> dict[str, Any]:
    """The cell's metadata for nbgrader (schema 3), under its key; nothing for a cell that is neither asked nor graded.

    >>> marks("### BEGIN HIDDEN TESTS", "03-06")["nbgrader"]["grade_id"]
    'test-03-06'
    """
    for sign, (kind, flags) in KINDS.items():
        if sign in source:
            return {"nbgrader": {"grade_id": f"{kind}-{cell_id}", "schema_version": 3, "task": False, **flags}}
    return {}


def mark(notebook: NotebookNode) -> None:
    """Give every code cell its marks, in place."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata |= marks(cell.source, cell.id)
