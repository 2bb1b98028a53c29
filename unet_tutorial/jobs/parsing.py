"""Numbers in the words of an option."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from unet_tutorial.plan.levels import Size

_Number = TypeVar("_Number", int, float)


def numbers(option: str, text: str, kind: Callable[[str], _Number], example: str) -> list[_Number]:
    """The numbers between the commas; ValueError, with an example, where they are none.

    >>> numbers("widths", "16,32", int, "16,32,64")
    [16, 32]
    """
    try:
        return [kind(word) for word in text.split(",")]
    except ValueError as error:
        wanted = "whole numbers" if kind is int else "numbers"
        raise ValueError(f"{option} {text!r}: write {wanted} with commas, as in {example}") from error


def sides(tile: str, rank: int) -> Size | None:
    """A tile's size from one side or one for each axis; None for 0, which leaves the choice to the library.

    >>> sides("64", 2), sides("16,64,64", 3), sides("0", 2)
    ((64, 64), (16, 64, 64), None)
    """
    given = numbers("tile", tile, int, "16,64,64")
    size = tuple(given * rank if len(given) == 1 else given)
    if size == (0,) * rank:
        return None
    if len(size) != rank or min(size) < 1:
        raise ValueError(
            f"tile {tile!r}: one side or {rank} are needed, each a number of pixels; write 0 to leave it out"
        )
    return size
