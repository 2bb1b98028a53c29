"""Forbidden functions are found under every name, and functions of the same name elsewhere are not."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from scipy.ndimage import shift as moved
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.functional import conv_transpose2d as up

from unet_tutorial.teaching.checking.forbid import Forbidden, forbidding, in_source, named_object

X, W = torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
UP = ("torch.nn.functional.conv_transpose2d",)
RENAMED = np.pad


def helper(x: Tensor) -> Tensor:
    return F.conv_transpose2d(x, W)


def imported(x: Tensor) -> Tensor:
    from torch import conv_transpose2d

    return conv_transpose2d(x, W)


def swallowed(x: Tensor) -> Tensor:
    try:
        return up(x, W)
    except Exception:
        return x


CALLS: list[tuple[tuple[str, ...], Callable[[], Any]]] = [
    (UP, lambda: F.conv_transpose2d(X, W)),
    (UP, lambda: torch.conv_transpose2d(X, W)),
    (UP, lambda: up(X, W)),
    (UP, lambda: helper(X)),
    (UP, lambda: imported(X)),
    (UP, lambda: swallowed(X)),
    (UP, lambda: nn.ConvTranspose2d(1, 1, 2)(X)),
    (UP, lambda: functools.partial(up, X)(W)),
    (UP, lambda: list(map(up, [X], [W]))),
    (UP, lambda: getattr(F, "conv_" + "transpose2d")(X, W)),
    (("torch.logsumexp",), lambda: X.logsumexp(1)),
    (("torch.logsumexp",), lambda: torch.logsumexp(X, 1)),
    (("torch.nn.functional.log_softmax",), lambda: X.log_softmax(1)),
    (("torch.nn.functional.log_softmax",), lambda: torch.special.log_softmax(X, 1)),
    (("torch.logsumexp",), lambda: torch.special.logsumexp(X, 1)),
    (("torch.nn.functional.log_softmax",), lambda: nn.LogSoftmax(1)(X)),
    (("torch.nn.functional.max_pool2d",), lambda: F.max_pool2d(X, 2)),
    (("torch.nn.functional.max_pool2d",), lambda: nn.MaxPool2d(2)(X)),
    (("torch.nn.functional.batch_norm",), lambda: nn.BatchNorm2d(1)(X)),
    (("torch.nn.init.kaiming_normal_",), lambda: nn.init.kaiming_normal_(W.clone())),
    (("torch.nn.Module",), lambda: nn.Linear(2, 3)),
    (("numpy.pad",), lambda: RENAMED(np.ones(2), 1)),
    (("scipy.ndimage.shift",), lambda: moved(np.ones(2), 1)),
    (("builtins.sorted",), lambda: sorted([2, 1])),
]


@pytest.mark.parametrize(("names", "call"), CALLS)
def test_a_call_is_refused_under_every_name(names: tuple[str, ...], call: Callable[[], Any]) -> None:
    with pytest.raises(Forbidden, match=f"this exercise forbids .*{names[0].rpartition('.')[2]}"), forbidding(names):
        call()
    call()  # and nothing is left behind


def conv_transpose2d(x: Tensor) -> Tensor:
    """A student's own function with a forbidden name."""
    return x + 1


def pad(x: Any) -> Any:
    return x


ALLOWED: list[tuple[tuple[str, ...], Callable[[], Any]]] = [
    (UP, lambda: conv_transpose2d(X)),
    (UP, lambda: F.conv2d(X, W)),
    (("torch.nn.functional.max_pool2d",), lambda: F.adaptive_max_pool2d(X, 1)),
    (("numpy.pad",), lambda: pad(F.pad(X, (1, 1)))),
    (("torch.nn.functional.pad",), lambda: np.pad(np.ones(2), 1)),
    (("torch.logsumexp",), lambda: X.exp().sum().log()),
    (("scipy.ndimage.shift",), lambda: ndimage.zoom(np.ones(4), 2)),
]


@pytest.mark.parametrize(("names", "call"), ALLOWED)
def test_other_functions_are_allowed(names: tuple[str, ...], call: Callable[[], Any]) -> None:
    with forbidding(names):
        call()


def by_attribute(x: Tensor) -> Tensor:
    return torch.conv_transpose2d(x, W)


def by_string(x: Tensor) -> Any:
    return getattr(F, "conv_transpose2d")(x, W)  # noqa: B009


def by_method(x: Tensor) -> Tensor:
    return (x + 1).logsumexp(1)


class InModule(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return up(x, W)


def mentioned(x: Tensor) -> Tensor:
    """Does not call conv_transpose2d."""
    pad = x.flip(0)  # a local variable named like numpy.pad
    return pad + conv_transpose2d(x)


@pytest.mark.parametrize(
    ("answer", "names", "line"),
    [
        (helper, UP, "return F.conv_transpose2d(x, W)"),
        (imported, UP, "from torch import conv_transpose2d"),
        (by_attribute, UP, "return torch.conv_transpose2d(x, W)"),
        (by_string, UP, 'return getattr(F, "conv_transpose2d")(x, W)  # noqa: B009'),
        (swallowed, UP, "return up(x, W)"),
        (InModule, UP, "return up(x, W)"),
        (by_method, ("torch.logsumexp",), "return (x + 1).logsumexp(1)"),
        (mentioned, (*UP, "numpy.pad"), ""),
        (len, UP, ""),
    ],
)
def test_the_source_is_read(answer: Any, names: tuple[str, ...], line: str) -> None:
    assert in_source(answer, names)[1] == line


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'torch.convtranspose': there is no such function"):
        named_object("torch.convtranspose")
