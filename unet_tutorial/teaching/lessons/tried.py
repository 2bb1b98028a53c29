"""Tries each turn of a lesson with right and wrong answers, which the metadata of its cell hold.

The metadata entry of a cell that calls `turn` is::

    "unet_tutorial": {"right": ["572"], "wrong": ["570", "576"]}

Each answer is Python code, which replaces the None in ``answer=None``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from unet_tutorial.teaching.lessons.lesson import Cell, joined

TURN = "unet_tutorial"
UNANSWERED = "answer=None"
KEY = re.compile(r'^turn\(\s*"([a-z0-9-]+)"', re.MULTILINE)
AFTER = "nbval-ignore-output"  # only errors count


def is_turn(cell: Cell) -> bool:
    """Whether the cell holds a turn."""
    return cell["cell_type"] == "code" and bool(KEY.search(joined(cell["source"])))


def answers(cell: Cell) -> dict[str, list[str]]:
    """The right and wrong answers of a cell with a turn; ValueError if one of the two is missing.

    It is also a ValueError if the cell has several turns, or not one ``answer=None``.
    """
    source, given = joined(cell["source"]), cell["metadata"].get(TURN, {})
    keys = KEY.findall(source)
    if len(keys) != 1 or source.count(UNANSWERED) != 1:
        raise ValueError(f"turn {', '.join(keys)}: write one turn in a cell, with {UNANSWERED}")
    if not given.get("right") or not given.get("wrong"):
        raise ValueError(f'turn {keys[0]}: its cell needs the metadata {{"{TURN}": {{"right": […], "wrong": […]}}}}')
    return {kind: list(given[kind]) for kind in ("right", "wrong")}


def trials(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """Code cells that try each turn with each of its answers, and fail if a right one is rejected or a wrong accepted.

    They are run behind the last cell of the lesson, so that they cannot change its results.
    """
    tried = [
        (joined(cell["source"]), answer, kind == "right")
        for cell in cells
        if is_turn(cell)
        for kind, given in answers(cell).items()
        for answer in given
    ]
    return [_trial(number, source, answer, right=right) for number, (source, answer, right) in enumerate(tried)]


def _trial(number: int, source: str, answer: str, *, right: bool) -> dict[str, Any]:
    (key,) = KEY.findall(source)
    lines = [
        source.replace(UNANSWERED, f"answer=({answer})"),
        "from unet_tutorial.teaching.lessons.turn import RESULTS",
        f"assert RESULTS[{key!r}] is {right}, {f'turn {key}: the answer {answer} must be {right!s}'!r}",
    ]
    return {
        "cell_type": "code",
        "id": f"trial-{number}",
        "metadata": {"tags": [AFTER]},
        "source": "\n".join(lines),
        "outputs": [],
        "execution_count": None,
    }
