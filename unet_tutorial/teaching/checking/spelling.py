"""Spells a call as a student would type it: ``crop(x of shape (1, 2, 13, 24), 8, 10)``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.compare import spelled_number

MOST_LETTERS = 60  # of a string or an object that is spelled in full
MOST_LETTERS_OF_PARTS = 120  # of a list or a layer
MOST_NUMBERS = 6  # of an array that is spelled in full


def named(function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The arguments with the names of the parameters that they fill; an empty name where the function has none."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    single = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [*single, *[""] * len(arguments)]
    return [*zip(names, arguments, strict=False), *keywords.items()]


def spelled_arguments(arguments: Sequence[tuple[str, Any]]) -> str:
    """The arguments between the parentheses of a call.

    >>> spelled_arguments([("x", torch.zeros(1, 2, 13, 24)), ("height", 8), ("label", "cell"), ("steps", [0, 16])])
    "(x of shape (1, 2, 13, 24), 8, 'cell', [0, 16])"
    """
    return f"({', '.join(spelled(value, name) for name, value in arguments)})"


def spelled(value: Any, name: str = "") -> str:
    """A small value in full, a tensor by its shape and its dtype if that is not the default, an object by its name.

    >>> spelled(np.zeros((2, 3), int), "labels"), spelled(np.array([1.5, 2])), spelled([torch.zeros(1, 2)] * 2)
    ('labels of shape (2, 3), int64', 'array([1.5, 2])', '[a tensor of shape (1, 2), a tensor of shape (1, 2)]')
    >>> spelled(max, "step"), spelled(nn.Linear(2, 3), "net"), spelled(31030658), spelled(list(range(99)), "sides")
    ('max', 'Linear(in_features=2, out_features=3, bias=True)', '31030658', 'sides with 99 items')
    """
    if isinstance(value, (Tensor, np.ndarray)):
        return _spelled_array(value, name)
    if isinstance(value, (bool, int, str, type(None))):
        text = repr(value)
        return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
    if isinstance(value, (float, np.generic)):
        return spelled_number(value)
    if isinstance(value, (list, tuple, Mapping, range)):
        return _spelled_items(value, name)
    if callable(value) and not isinstance(value, nn.Module):
        known = getattr(value, "__name__", "").lstrip("_")
        return known if known.isidentifier() else name or f"a {type(value).__name__.lstrip('_')}"
    text = repr(value)
    kind = f"a {type(value).__name__.lstrip('_')}"
    most = MOST_LETTERS_OF_PARTS if isinstance(value, nn.Module) else MOST_LETTERS
    return text if len(text) <= most and "\n" not in text and " at 0x" not in text else name or kind


def _spelled_array(value: Tensor | np.ndarray[Any, Any], name: str) -> str:
    tensor = isinstance(value, Tensor)
    without_numbers = isinstance(value, Tensor) and value.is_meta
    if value.ndim <= 1 and int(np.prod(value.shape)) <= MOST_NUMBERS and not without_numbers:
        numbers = value.tolist()
        inner = ", ".join(map(spelled_number, numbers)) if value.ndim else spelled_number(numbers)
        return f"{'tensor' if tensor else 'array'}({f'[{inner}]' if value.ndim else inner})"
    usual = (torch.float32,) if tensor else (np.dtype(float),)
    dtype = "" if value.dtype in usual else f", {str(value.dtype).removeprefix('torch.')}"
    return f"{name or ('a tensor' if tensor else 'an array')} of shape {tuple(value.shape)}{dtype}"


def _spelled_items(value: Any, name: str) -> str:
    if isinstance(value, range):
        return repr(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key!r}: {spelled(each)}" for key, each in value.items())
        text = f"{{{inner}}}"
    else:
        inner = ", ".join(spelled(each) for each in value)
        single = isinstance(value, tuple) and len(value) == 1
        text = f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if single else ''})"
    if len(text) <= MOST_LETTERS_OF_PARTS:
        return text
    return f"{name or f'a {type(value).__name__}'} with {len(value)} item{'s' if len(value) != 1 else ''}"
