"""Finds the grid of UNet++ (Zhou et al. 2018, arXiv 1807.10165, figure 1): the nodes X(i, j) and their maps."""

from __future__ import annotations

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.stages import Stage, stages

Cell = tuple[int, int]  # row i, column j


def dense_grid(arch: ArchIR) -> dict[str, Cell]:
    """By id of the last map of each node X(i, j): row i and column j; {} if the network is not a UNet++.

    Column 0 is the encoder. Node X(i, j) with j > 0 uses X(i + 1, j - 1), and of its row X(i, j - 1) and any earlier
    ones. Row 0 is the finest row with such nodes; at least one of them uses more than one node of its row. Other maps
    are computed from row 0, except outputs, which may also come from the last node of a row.
    """
    parts = stages(arch)
    cells: dict[int, Cell] = {}  # by index of a stage; row: level
    for i, part in enumerate(parts):
        cell = _cell(part, parts, cells, returned=part.end.id in arch.outputs)
        if cell and cell not in cells.values():
            cells[i] = cell
    first = min((row for row, column in cells.values() if column), default=0)
    cells = {i: (row - first, column) for i, (row, column) in cells.items() if row >= first}
    shared = any(sum(cells[key][0] == cells[i][0] for key in set(parts[i].sources) & set(cells)) > 1 for i in cells)
    complete = all(key in cells for i in cells if cells[i][1] for key in parts[i].sources)
    last = {row: max(j for i, j in cells.values() if i == row) for row, _ in cells.values()}
    for i, part in enumerate(parts):
        for row, column in (cells[key] for key in part.sources if i not in cells and key in cells):
            complete &= row == 0 or (part.end.id in arch.outputs and column == last[row])
    return {parts[i].end.id: cell for i, cell in cells.items()} if shared and complete else {}


def _cell(part: Stage, parts: list[Stage], cells: dict[int, Cell], *, returned: bool) -> Cell | None:
    """Level and column of a stage, if it has a place in the grid; ``cells`` are those of the stages before it."""
    level, sources = part.level, [parts[key] for key in part.sources]
    if not sources:
        return (level, 0)
    if any(key not in cells for key in part.sources):
        return None
    if len(sources) == 1:
        above = cells[part.sources[0]]
        return (level, 0) if above == (level - 1, 0) and not returned else None
    below = [cells[key] for key in part.sources if cells[key][0] == level + 1]
    row = [cells[key][1] for key in part.sources if cells[key][0] == level]
    if len(below) != 1 or len(below) + len(row) != len(sources) or max(row) != below[0][1]:
        return None
    return (level, below[0][1] + 1)
