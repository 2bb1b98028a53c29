"""Advice for exceptions as Python, NumPy and torch really raise them."""

# mypy: ignore-errors

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unet_tutorial.teaching.checking.advice import advice

X = torch.zeros(2, 3, 4, 6)

GRID = torch.zeros(2, 4, 6, 2)


def early(known: int = 0) -> int:
    if known:
        later = 1
    return later


class Unfinished(nn.Module):
    def __init__(self) -> None:
        self.layer = nn.ReLU()


def unpacked(shape: tuple[int, ...]) -> int:
    height, width = shape
    return height * width


def assigned(place: Any, values: Any) -> None:
    place[:] = values


RAISING: list[tuple[Callable[[], Any], str]] = [
    (lambda: range(4 / 2), "use // instead of /"),
    (lambda: np.zeros(4)[: 4 / 2], "use // instead of /"),
    (lambda: X[: 4 / 2], "use // instead of /"),
    (lambda: F.max_pool2d(X, 2.0**1), "sizes are whole numbers"),
    (lambda: F.interpolate(X, scale_factor=2.0, mode="linear"), "of maps it is 'bilinear'"),
    (lambda: X.index_select(0, torch.arange(0.0, 4 / 2)), "use // instead of /"),
    (lambda: X.reshape(2, 3, 4 / 2, 12), "use // instead of /"),
    (lambda: np.arange(3).__isub__(1.5), "write x = x - 1.5"),
    (lambda: torch.zeros(2, requires_grad=True).add_(1), "work on a copy"),
    (
        lambda: torch.cat((X, X[:, :, 1:]), 1),
        "the maps have sides of 4 and 3 pixels; only along axis 1 may they differ",
    ),
    (lambda: nn.Conv2d(5, 2, 3)(X), "a convolution made for 5 input channels got 3"),
    (lambda: nn.ConvTranspose2d(5, 2, 2)(X), "a convolution made for 5 input channels got 3"),
    (lambda: nn.Conv2d(3, 2, 3)(X[0, 0]), "a layer got an input of shape [4, 6]"),
    (lambda: X + torch.zeros(5), "compare them axis by axis"),
    (lambda: np.zeros((2, 3)) + np.zeros(2), "compare them axis by axis"),
    (lambda: X.amax(3).amax(3), "the number of axes is 3 here"),
    (lambda: np.zeros(2).mean(axis=1), "the number of axes is 1, and the first is axis 0"),
    (lambda: np.zeros((2, 4))[0, 4], "4 items have the indices 0 to 4 - 1; this asks for 4"),
    (lambda: X[:, 3], "3 items have the indices 0 to 3 - 1; this asks for 3"),
    (lambda: [1][1], "n items have the indices 0 to n - 1"),
    (early, "later has no value yet"),
    (lambda: lost, "lost has no value here"),  # noqa: F821
    (lambda: F.relu(nn.Conv2d(1, 1, 1)), "a Conv2d was given where a tensor is needed"),
    (lambda: nn.Sequential(F.relu), "nn.Sequential takes modules"),
    (lambda: Unfinished(), "call super().__init__() first"),
    (lambda: nn.Sequential([nn.ReLU()]), "takes modules one by one"),
    (lambda: X.permute(0, 2, 1), "the tensor has 4 axes here, and permute names 3"),
    (lambda: unpacked((3,)), "on the left there are 2 names, and on the right 1 values"),
    (lambda: unpacked(X.shape), "on the left there are 2 names"),
    (lambda: torch.einsum("ncij,cn->ij", X, torch.zeros(4, 2)), "c stands for axes of 3 and 4 entries"),
    (lambda: 5 % 0, "the divisor is 0 in this call"),
    (
        lambda: assigned(torch.zeros(2, 4), torch.zeros(2, 3)),
        "along axis 1 there is room for 4 entries, and the values have 3",
    ),
    (lambda: assigned(np.zeros((2, 4)), np.zeros((2, 3))), "there is room for an array of shape (2,4)"),
    (lambda: torch.stack((X, X[1:])), "the tensors have the shapes [2, 3, 4, 6] and [1, 3, 4, 6]"),
    (lambda: F.pad(X, [6, 6, 6, 6], mode="reflect"), "mirrors only once"),
    (lambda: bool(X > 0), "for two conditions per pixel use & and |"),
    (lambda: bool(np.zeros(2) > 0), "for two conditions per pixel use & and |"),
    (lambda: nn.Linear(3, 2)(X), "a linear layer works on the last axis"),
    (lambda: X.max(3).max(2), "max along an axis returns a pair"),
    (lambda: None.shape, "a value is None here"),
    (lambda: set(np.zeros((2, 2))), "a set or a dict takes no ndarray"),
    (lambda: X.reshape(2, 3, 5), "the product of the new sides has to be 144"),
    (lambda: (4, 4) - 4, "- works on numbers and arrays, and not on types tuple and int"),
    (lambda: (4, 4) ** 2, "works on numbers and arrays, and not on types tuple and int"),
    (lambda: 3 * (4, 4) * (2, 2), "a tuple cannot multiply a list or tuple"),
    (lambda: math.exp(np.zeros(2)), "use np.exp for an array"),
    (lambda: 1 / 0, "the divisor is 0 in this call"),
    (lambda: math.exp(X), "torch.exp for a tensor"),
    (lambda: torch.exp(np.zeros(2)), "use np.exp for an array"),
    (lambda: X.gather(1, torch.zeros(2, 4, 6).long()), "gather needs an index with as many axes"),
    (
        lambda: F.cross_entropy(X, torch.zeros(2, 4, 6).long(), weight=torch.zeros(2, 4, 6)),
        "one number per class",
    ),
    (lambda: F.grid_sample(X.long(), GRID), "takes no tensor of type Long"),
    (lambda: F.grid_sample(X[:, 0], GRID), "grid_sample needs a map (N, C, H, W)"),
    (lambda: F.grid_sample(X[:1], GRID), "grid_sample needs a map (N, C, H, W)"),
    (lambda: F.grid_sample(X.transpose(0, 1)[None], GRID), "grid_sample needs a map (N, C, H, W)"),
    (lambda: F.grid_sample(X, GRID.double()), "convert one: x.to(other.dtype)"),
    (lambda: torch.zeros(2, 2).double() @ torch.zeros(2), "convert one: x.to(other.dtype)"),
    (lambda: F.interpolate(X, size=(3, 4, 4)), "such as x.shape[-2:]"),
    (lambda: math.sqrt(-1), "treat this case first"),
    (lambda: torch.sqrt(4), "use math.sqrt for a number"),
    (lambda: F.relu(np.zeros(2)), "a ndarray was given where a tensor is needed"),
    (lambda: 1 if X else 2, "one truth value for each entry"),
    (lambda: 1 if np.zeros(2) else 2, "one truth value for each entry"),
    (lambda: setattr(nn.Linear(1, 1), "weight", X), "overwrite the values of .weight in place"),
    (lambda: torch.relu(X, 1, 2), "compare the arguments with the call"),
    (lambda: nn.Conv2d(1, 2), "give it a value for 'kernel_size'"),
    (lambda: nn.Conv2d(3, 2, 5)(X), "is it pooled once too often?"),
]


