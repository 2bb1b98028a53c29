"""Simple relations between wrong and right results that hold in every call: twice, negative, in reverse order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np
from torch import Tensor

from unet_tutorial.teaching.checking.compare import as_number, mismatch, spelled_number
from unet_tutorial.teaching.checking.guard import Outcome
from unet_tutorial.teaching.checking.spelling import spelled

Pair = tuple[Any, Any]  # of the right and the wrong result
Change = Callable[[Any], Any]

OF_NUMBERS: tuple[tuple[str, Change], ...] = (
    ("is 1 minus the right one", lambda x: 1 - x),
    ("is the square of the right one", lambda x: x * x),
    ("is the square root of the right one", lambda x: abs(x) ** 0.5),
    ("is 1 divided by the right one", lambda x: 1 / x),
)
FACTORS = {-1.0: "the negative of", 2.0: "twice", 0.5: "half", 0.25: "a quarter of", 100.0: "100 times (a percentage?)"}
MOST_ITEMS = 8  # of a vector that is compared item by item
MOST_COMPARED = 200  # items of a list of which the missing ones are searched
OF_ITEMS: tuple[tuple[str, Change], ...] = (
    ("the items are right, but in reverse order", lambda x: list(x)[::-1]),
    ("the last item is missing; the others are right", lambda x: list(x)[:-1]),
    ("the first item is missing; the others are right", lambda x: list(x)[1:]),
)
OF_TEXTS: tuple[tuple[str, Change], ...] = (
    ("the full stop at the end is missing", lambda x: x.removesuffix(".")),
    ("there is a full stop too many at the end", lambda x: f"{x}."),
)
OF_MAPS: tuple[tuple[str, Change], ...] = (
    ("the rows are in reverse order", lambda x: np.flip(x, -2)),
    ("the columns are in reverse order", lambda x: np.flip(x, -1)),
    ("rows and columns are exchanged", lambda x: x.swapaxes(-1, -2)),
    ("the negative values are set to 0; leave them", lambda x: np.maximum(x, 0)),
    ("the minus signs are lost; leave out the absolute value", abs),
)


def relation(expected: Sequence[Outcome], got: Sequence[Outcome], tolerance: float) -> str:
    """The simple relation of wrong to right results that holds in every call; empty if there is none.

    >>> relation([Outcome(3), Outcome(8)], [Outcome(6), Outcome(16)], 1e-5)
    'every result is twice the right one'
    >>> relation([Outcome(3), Outcome(8)], [Outcome(4), Outcome(9)], 1e-5)
    'every result is 1 too large'
    """
    if len(expected) != len(got) or any(each.error for each in got):
        return ""
    pairs = [(old.value, new.value) for old, new in zip(expected, got, strict=True)]
    if of_gradients := _of_gradients(pairs, tolerance):
        return of_gradients
    with np.errstate(all="ignore"):  # NaN and infinity have no relation
        return _related([(_values(old), _values(new)) for old, new in pairs], tolerance)


def _of_gradients(pairs: Sequence[Pair], tolerance: float) -> str:
    """Right outputs with a wrong gradient."""
    if not all(isinstance(each, dict) and "gradients" in each for pair in pairs for each in pair):
        return ""
    without = [tuple({**each, "gradients": []} for each in pair) for pair in pairs]
    if any(mismatch(old, new, tolerance) for old, new in without):
        return ""
    return (
        "the output is right, but the gradient is not; look for detach(), .data, .item(), tolist() or torch.no_grad()"
    )


def _values(value: Any) -> Any:
    """Numbers as floats, tensors as arrays; the single output of a probe in place of its dict."""
    if isinstance(value, dict):
        outputs = value.get("output")
        value = outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else value
    if isinstance(value, Tensor) and not value.is_meta:
        value = value.detach().cpu().numpy()
    if not isinstance(value, np.ndarray):
        value = as_number(value)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _related(pairs: Sequence[Pair], tolerance: float) -> str:
    right, wrong = [old for old, _ in pairs], [new for _, new in pairs]
    if all(isinstance(each, float) for each in right + wrong):
        return _of_numbers(pairs, tolerance)
    if all(isinstance(each, np.ndarray) and each.ndim == 1 and len(each) <= MOST_ITEMS for each in right + wrong):
        items = [(list(old), list(new)) for old, new in pairs]
        return _of_sequences(items, tolerance) or _of_arrays(pairs, tolerance)
    if all(isinstance(each, np.ndarray) and each.dtype.kind in "fiu" for each in right + wrong):
        return _of_arrays(pairs, tolerance)
    if all(isinstance(each, (list, tuple)) for each in right + wrong):
        return _of_sequences(pairs, tolerance)
    if all(isinstance(each, str) for each in right + wrong):
        return _changed(OF_TEXTS, pairs, tolerance) or _same_but(pairs)
    if all(isinstance(each, dict) and each.keys() == right[0].keys() for each in right + wrong):
        return _of_mappings(pairs, tolerance)
    return ""


def _of_numbers(pairs: Sequence[Pair], tolerance: float) -> str:
    right, wrong = np.array(pairs, dtype=float).T
    if len(set(right)) < 2:  # too little to tell relations from one another
        return ""
    if not wrong.any():
        return "the result is 0 in every call; does a product begin with 0, or does a loop never run?"
    if len(set(wrong)) == 1:
        return f"the result is {spelled_number(wrong[0])} in every call; it has to depend on the arguments"
    changed = _changed(OF_NUMBERS, pairs, tolerance)
    return f"every result {changed}" if changed else _constant(right, wrong, tolerance, "result")


def _constant(right: Any, wrong: Any, tolerance: float, noun: str) -> str:
    """A difference or a ratio that is the same everywhere."""
    if not np.isfinite(wrong).all() or not np.isfinite(right).all():
        return ""
    difference = wrong - right
    scale = max(np.abs(right).max(), 1e-30)
    if np.ptp(difference) <= tolerance * scale < abs(difference[0]):
        size = spelled_number(float(abs(difference[0])), 4)
        return f"every {noun} is {size} too {'large' if difference[0] > 0 else 'small'}"
    telling = right != 0
    if telling.any() and (wrong[~telling] == 0).all():
        ratios = wrong[telling] / right[telling]
        if np.ptp(ratios) <= tolerance * abs(ratios[0]) and abs(ratios[0] - 1) > tolerance and ratios[0] != 0:
            factor = float(np.round(ratios[0], 6))
            return f"every {noun} is {FACTORS.get(factor, f'{spelled_number(factor, 4)} times')} the right one"
    return ""


def _of_sequences(pairs: Sequence[Pair], tolerance: float) -> str:
    if len(pairs) < 2:
        return ""
    if whole := _changed(OF_ITEMS, pairs, tolerance):
        return whole
    lengths = {len(each) for pair in pairs for each in pair}
    places = range(lengths.pop() if len(lengths) == 1 else 0)
    if order := _order_of_items(pairs, len(places), tolerance):
        return f"the items are right, but in another order: {', '.join(map(str, order))} of the right result"
    if some := _more_or_fewer([(list(old), list(new)) for old, new in pairs], tolerance):
        return some
    columns = {i: [(_values(old[i]), _values(new[i])) for old, new in pairs] for i in places}
    faulty = [i for i in places if any(mismatch(old, new, tolerance) for old, new in columns[i])]
    found = _related(columns[faulty[0]], tolerance) if faulty else ""
    right = (
        f"; item {', '.join(str(i) for i in places if i not in faulty)} is right" if len(faulty) < len(places) else ""
    )
    return f"item {faulty[0]}: {found}{right}" if found else ""


def _order_of_items(pairs: Sequence[Pair], length: int, tolerance: float) -> list[int]:
    """The places from which the items were taken in every call; empty if there is no such order."""
    order: list[int] = []
    for place in range(length if length <= MOST_ITEMS else 0):
        columns = (i for i in range(length) if all(not mismatch(old[i], new[place], tolerance) for old, new in pairs))
        order.append(next(columns, -1))
    return order if sorted(order) == list(range(length)) != order else []


def _more_or_fewer(pairs: Sequence[tuple[list[Any], list[Any]]], tolerance: float) -> str:
    """Results that only lack items of the right ones, or only have further ones."""
    if max(len(each) for pair in pairs for each in pair) > MOST_COMPARED:
        return ""
    missing, further = zip(*(_unmatched(old, new, tolerance) for old, new in pairs), strict=True)
    if any(missing) and any(further):
        return ""
    if any(missing):
        return f"items are missing, such as {_first(missing)}; those that are there are right"
    if not any(further):
        return "the items are right, but in another order"
    extra = [(item, right) for items, (right, _) in zip(further, pairs, strict=True) for item in items]
    if all(any(not mismatch(item, other, tolerance) for other in right) for item, right in extra):
        return "the items are right, but some are there more than once"
    return f"items are there that do not belong there, such as {_first(further)}; all the right ones are there, too"


def _unmatched(right: list[Any], wrong: list[Any], tolerance: float) -> tuple[list[Any], list[Any]]:
    """The right items without an equal one in the result, and those of the result without an equal right one."""
    missing, further = [], list(wrong)
    for item in right:
        place = next((i for i, other in enumerate(further) if not mismatch(item, other, tolerance)), -1)
        if place < 0:
            missing.append(item)
        else:
            del further[place]
    return missing, further


def _first(found: Sequence[list[Any]]) -> str:
    return spelled(next(each[0] for each in found if each))


def _of_mappings(pairs: Sequence[Pair], tolerance: float) -> str:
    """The relation of the values of the first key that has wrong ones."""
    for key in pairs[0][0]:
        values = [(_values(old[key]), _values(new[key])) for old, new in pairs]
        if any(mismatch(old, new, tolerance) for old, new in values):
            found = _related(values, tolerance)
            return found and f"{key}: {found}"
    return ""


def _same_but(pairs: Sequence[Pair]) -> str:
    """Texts that are equal but for spaces, or for capital letters."""
    for name, plain in (("spaces", lambda text: "".join(text.split())), ("capital letters", str.lower)):
        if all(plain(old) == plain(new) for old, new in pairs):
            return f"the text is right but for {name}"
    return ""


def _of_arrays(pairs: Sequence[Pair], tolerance: float) -> str:
    if any(min(old.ndim, new.ndim) < 1 or 0 in old.shape or 0 in new.shape for old, new in pairs):
        return _sides(pairs)
    if any(min(old.ndim, new.ndim) < 2 for old, new in pairs):
        return _offset(pairs, tolerance) or _sides(pairs)
    return (
        _changed(OF_MAPS, pairs, tolerance)
        or (f"every value {changed}" if (changed := _changed(OF_NUMBERS, pairs, tolerance)) else "")
        or _reordered(pairs, tolerance)
        or _larger(pairs, tolerance)
        or _negative(pairs, tolerance)
        or _offset(pairs, tolerance)
        or _sides(pairs)
    )


def _sides(pairs: Sequence[Pair]) -> str:
    """The same difference between the right and the wrong shape in every call."""
    found = {_side(old.shape, new.shape) for old, new in pairs}
    return found.pop() if len(found) == 1 else ""


def _side(right: tuple[int, ...], wrong: tuple[int, ...]) -> str:
    """How a wrong shape differs from the right one, if the difference is a simple one.

    >>> _side((2, 5, 7), (2, 1, 5, 7)), _side((3, 5, 7), (5, 7)), _side((3, 5, 7), (3, 4, 6))
    ('axis 1 is too many', 'axis 0 is missing', 'axes 1 and 2 have 1 entry too few')
    """
    if len(wrong) == len(right) + 1:
        extra = [i for i in range(len(wrong)) if wrong[:i] + wrong[i + 1 :] == right]
        return f"axis {extra[-1]} is too many" if extra else ""
    if len(wrong) == len(right) - 1:
        lost = [i for i in range(len(right)) if right[:i] + right[i + 1 :] == wrong]
        return f"axis {lost[-1]} is missing" if lost else ""
    if len(wrong) != len(right):
        return ""
    differences = {i: new - old for i, (old, new) in enumerate(zip(right, wrong, strict=True)) if new != old}
    if len(set(differences.values())) != 1:
        return ""
    axes, by = " and ".join(map(str, differences)), abs(next(iter(differences.values())))
    entries = f"{by} {'entry' if by == 1 else 'entries'} too {'many' if sum(differences.values()) > 0 else 'few'}"
    return (
        f"{'axis' if len(differences) == 1 else 'axes'} {axes} {'has' if len(differences) == 1 else 'have'} {entries}"
    )


def _reordered(pairs: Sequence[Pair], tolerance: float) -> str:
    """The axes, or the channels, in another order."""
    right, wrong = pairs[0]
    orders = permutations(range(right.ndim)) if right.ndim == wrong.ndim <= 4 else iter(())
    for order in orders:
        if _fits(partial(np.transpose, axes=order), pairs, tolerance):
            return f"the axes are in another order: {order} of the right result"
    if all(old.shape == new.shape and old.ndim >= 3 and old.shape[-3] > 1 for old, new in pairs) and all(
        _permuted(np.moveaxis(old, -3, 0), np.moveaxis(new, -3, 0), tolerance) for old, new in pairs
    ):
        return "the channels are right, but in another order"
    return ""


def _permuted(right: Any, wrong: Any, tolerance: float) -> bool:
    found = [next((i for i, old in enumerate(right) if not mismatch(old, new, tolerance)), -1) for new in wrong]
    return sorted(found) == list(range(len(right))) and found != list(range(len(right)))


def _larger(pairs: Sequence[Pair], tolerance: float) -> str:
    """The right result inside one with more rows or columns."""
    for old, new in pairs:
        if old.shape[:-2] != new.shape[:-2] or old.shape == new.shape:
            return ""
        rows, columns = (more - less for more, less in zip(new.shape[-2:], old.shape[-2:], strict=True))
        if rows < 0 or columns < 0:
            return ""
        places = [(top, left) for top in range(rows + 1) for left in range(columns + 1)]
        height, width = old.shape[-2:]
        if all(mismatch(old, new[..., i : i + height, j : j + width], tolerance) for i, j in places):
            return ""
    return "the right pixels are in your result, but it has more rows or columns"


def _negative(pairs: Sequence[Pair], tolerance: float) -> str:
    if all(old.shape == new.shape and (new < 0).any() for old, new in pairs) and not any(
        mismatch(old, np.maximum(new, 0), tolerance) for old, new in pairs
    ):
        return "values are negative where the right ones are 0: a ReLU at the end is missing"
    return ""


def _offset(pairs: Sequence[Pair], tolerance: float) -> str:
    """A difference or a ratio that is the same in every pixel, or in every pixel of a channel."""
    if any(old.shape != new.shape for old, new in pairs):
        return ""
    flat = [np.concatenate([each[i].ravel().astype(float) for each in pairs]) for i in (0, 1)]
    if len(set(flat[0])) > 1 and (found := _constant(flat[0], flat[1], tolerance, "value")):
        return found
    if all(old.ndim >= 3 and old.shape[-1] * old.shape[-2] > 1 for old, _ in pairs):
        differences = [new.astype(float) - old for old, new in pairs]
        scale = max(np.abs(old).max() for old, _ in pairs)
        noise = 10 * tolerance * scale
        same = all(np.ptp(each, axis=(-2, -1)).max() <= noise for each in differences)
        if same and max(np.abs(each).max() for each in differences) > noise:
            return "within each channel every value is wrong by the same number, as with a wrong bias or a wrong mean"
    return ""


def _changed(changes: Sequence[tuple[str, Change]], pairs: Sequence[Pair], tolerance: float) -> str:
    """The name of the first change that turns each right result into the wrong one."""
    return next((name for name, change in changes if _fits(change, pairs, tolerance)), "")


def _fits(change: Change, pairs: Sequence[Pair], tolerance: float) -> bool:
    """Whether the change turns each right result into the wrong one, and at least one into something else."""
    try:
        with np.errstate(all="ignore"):
            changed = [change(old) for old, _ in pairs]
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        return False
    fits = all(not mismatch(new, got, max(tolerance, 1e-6)) for new, (_, got) in zip(changed, pairs, strict=True))
    return fits and any(mismatch(old, got, tolerance) for old, got in pairs)
