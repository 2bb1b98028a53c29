"""Copies the cells that a student has changed into the new version of a notebook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import SequenceMatcher

from unet_tutorial.disk import one_line
from unet_tutorial.teaching.lab.copies import digest, dumped
from unet_tutorial.teaching.lessons.lesson import Cell, joined


def cells_of(data: bytes) -> list[Cell]:
    """The cells of a notebook, each source as one string. ValueError if the bytes are not a notebook of format 4."""
    try:
        cells = json.loads(data)["cells"]
        return [{**cell, "cell_type": cell["cell_type"], "source": joined(cell["source"])} for cell in cells]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"this is not a notebook of format 4 ({one_line(error)})") from error


def cell_digests(data: bytes) -> list[str]:
    """The digest of the source of each cell of a notebook."""
    return [digest(cell["source"].encode()) for cell in cells_of(data)]


def carried(new: bytes, mine: bytes, written: Sequence[str]) -> tuple[bytes, int]:
    """The new version of a notebook with the cells that the student has changed, and the number of these cells.

    `written` holds the digests of the cells of the old version as it was written (`cell_digests`). A changed cell is
    copied if the new version contains the cell from which the student started. Cells that the student added are not
    copied.
    """
    place = {  # of each cell of the old version that the new one contains too
        old + offset: now + offset
        for old, now, length in _aligned(written, cell_digests(new)).get_matching_blocks()
        for offset in range(length)
    }
    own, notebook, number = cells_of(mine), json.loads(new), 0
    for change, start, stop, first, last in _aligned(written, cell_digests(mine)).get_opcodes():
        if change != "replace" or stop - start != last - first:
            continue
        for old, cell in zip(range(start, stop), own[first:last], strict=True):
            if old in place:
                notebook["cells"][place[old]]["source"] = cell["source"].splitlines(keepends=True)
                number += 1
    return (dumped(notebook), number) if number else (new, 0)


def _aligned(old: Sequence[str], new: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, old, new, autojunk=False)
