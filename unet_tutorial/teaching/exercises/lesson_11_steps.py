"""Lesson 11: the modules that a chain is made of, and what is looked at in it; the exercise is in lesson_11_chain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Factory = Callable[[int], nn.Module]
Chain = Callable[[Sequence[Factory], int], nn.Module]
SILENT = "says nothing"
IN_TIME, TOO_LATE = "refused before the next one was built", "not refused before the next one was built"


class _Step(nn.Module):
    """The first channel times 10, plus a mark, ``width`` times over; it states what it is told to. One parameter."""

    def __init__(self, width: int, states: object, mark: int) -> None:
        super().__init__()
        self.width, self.mark = width, nn.Parameter(torch.tensor(float(mark)))
        if states != SILENT:
            self.out_channels = states

    def forward(self, x: Tensor) -> Tensor:
        return (10 * x[:, :1] + self.mark).expand(-1, self.width, -1, -1)


@dataclass
class _Recording:
    """A factory that writes down what it was given."""

    states: object
    mark: int
    given: list[int]

    def __call__(self, in_channels: int) -> nn.Module:
        self.given.append(in_channels)
        width = self.states if isinstance(self.states, int) else in_channels
        return _Step(max(int(width), 1), self.states, self.mark)


def lists(seed: int) -> Iterator[Case]:
    """What each part states, and the channels that the first is given."""
    yield (4, 8 + seed, 2), 3
    yield (5, 7, SILENT, 6, SILENT), 1 + seed
    yield (SILENT, 4), 2
    yield (8, 6.0, 3), 4
    yield (8 + seed, 4, 9, True, 2), 1
    yield (3, 5, 0, 7), 6
    yield (2, 3, 4, 5, 6, "8"), 7


def built(answer: Chain, case: Case) -> dict[str, Any]:
    """What each factory was given; then what came out, or what was raised and the number in it."""
    states, in_channels = case
    given: list[int] = []
    factories = [_Recording(each, mark, given) for mark, each in enumerate(states, start=1)]
    try:
        made = answer(factories, in_channels)
    except (ValueError, TypeError, AttributeError, RuntimeError, AssertionError) as error:
        if all(map(whole, states)) and not isinstance(error, ValueError):
            raise
        return _seen(states, given) | {"raised": type(error).__name__, "which": _named(str(error), states)}
    if not isinstance(made, nn.Module):
        raise TypeError(f"a torch module is needed, and a {type(made).__name__} came")
    out = {"states": str(getattr(made, "out_channels", None)), "parameters": sum(1 for _ in made.parameters())}
    return _seen(states, given) | out | {"output": made(torch.zeros(1, in_channels, 1, 1)).mean().item()}


def _seen(states: Sequence[object], given: Sequence[int]) -> dict[str, Any]:
    """What was built from what; the rest is filled in where there is something to see."""
    bad = next((i for i, each in enumerate(states) if not whole(each)), len(states))
    first = {"the bad module": IN_TIME if len(given) <= bad + 1 else TOO_LATE, "built from": list(given)}
    return first | {"raised": "nothing", "which": "", "states": "", "parameters": 0, "output": 0}


def _named(sentence: str, states: Sequence[object]) -> str:
    """Whether a refusal names the first bad part, or the one after it."""
    bad = next((i for i, each in enumerate(states) if not whole(each)), -1)
    found = {int(n) for n in re.findall(r"\d+", sentence)}
    return "the bad one" if bad in found else "another" if bad + 1 in found else "none"


def whole(channels: object) -> bool:
    """Whether these are channels: a whole number of at least 1."""
    return isinstance(channels, int) and not isinstance(channels, bool) and channels >= 1


EXERCISES: tuple[Exercise, ...] = ()
