"""Compares two answers and describes the first difference in a sentence that helps a student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor


def mismatch(right: Any, got: Any, tolerance: float = 1e-5) -> str:
    """The first difference of ``got`` from ``right`` as a sentence; empty if they are equal.

    Compares tensors, arrays, numbers, strings, and tuples, lists and dicts of these, with their types, shapes and
    dtypes; floats with a relative tolerance.

    >>> mismatch(3, 4)
    '3 was expected, and 4 came'
    >>> mismatch(np.zeros((2, 3)), np.zeros((3, 2)))
    'shape (2, 3) was expected, and (3, 2) came'
    """
    if got is None and right is not None:
        return "it returned None; is a return missing?"
    if isinstance(right, (Tensor, np.ndarray)):
        return _of_arrays(right, got, tolerance)
    if isinstance(right, Mapping):
        return _of_mappings(right, got, tolerance)
    if isinstance(right, (list, tuple)):
        return _of_sequences(right, got, tolerance)
    return _of_scalars(right, got, tolerance)


def _of_arrays(right: Tensor | np.ndarray[Any, Any], got: Any, tolerance: float) -> str:
    kind = "a torch tensor" if isinstance(right, Tensor) else "a numpy array"
    if not isinstance(got, type(right)) and not (isinstance(right, Tensor) and isinstance(got, Tensor)):
        return f"{kind} was expected, and {_named(got)} came"
    if tuple(got.shape) != tuple(right.shape):
        return f"shape {tuple(right.shape)} was expected, and {tuple(got.shape)} came"
    if got.dtype != right.dtype:
        return f"dtype {right.dtype} was expected, and {got.dtype} came"
    if isinstance(right, Tensor) and got.device != right.device:
        return f"device {right.device} was expected, and {got.device} came"
    return _of_values(_floats(right), _floats(got), tolerance)


def _floats(values: Tensor | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return values.detach().cpu().double().numpy() if isinstance(values, Tensor) else np.asarray(values, float)


def _of_values(right: np.ndarray[Any, Any], got: np.ndarray[Any, Any], tolerance: float) -> str:
    scale = np.abs(right[np.isfinite(right)]).max(initial=0.0)
    close = np.isclose(got, right, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
    if close.all():
        return ""
    where = tuple(int(i) for i in np.argwhere(~close)[0])
    wrong = f"{np.count_nonzero(~close)} of {close.size} values are wrong"
    return f"{wrong}, the first at {where}: {right[where]:.6g} was expected, and {got[where]:.6g} came"


def _of_mappings(right: Mapping[Any, Any], got: Any, tolerance: float) -> str:
    if not isinstance(got, Mapping) or got.keys() != right.keys():
        return f"a dict with {sorted(map(str, right))} was expected, and {_named(got)} came"
    return next((f"{key}: {said}" for key in right if (said := mismatch(right[key], got[key], tolerance))), "")


def _of_sequences(right: Sequence[Any], got: Any, tolerance: float) -> str:
    if not isinstance(got, (list, tuple)):
        return f"a {type(right).__name__} was expected, and {_named(got)} came"
    if len(got) != len(right):
        return f"{len(right)} things were expected, and {len(got)} came"
    parts = (mismatch(ours, theirs, tolerance) for ours, theirs in zip(right, got, strict=True))
    return next((f"[{i}]{said if said.startswith('[') else ': ' + said}" for i, said in enumerate(parts) if said), "")


def _of_scalars(right: Any, got: Any, tolerance: float) -> str:
    right, got = _number(right), _number(got)
    if isinstance(right, (bool, str)) or not isinstance(right, (int, float)):
        return "" if type(got) is type(right) and got == right else f"{right!r} was expected, and {_named(got)} came"
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return f"a number was expected, and {_named(got)} came"
    close = bool(np.isclose(got, right, rtol=tolerance, atol=0.0, equal_nan=True))
    return "" if close else f"{right:.6g} was expected, and {got:.6g} came"


def _number(value: Any) -> Any:
    """A number in place of a tensor or array with a single element."""
    single = isinstance(value, (Tensor, np.ndarray, np.generic)) and int(np.prod(value.shape)) == 1
    return value.item() if single else value


def _named(got: Any) -> str:
    return repr(got) if isinstance(got, (bool, int, float, str)) else f"a {type(got).__name__}"
