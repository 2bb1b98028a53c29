"""Calls as a student would type them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.spelling import named, spelled, spelled_arguments


def crop(x: Tensor, height: int, width: int = 3) -> Tensor:
    return x[..., :height, :width]


@pytest.mark.parametrize(
    ("arguments", "keywords", "text"),
    [
        ((torch.zeros(1, 2, 13, 24), 8, 10), {}, "(x of shape (1, 2, 13, 24), 8, 10)"),
        ((torch.zeros(1, 2, 13, 24).long(), 8), {}, "(x of shape (1, 2, 13, 24), int64, 8)"),
        ((torch.tensor([1.5, 2]), np.int64(31030658)), {}, "(tensor([1.5, 2]), 31030658)"),
        (([1, (2,), "a"], {"k": 0.5}), {}, "([1, (2,), 'a'], {'k': 0.5})"),
        ((1, 2, 3, 4), {}, "(1, 2, 3)"),
    ],
)
def test_the_arguments_of_a_call(arguments: tuple[Any, ...], keywords: dict[str, Any], text: str) -> None:
    assert spelled_arguments(named(crop, arguments[:3], keywords)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (torch.zeros(()), "tensor(0)"),
        (torch.zeros(3, device="meta"), "x of shape (3,)"),
        (np.zeros(7), "x of shape (7,)"),
        (np.zeros((2, 2), np.uint8), "x of shape (2, 2), uint8"),
        (np.array([True, False]), "array([True, False])"),
        (list(range(100)), "x with 100 items"),
        (range(4), "range(0, 4)"),
        ("a" * 100, "'" + "a" * 59 + "…"),
        (nn.Conv2d(1, 2, 3), "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))"),
        (
            nn.Conv2d(40, 42, (3, 5), bias=False),
            "Conv2d(40, 42, kernel_size=(3, 5), stride=(1, 1), bias=False)",
        ),
        (nn.Sequential(nn.ReLU()), "x"),
        (torch.relu, "relu"),
        (lambda n: n, "x"),
        (1 / 3, "0.333333"),
        (None, "None"),
    ],
)
def test_a_value(value: Any, text: str) -> None:
    assert spelled(value, "x") == text


def test_a_function_without_a_signature_and_keywords() -> None:
    assert spelled_arguments(named(dict, (), {"a": 1})) == "(1)"
