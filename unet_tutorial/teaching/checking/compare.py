"""Compares two answers and describes the first difference in a sentence that helps a student.

One policy decides which answers are accepted, for all exercises:

- A number may be a Python number, a NumPy number, or an array or tensor with one element. Where a whole number is
  expected, a float is refused, even 3.0; where a float is expected, a whole number of the same value is accepted.
  Whole numbers are compared exactly, floats with a relative tolerance. A bool is no number, and 1 is not True.
- A sequence may be a list, a tuple, a range, an array or a tensor, whichever was expected; its items are compared.
- An array must be of the expected library (torch or NumPy), shape and device. Of the dtype only the kind counts: bool,
  whole number, float or complex number; float64 in place of float32 and uint8 in place of int64 are accepted.
- Strings and None are compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class Raised:
    """In place of a result: an exception of this type, where a refusal is part of the task."""

    kind: str

    def __repr__(self) -> str:
        return f"a {self.kind}"


LONG_TEXTS = 120  # letters of two texts, from which on only the place of their difference is shown
NAMES = {"b": "booleans", "i": "whole numbers", "u": "whole numbers", "f": "floats", "c": "complex numbers"}


def mismatch(expected: Any, got: Any, tolerance: float = 1e-5) -> str:
    """The first difference between ``expected`` and ``got`` as a sentence; empty if they are equal.

    Compares tensors, arrays, numbers, strings, and tuples, lists and dicts of these, by the policy of this module.

    >>> mismatch(3, 4)
    'expected 3, got 4'
    >>> mismatch(3, 3.0)
    'expected the whole number 3, got the float 3.0; use // instead of /, or round()'
    >>> mismatch(np.zeros((2, 3)), np.zeros((3, 2)))
    'expected shape (2, 3), got (3, 2)'
    """
    if got is None and isinstance(expected, Mapping):
        return "it returned None in this call; is a return missing in one of its branches?"
    if got is None and expected is not None:
        return f"expected {described(expected)}, got None"
    if isinstance(expected, (Tensor, np.ndarray)):
        return _compare_arrays(expected, got, tolerance)
    if isinstance(expected, Mapping):
        return _compare_mappings(expected, got, tolerance)
    if isinstance(expected, (list, tuple, range)):
        return _compare_sequences(expected, got, tolerance)
    return _compare_scalars(expected, got, tolerance)


def _compare_arrays(expected: Tensor | np.ndarray[Any, Any], got: Any, tolerance: float) -> str:
    library, maker = ("torch", "torch.as_tensor") if isinstance(expected, Tensor) else ("numpy", "np.asarray")
    if not isinstance(got, Tensor if isinstance(expected, Tensor) else np.ndarray):
        array = f"a {library} {'tensor' if library == 'torch' else 'array'}"
        if isinstance(got, (list, tuple)) and got and all(isinstance(each, Tensor) and each.ndim for each in got):
            maker = "torch.stack"
        advice = f"; {maker}(…) makes one" if isinstance(got, (list, tuple, Tensor, np.ndarray)) else ""
        if isinstance(got, tuple) and hasattr(got, "indices"):  # of torch.max along an axis
            advice = ", a pair of values and indices; take its .values"
        return f"expected {array}, got {described(got)}{advice}"
    if tuple(got.shape) != tuple(expected.shape):
        return f"expected shape {tuple(expected.shape)}, got {tuple(got.shape)}"
    wanted, kind = _kind(expected), _kind(got)
    if wanted != kind:
        return f"expected {wanted} (dtype {expected.dtype}), got {kind} (dtype {got.dtype})"
    if isinstance(expected, Tensor) and got.device != expected.device:
        return f"expected device {expected.device}, got {got.device}"
    if isinstance(expected, Tensor) and expected.is_meta:
        return ""  # there are no values to compare
    dtypes = f"; your dtype is {got.dtype}, and not {expected.dtype}" if got.dtype != expected.dtype else ""
    difference = _compare_values(_plain(expected), _plain(got), tolerance if wanted in ("floats", "complex") else 0.0)
    return difference and difference + dtypes


def _kind(values: Tensor | np.ndarray[Any, Any]) -> str:
    if isinstance(values, np.ndarray):
        return NAMES.get(values.dtype.kind, str(values.dtype))
    letter = (
        "c"
        if values.is_complex()
        else "f"
        if values.is_floating_point()
        else "b"
        if "bool" in str(values.dtype)
        else "i"
    )
    return NAMES[letter]


def _plain(values: Tensor | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The values as a NumPy array, floats in double precision."""
    if isinstance(values, Tensor):
        values = (values.detach().cpu().double() if values.is_floating_point() else values.detach().cpu()).numpy()
    return values.astype(float) if values.dtype.kind == "f" else values


