"""A student's changed cells arrive in the new version of a notebook, where their cell is unchanged."""

from __future__ import annotations

import json

import pytest

from unet_tutorial.teaching.lab.carry import carried, cell_digests, cells_of


def data(cells: str) -> bytes:
    """A notebook whose code cells have these sources, separated by spaces."""
    made = [
        {"cell_type": "code", "id": f"c{i}", "source": [cell], "metadata": {}} for i, cell in enumerate(cells.split())
    ]
    return json.dumps({"cells": made}).encode()


@pytest.mark.parametrize(
    ("old", "mine", "new", "expected", "number"),
    [
        ("text stub check", "text SOLVED check", "TEXT stub check", "TEXT SOLVED check", 1),
        ("text stub check", "text SOLVED check", "more text stub check", "more text SOLVED check", 1),
        ("text stub check", "text SOLVED check", "text STUB check", "text STUB check", 0),  # both have changed it
        ("text stub check", "text SOLVED check", "check", "check", 0),
        ("a stub b stub c", "a stub b SOLVED c", "A a stub b stub c", "A a stub b SOLVED c", 1),  # equal stubs
        ("a b c d", "a B C d", "A a b c d", "A a B C d", 2),
        ("a b c", "a b mine c", "A b c", "A b c", 0),  # an added cell
        ("a b c d", "a d", "A b c d", "A b c d", 0),  # deleted cells
        ("a b c d e", "a mine B c D e", "a b c d E", "a b c D E", 1),  # an added cell beside a changed one
        ("a b c", "x y z", "a b c d", "x y z d", 3),
    ],
)
def test_changed_cells_are_copied(old: str, mine: str, new: str, expected: str, number: int) -> None:
    version, copied = carried(data(new), data(mine), cell_digests(data(old)))
    assert (" ".join(cell["source"] for cell in cells_of(version)), copied) == (expected, number)


def test_without_the_old_cells_nothing_is_copied() -> None:
    assert carried(data("a b"), data("a mine"), []) == (data("a b"), 0)


def test_bytes_that_are_no_notebook_are_refused() -> None:
    with pytest.raises(ValueError, match="not a notebook of format 4"):
        cells_of(b'{"cells": [{}]}')
