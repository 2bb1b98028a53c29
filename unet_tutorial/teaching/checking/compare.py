"""Compares two answers and describes the first difference in a sentence that helps a student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor


def mismatch(expected: Any, got: Any, tolerance: float = 1e-5) -> str:
    """The first difference between ``expected`` and ``got`` as a sentence; empty if they are equal.

    Compares tensors, arrays, numbers, strings, and tuples, lists and dicts of these. Tensors and arrays must have the
    same shape, dtype and device; floats are compared with a relative tolerance.

    >>> mismatch(3, 4)
    'expected 3, got 4'
    >>> mismatch(np.zeros((2, 3)), np.zeros((3, 2)))
    'expected shape (2, 3), got (3, 2)'
    """
    if got is None and expected is not None:
        return "it returned None; is a return missing?"
    if isinstance(expected, (Tensor, np.ndarray)):
        return _compare_arrays(expected, got, tolerance)
    if isinstance(expected, Mapping):
        return _compare_mappings(expected, got, tolerance)
    if isinstance(expected, (list, tuple)):
        return _compare_sequences(expected, got, tolerance)
    return _compare_scalars(expected, got, tolerance)


def _compare_arrays(expected: Tensor | np.ndarray[Any, Any], got: Any, tolerance: float) -> str:
    kind = "a torch tensor" if isinstance(expected, Tensor) else "a numpy array"
    if not isinstance(got, type(expected)) and not (isinstance(expected, Tensor) and isinstance(got, Tensor)):
        return f"expected {kind}, got {_description(got)}"
    if tuple(got.shape) != tuple(expected.shape):
        return f"expected shape {tuple(expected.shape)}, got {tuple(got.shape)}"
    if got.dtype != expected.dtype:
        return f"expected dtype {expected.dtype}, got {got.dtype}"
    if isinstance(expected, Tensor) and got.device != expected.device:
        return f"expected device {expected.device}, got {got.device}"
    return _compare_values(_floats(expected), _floats(got), tolerance)


def _floats(values: Tensor | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return values.detach().cpu().double().numpy() if isinstance(values, Tensor) else np.asarray(values, float)


def _compare_values(expected: np.ndarray[Any, Any], got: np.ndarray[Any, Any], tolerance: float) -> str:
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    close = np.isclose(got, expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
    if close.all():
        return ""
    where = tuple(int(i) for i in np.argwhere(~close)[0])
    wrong = f"{np.count_nonzero(~close)} of {close.size} values are wrong"
    return f"{wrong}, the first at {where}: expected {expected[where]:.6g}, got {got[where]:.6g}"


def _compare_mappings(expected: Mapping[Any, Any], got: Any, tolerance: float) -> str:
    if not isinstance(got, Mapping) or got.keys() != expected.keys():
        keys = f" with the keys {_keys(got)}" if isinstance(got, Mapping) else ""
        return f"expected a dict with the keys {_keys(expected)}, got {_description(got)}{keys}"
    differences = ((key, mismatch(expected[key], got[key], tolerance)) for key in expected)
    return next((f"{key}: {difference}" for key, difference in differences if difference), "")


def _keys(mapping: Mapping[Any, Any]) -> str:
    return ", ".join(sorted(map(str, mapping)))


def _compare_sequences(expected: Sequence[Any], got: Any, tolerance: float) -> str:
    if not isinstance(got, (list, tuple)):
        return f"expected a {type(expected).__name__}, got {_description(got)}"
    if len(got) != len(expected):
        return f"expected {len(expected)} items, got {len(got)}"
    for i, (expected_item, item) in enumerate(zip(expected, got, strict=True)):
        if difference := mismatch(expected_item, item, tolerance):
            return f"[{i}]{difference if difference.startswith('[') else ': ' + difference}"
    return ""


def _compare_scalars(expected: Any, got: Any, tolerance: float) -> str:
    expected, got = _number(expected), _number(got)
    if isinstance(expected, (bool, str)) or not isinstance(expected, (int, float)):
        equal = type(got) is type(expected) and got == expected
        return "" if equal else f"expected {expected!r}, got {_description(got)}"
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return f"expected a number, got {_description(got)}"
    close = bool(np.isclose(got, expected, rtol=tolerance, atol=0.0, equal_nan=True))
    return "" if close else f"expected {expected:.6g}, got {got:.6g}"


def _number(value: Any) -> Any:
    """The number in a tensor or array with a single element; any other value is returned as it is."""
    single = isinstance(value, (Tensor, np.ndarray, np.generic)) and int(np.prod(value.shape)) == 1
    return value.item() if single else value


def _description(got: Any) -> str:
    return repr(got) if isinstance(got, (bool, int, float, str)) else f"a {type(got).__name__}"