def _compare_values(expected: np.ndarray[Any, Any], got: np.ndarray[Any, Any], tolerance: float) -> str:
    if tolerance and expected.dtype.kind in "fc":
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
        close = np.isclose(got, expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
    else:
        close = np.asarray((got == expected) | ((got != got) & (expected != expected)))
    if close.all():
        return ""
    where = tuple(int(i) for i in np.argwhere(~close)[0])
    values = told_apart(expected[where], got[where])
    if close.size == 1:
        return values
    wrong = f"{np.count_nonzero(~close)} of {close.size} values are wrong"
    return f"{wrong}, the first at {where}: {values}"


def told_apart(expected: Any, got: Any) -> str:
    """Both numbers: whole ones in full, floats with six digits, or with as many as are needed to see the difference.

    >>> told_apart(31030658, 31030720), told_apart(0.123456789, 0.1234561), told_apart(19070000.0, 19070000.5)
    ('expected 31030658, got 31030720', 'expected 0.123457, got 0.123456', 'expected 19070000, got 19070000.5')
    """
    for digits in range(6, 18):
        left, right = spelled_number(expected, digits), spelled_number(got, digits)
        if left != right:
            break
    return f"expected {left}, got {right}"


def spelled_number(value: Any, digits: int = 6) -> str:
    """A whole number in full, a float with this number of digits.

    >>> spelled_number(31030658), spelled_number(31030658.0), spelled_number(2 / 3), spelled_number(1e-9)
    ('31030658', '31030658', '0.666667', '1e-09')
    """
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, float):
        return str(value)
    if 1e5 < abs(value) < 1e16:
        digits = max(digits, len(str(int(abs(value)))) + 1)
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else f"{value:.{digits}g}"


def _compare_mappings(expected: Mapping[Any, Any], got: Any, tolerance: float) -> str:
    if not isinstance(got, Mapping) or got.keys() != expected.keys():
        keys = f" with the keys {_keys(got)}" if isinstance(got, Mapping) else ""
        return f"expected a dict with the keys {_keys(expected)}, got {described(got)}{keys}"
    differences = ((key, mismatch(expected[key], got[key], tolerance)) for key in expected)
    return next((f"{key}: {difference}" for key, difference in differences if difference), "")


def _keys(mapping: Mapping[Any, Any]) -> str:
    return ", ".join(sorted(map(str, mapping)))


def _compare_sequences(expected: Sequence[Any], got: Any, tolerance: float) -> str:
    if isinstance(got, (Tensor, np.ndarray)) and got.ndim > 0:
        got = list(got)
    if not isinstance(got, (list, tuple, range)):
        kind = type(expected).__name__
        advice = f"; {kind}(…) makes one" if isinstance(got, (Iterator, Mapping, set)) else ""
        return f"expected a {kind}, got {described(got)}{advice}"
    if len(got) != len(expected):
        items = f": {got!r}" if len(repr(got)) <= 60 else ""
        return f"expected {len(expected)} item{'s' if len(expected) != 1 else ''}, got {len(got)}{items}"
    for i, (expected_item, item) in enumerate(zip(expected, got, strict=True)):
        if difference := mismatch(expected_item, item, tolerance):
            return f"[{i}]{difference if difference.startswith('[') else ': ' + difference}"
    return ""


def _compare_scalars(expected: Any, got: Any, tolerance: float) -> str:
    expected, got = as_number(expected), as_number(got)
    if isinstance(expected, (bool, str)) or not isinstance(expected, (int, float)):
        if isinstance(expected, str) and isinstance(got, str) and got != expected and len(expected + got) > LONG_TEXTS:
            return _texts_apart(expected, got)
        equal = type(got) is type(expected) and got == expected
        return "" if equal else f"expected {expected!r}, got {described(got)}"
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return f"expected a number, got {described(got)}"
    if isinstance(expected, int) and isinstance(got, float):
        if got != expected:
            return told_apart(expected, got)
        return f"expected the whole number {expected}, got the float {got!r}; use // instead of /, or round()"
    whole = isinstance(expected, int)
    close = got == expected if whole else bool(np.isclose(got, expected, rtol=tolerance, atol=0.0, equal_nan=True))
    return "" if close else told_apart(expected, got)


def _texts_apart(expected: str, got: str) -> str:
    """The first place at which two long texts differ, with a few words around it."""
    unequal = (i for i, (old, new) in enumerate(zip(expected, got, strict=False)) if old != new)
    place = next(unequal, min(len(expected), len(got)))
    start = max(0, place - 20)
    parts = [
        f"{'…' if start else ''}{text[start : place + 30]}{'…' if place + 30 < len(text) else ''}"
        for text in (expected, got)
    ]
    return f"the texts differ from character {place} on: expected {parts[0]!r}, got {parts[1]!r}"


def as_number(value: Any) -> Any:
    """The number in a tensor or array with a single element; any other value is returned as it is."""
    single = isinstance(value, (Tensor, np.ndarray, np.generic)) and int(np.prod(value.shape)) == 1
    return value.item() if single else value


def described(value: Any) -> str:
    """A short value itself, and the kind and the shape of an array or an object."""
    if isinstance(value, (bool, int, float, str, type(None), Raised)):
        return repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:80]}…"
    kind = {"ndarray": "numpy array", "Tensor": "torch tensor"}.get(type(value).__name__, type(value).__name__)
    shape = f" of shape {tuple(value.shape)}" if isinstance(value, (Tensor, np.ndarray)) else ""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}{shape}"