@pytest.mark.parametrize(("call", "words"), RAISING)
def test_the_advice_fits_the_exception_of_the_installed_libraries(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(
        (TypeError, ValueError, LookupError, NameError, AttributeError, RuntimeError, ArithmeticError)
    ) as caught:
        call()
    assert words in advice(f"{type(caught.value).__name__}: {' '.join(str(caught.value).split())}")


def test_the_line_of_code_tells_a_missing_bias_and_a_parameter_from_other_values() -> None:
    missing = "AttributeError: 'NoneType' object has no attribute 'zero_'"
    leaf = "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation."
    assert "a value is None here" in advice(f"{missing}, in your line 3: x.zero_()")
    assert "test `if layer.bias is not None`" in advice(f"{missing}, in your line 3: nn.init.zeros_(layer.bias)")
    assert "work on a copy" in advice(f"{leaf}, in your line 3: x.zero_()")
    assert "under torch.no_grad()" in advice(f"{leaf}, in your line 3: layer.weight.normal_()")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("return x - x.mean(dim=(2, 3))", "mean takes its axes away; they stay, with one entry each"),
        ("x / x.amax(1)", "amax takes its axes away"),
        ("x - x.mean(dim=(0, 1), keepdim=True)", "compare them axis by axis"),
        ("x - x.mean()", "compare them axis by axis"),
        ("x - means", "compare them axis by axis"),
        ("max(a, b) + c", "compare them axis by axis"),
    ],
)
def test_the_line_of_code_tells_a_mean_without_keepdim(line: str, words: str) -> None:
    for shapes in (lambda: X - X.mean((2, 3)), lambda: np.zeros((2, 3)) - np.zeros(2)):
        with pytest.raises((RuntimeError, ValueError)) as caught:
            shapes()
        assert words in advice(f"{type(caught.value).__name__}: {caught.value}, in your line 3: {line}")
