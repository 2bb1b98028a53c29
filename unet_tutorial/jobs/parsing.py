"""Parses option values: numbers separated by commas, and keyword arguments as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from unet_tutorial.plan.levels import Size

_Number = TypeVar("_Number", int, float)


def numbers(option: str, text: str, kind: Callable[[str], _Number], example: str) -> list[_Number]:
    """The comma-separated numbers of a text. ValueError, with the option's name and an example, for any other text.

    >>> numbers("widths", "16,32", int, "16,32,64")
    [16, 32]
    """
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError as error:
        wanted = "integers" if kind is int else "numbers"
        raise ValueError(f"{option} {text!r}: expected {wanted} separated by commas, such as {example}") from error


def sides(tile: str, rank: int) -> Size | None:
    """The size of a tile in pixels, from a text with one side for all axes or one per axis; None for 0 (default size).

    ValueError for any other number of sides, and for sides below 1.

    >>> sides("64", 2), sides("16,64,64", 3), sides("0", 2)
    ((64, 64), (16, 64, 64), None)
    """
    given = numbers("tile", tile, int, "16,64,64")
    size = tuple(given * rank if len(given) == 1 else given)
    if size == (0,) * rank:
        return None
    if len(size) != rank or min(size) < 1:
        raise ValueError(
            f"tile {tile!r}: expected one side or {rank} sides of at least 1 pixel; write 0 for the default size"
        )
    return size


def keywords(text: str) -> dict[str, Any]:
    """The keyword arguments in the text of ``--kwargs``; {} if it is empty. ValueError for any other text than JSON.

    >>> keywords('{"depth": 3}')
    {'depth': 3}
    """
    try:
        given = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(
            f"--kwargs {text!r} is not JSON ({error}); write for example '{{\"in_channels\": 3}}'"
        ) from error
    if not isinstance(given, dict):
        raise ValueError(f"--kwargs {text!r}: expected names with values, such as '{{\"in_channels\": 3}}'")
    return given
