"""Notices when an answer changes its arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def fingerprint(value: Any) -> Any:
    """A copy of all that can be changed in a value, to be compared by ==.

    Covers tensors, arrays, lists, tuples, dicts, sets, dataclasses, and the parameters and buffers of torch modules.
    Other objects, such as functions and random generators, are left out.

    >>> x = [torch.zeros(2), {"a": np.zeros(2)}]
    >>> before = fingerprint(x)
    >>> x[1]["a"][0] = 1
    >>> fingerprint(x) == before
    False
    """
    if isinstance(value, (nn.parameter.UninitializedParameter, nn.parameter.UninitializedBuffer)):
        return None
    if isinstance(value, Tensor):
        return str(value.dtype), tuple(value.shape), _tensor_bytes(value)
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tobytes() if value.dtype != object else repr(value)
    if isinstance(value, nn.Module):
        tensors = [*value.named_parameters(remove_duplicate=False), *value.named_buffers(remove_duplicate=False)]
        return [(name, each.requires_grad, fingerprint(each)) for name, each in tensors]
    if isinstance(value, (list, tuple)):
        return [fingerprint(each) for each in value]
    if isinstance(value, Mapping):
        return [(repr(key), fingerprint(each)) for key, each in value.items()]
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))
    if dataclasses.is_dataclass(value) and not callable(value):
        return [fingerprint(getattr(value, field.name)) for field in dataclasses.fields(value)]
    return repr(value) if isinstance(value, (bool, int, float, complex, str, bytes, np.generic)) else None


def _tensor_bytes(value: Tensor) -> bytes:
    if value.is_meta or value.layout != torch.strided:
        return b""
    return value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def sentence(name: str, value: Any) -> str:
    """The sentence for a student whose answer changes an argument.

    >>> sentence("features", [])
    'it changes its argument features; work on a copy: list(features)'
    """
    name = name or "x"
    copies = {list: f"list({name})", Tensor: f"{name}.clone()", nn.Module: f"copy.deepcopy({name})"}
    copy = next((each for kind, each in copies.items() if isinstance(value, kind)), f"{name}.copy()")
    return f"it changes its argument {name}; work on a copy: {copy}"
