"""Parses option values: numbers separated by commas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from unet_tutorial.plan.levels import Size

_Number = TypeVar("_Number", int, float)


def numbers(option: str, text: str, kind: Callable[[str], _Number], example: str) -> list[_Number]:
    """The numbers in a text; ValueError, with the option's name and an example, if a part is not a number.

    >>> numbers("widths", "16,32", int, "16,32,64")
    [16, 32]
    """
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError as error:
        wanted = "whole numbers" if kind is int else "numbers"
        raise ValueError(f"{option} {text!r}: write {wanted} with commas, as in {example}") from error


def sides(tile: str, rank: int) -> Size | None:
    """The size of a tile from one side or one per axis, in pixels; None for 0, the default size.

    ValueError for another number of sides, and for sides below 1.

    >>> sides("64", 2), sides("16,64,64", 3), sides("0", 2)
    ((64, 64), (16, 64, 64), None)
    """
    given = numbers("tile", tile, int, "16,64,64")
    size = tuple(given * rank if len(given) == 1 else given)
    if size == (0,) * rank:
        return None
    if len(size) != rank or min(size) < 1:
        raise ValueError(
            f"tile {tile!r}: one side or {rank} are needed, each at least 1 pixel; write 0 for the default size"
        )
    return size
