"""Each kind of change of an argument is noticed, and none where nothing changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from unet_tutorial.teaching.checking.unchanged import fingerprint, sentence

CHANGES: list[tuple[Callable[[], Any], Callable[[Any], Any]]] = [
    (lambda: [1, 2], lambda x: x.pop()),
    (lambda: [2, 1], lambda x: x.sort()),
    (lambda: {"a": 1}, lambda x: x.update(b=2)),
    (lambda: {1, 2}, lambda x: x.add(3)),
    (lambda: [[1], [2]], lambda x: x[1].append(0)),
    (lambda: torch.zeros(2, 3), lambda x: x[0].add_(1)),
    (lambda: torch.zeros(2, 3).bool(), lambda x: x[0].fill_(True)),
    (lambda: torch.zeros(2, 3), lambda x: x.unsqueeze_(0)),
    (lambda: [torch.zeros(2)], lambda x: x[0].fill_(1e-9)),
    (lambda: np.zeros((2, 3)), lambda x: x.fill(1)),
    (lambda: np.array([1.0, np.nan]), lambda x: x.__setitem__(0, 2)),
    (lambda: nn.Conv2d(1, 1, 1), lambda x: nn.init.zeros_(x.weight)),
    (lambda: nn.Conv2d(1, 1, 1), lambda x: x.requires_grad_(False)),
    (lambda: nn.BatchNorm2d(2), lambda x: x(torch.randn(2, 2, 3, 3))),
]


@pytest.mark.parametrize(("make", "change"), CHANGES)
def test_a_change_is_noticed(make: Callable[[], Any], change: Callable[[Any], Any]) -> None:
    value = make()
    before = fingerprint(value)
    assert fingerprint(copy.deepcopy(value)) == before
    change(value)
    assert fingerprint(value) != before


def test_functions_generators_meta_tensors_and_lazy_layers_are_left_out() -> None:
    generator = np.random.default_rng(0)
    before = fingerprint((generator, max, torch.zeros(2, device="meta"), nn.LazyConv2d(2, 3)))
    generator.random()
    assert fingerprint((generator, max, torch.zeros(2, device="meta"), nn.LazyConv2d(2, 3))) == before


@pytest.mark.parametrize(
    ("value", "copied"),
    [(torch.zeros(1), "x.clone()"), (np.zeros(1), "x.copy()"), ({}, "x.copy()"), ([], "list(x)")],
)
def test_the_sentence_says_how_to_copy(value: Any, copied: str) -> None:
    assert sentence("x", value).endswith(f"work on a copy: {copied}")
