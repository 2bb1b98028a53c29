"""Simple relations between wrong and right results that hold in every call: twice, negative, reversed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from unet_tutorial.teaching.checking.compare import as_number, mismatch
from unet_tutorial.teaching.checking.guard import Outcome

Change = Callable[[Any], Any]

OF_NUMBERS: dict[str, Change] = {
    "every result is one too large": lambda x: x + 1,
    "every result is one too small": lambda x: x - 1,
    "every result is the negative of the right one": lambda x: -x,
    "every result is twice the right one": lambda x: 2 * x,
    "every result is half the right one": lambda x: x / 2,
    "every result is four times the right one": lambda x: 4 * x,
    "every result is a quarter of the right one": lambda x: x / 4,
    "every result is 100 times the right one: a percentage?": lambda x: 100 * x,
    "every result is 1 minus the right one": lambda x: 1 - x,
    "every result is the square of the right one": lambda x: x * x,
    "every result is the square root of the right one": lambda x: abs(x) ** 0.5,
    "every result is 1 divided by the right one": lambda x: 1 / x,
}
OF_ITEMS: dict[str, Change] = {
    "the items are right, but in reverse order": lambda x: list(x)[::-1],
    "the last item is missing; the others are right": lambda x: list(x)[:-1],
    "the first item is missing; the others are right": lambda x: list(x)[1:],
}
OF_MAPS: dict[str, Change] = {
    "rows and columns are exchanged": lambda x: x.swapaxes(-1, -2),
    "the rows are in reverse order": lambda x: np.flip(x, -2),
    "the columns are in reverse order": lambda x: np.flip(x, -1),
    "the channels are in reverse order": lambda x: np.flip(x, -3),
}


def relation(expected: Sequence[Outcome], got: Sequence[Outcome], tolerance: float) -> str:
    """The simple relation of wrong to right results that holds in every call; empty if there is none.

    >>> relation([Outcome(3), Outcome(8)], [Outcome(6), Outcome(16)], 1e-5)
    'every result is twice the right one'
    """
    if len(expected) != len(got) or len(got) < 2 or any(each.error for each in got):
        return ""
    pairs = [(_values(old.value), _values(new.value)) for old, new in zip(expected, got, strict=True)]
    if any(type(old) is not type(new) for old, new in pairs):
        return ""
    changes = _changes([old for old, _ in pairs])
    fitting = (sentence for sentence, change in changes.items() if _holds(change, pairs, tolerance))
    return next(fitting, "")


def _values(value: Any) -> Any:
    """Numbers as floats, tensors as arrays; the single output of a probe in place of its dict."""
    if isinstance(value, dict) and len(value.get("output", ())) == 1:
        value = value["output"][0]
    if isinstance(value, Tensor) and not value.is_meta:
        value = value.detach().cpu().numpy()
    value = as_number(value)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _changes(values: Sequence[Any]) -> dict[str, Change]:
    if all(isinstance(each, (float, np.ndarray)) for each in values):
        maps = all(isinstance(each, np.ndarray) and each.ndim >= 2 for each in values)
        return OF_NUMBERS | (OF_MAPS if maps else {})
    return OF_ITEMS if all(isinstance(each, (list, tuple)) for each in values) else {}


def _holds(change: Change, pairs: Sequence[tuple[Any, Any]], tolerance: float) -> bool:
    """Whether the change turns each right result into the wrong one, and makes a difference in each."""
    try:
        with np.errstate(all="ignore"):
            changed = [change(old) for old, _ in pairs]
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        return False
    return all(
        not mismatch(new, got, max(tolerance, 1e-6)) and bool(mismatch(old, got, tolerance))
        for new, (old, got) in zip(changed, pairs, strict=True)
    )
