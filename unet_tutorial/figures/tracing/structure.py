"""Finds and replaces the tensors in nested containers: lists, tuples, dicts, dataclasses and other objects."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Set
from itertools import islice
from types import ModuleType
from typing import Any

from torch import Tensor, nn

MOST_ITEMS = 10_000  # of an iterator


def tensors(value: Any) -> list[tuple[str, Tensor]]:
    """All tensors in a value, in order, each with its place as Python writes it.

    >>> import torch
    >>> [place for place, _ in tensors({"image": torch.zeros(1), "more": [None, torch.zeros(1)]})]
    ["['image']", "['more'][1]"]
    """
    return list(_found(value, "", set()))


def _found(value: Any, place: str, around: set[int]) -> Iterator[tuple[str, Tensor]]:
    """``around`` holds the ids of the containers around the value, which may contain themselves."""
    if isinstance(value, Tensor):
        yield place, value
    elif id(value) not in around:
        for key, part in _parts(value):
            yield from _found(part, place + _written(value, key), {*around, id(value)})


def replaced(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A copy of the value with every tensor replaced by ``change(tensor)``; a value without tensors itself."""
    if isinstance(value, Tensor):
        return change(value)
    if not tensors(value):
        return value
    parts = {key: replaced(part, change) for key, part in _parts(value)}
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a named tuple
        return value._make(parts.values())
    if isinstance(value, (list, tuple, Set)):
        return type(value)(parts.values())  # type: ignore[call-arg]  # of list, tuple and set
    if isinstance(value, Mapping) and not isinstance(value, MutableMapping):
        return parts
    other = copy.copy(value)
    for key, part in parts.items():
        if isinstance(other, MutableMapping):
            other[key] = part
        else:
            object.__setattr__(other, key, part)  # also of a frozen dataclass
    return other


def without_iterators(value: Any) -> Any:
    """The value with every generator and other iterator in it replaced by the list of its items.

    Raises ValueError for an iterator with more than 10,000 items.
    """
    if isinstance(value, Iterator):
        items = list(islice(value, MOST_ITEMS + 1))
        if len(items) > MOST_ITEMS:
            raise ValueError(f"forward yields more than {MOST_ITEMS:,} values; yield a finite number of tensors")
        return [without_iterators(item) for item in items]
    if type(value) in (list, tuple):
        return type(value)(without_iterators(item) for item in value)
    return {key: without_iterators(item) for key, item in value.items()} if type(value) is dict else value


def _parts(value: Any) -> list[tuple[Any, Any]]:
    """The items or attributes of a container with their keys, indices or names; none for other values."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple, Set)):
        return list(enumerate(value))
    if isinstance(value, (type, nn.Module, ModuleType)) or callable(value):
        return []
    if dataclasses.is_dataclass(value):
        return [
            (each.name, getattr(value, each.name)) for each in dataclasses.fields(value) if hasattr(value, each.name)
        ]
    return list(vars(value).items()) if hasattr(value, "__dict__") else []


def _written(value: Any, key: Any) -> str:
    return f"[{key!r}]" if isinstance(value, (Mapping, list, tuple, Set)) else f".{key}"
