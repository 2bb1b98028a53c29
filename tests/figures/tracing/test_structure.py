"""Tensors in all kinds of containers: found in order, replaced in a copy; iterators are run to their end."""

from __future__ import annotations

from collections import OrderedDict, UserDict, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.figures.tracing.structure import replaced, tensors, without_iterators

A, B = torch.zeros(2), torch.ones(3)


@dataclass
class Batch:
    image: Tensor
    more: dict[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = (1, 2)


@dataclass(frozen=True)
class Frozen:
    image: Tensor


class Output(OrderedDict[str, Any]):
    """As the outputs of transformers: a dictionary whose items are attributes, too."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        super().__setattr__(key, value)


Pair = namedtuple("Pair", "one other")


def circular() -> SimpleNamespace:
    value = SimpleNamespace(first=A, text="a", second=[B])
    value.itself = value
    return value


CONTAINERS: dict[str, tuple[Callable[[], Any], list[str]]] = {  # value, places of A and B in it
    "tensors": (lambda: (A, B), ["[0]", "[1]"]),
    "nested": (lambda: {"a": [None, A], 3: {"b": (B, "text", 2)}}, ["['a'][1]", "[3]['b'][0]"]),
    "dataclass": (lambda: Batch(A, {"b": B}), [".image", ".more['b']"]),
    "frozen": (lambda: [Frozen(A), Frozen(B)], ["[0].image", "[1].image"]),
    "named tuple": (lambda: Pair(A, [B]), ["[0]", "[1][0]"]),
    "ordered": (lambda: OrderedDict(a=A, b=B), ["['a']", "['b']"]),
    "output": (lambda: Output(a=A, b=B), ["['a']", "['b']"]),
    "user dict": (lambda: UserDict(a=A, b=B), ["['a']", "['b']"]),
    "read-only": (lambda: MappingProxyType({"a": A, "b": B}), ["['a']", "['b']"]),
    "object": (circular, [".first", ".second[0]"]),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_tensors_are_found_and_replaced(name: str) -> None:
    make, places = CONTAINERS[name]
    value = make()
    assert [place for place, _ in tensors(value)] == places
    assert [tensor for _, tensor in tensors(value)] == [A, B] or name == "object"
    if name == "object":
        return  # one that contains itself is an output, not an example
    other = replaced(value, lambda tensor: tensor + 5)
    assert [int(tensor[0]) for _, tensor in tensors(other)] == [5, 6]
    assert [tensor is original for (_, tensor), original in zip(tensors(value), (A, B), strict=True)] == [True, True]
    assert type(other) is (dict if name == "read-only" else type(value))


@pytest.mark.parametrize("value", [None, 3, "text", torch.Size([1, 2]), nn.Conv2d(1, 1, 1), Batch, len, {"a": [1]}])
def test_a_value_without_tensors_is_returned_itself(value: Any) -> None:
    assert tensors(value) == []
    assert replaced(value, lambda tensor: tensor) is value


def test_iterators_become_lists() -> None:
    def inner() -> Iterator[int]:
        yield from (1, 2)

    def outer() -> Iterator[Any]:
        yield inner()
        yield {"more": inner()}

    assert without_iterators((outer(), 5)) == ([[1, 2], {"more": [1, 2]}], 5)
    assert without_iterators(map(abs, [-1])) == [1]
    with pytest.raises(ValueError, match=r"yields more than 10,000 values"):
        without_iterators(count())
