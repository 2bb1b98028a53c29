"""What is noted of the calls of an answer, and of the module that it returns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.checking.forbid import Forbidden
from unet_tutorial.teaching.checking.watched import Watched


class UpStep(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, below: Tensor, skips: list[Tensor]) -> Tensor:
        return below + skips.pop()


UP = Exercise("up_step", UpStep, lambda _seed: [], {})


def test_the_last_call_is_spelled_also_that_of_a_module() -> None:
    watched = Watched(UP, UpStep)
    module = watched(3)
    assert watched.call == "UpStep(3)"
    module(torch.zeros(1, 3), [torch.zeros(1, 3), torch.ones(2, 3)])
    assert watched.call == ("UpStep(3)(below of shape (1, 3), [a tensor of shape (1, 3), a tensor of shape (2, 3)])")
    assert watched.broken == "it changes its argument skips; work on a copy: list(skips)"


def test_an_argument_may_be_changed_where_the_exercise_says_so() -> None:
    def sort_(values: list[int]) -> list[int]:
        values.sort()
        return values

    exercise = Exercise("sort_", sort_, lambda _seed: [], {})
    for allowed, broken in (((), True), (("values",), False)):
        watched = Watched(replace(exercise, may_change=allowed), sort_)
        assert watched([2, 1]) == [1, 2]
        assert bool(watched.broken) == broken


def test_a_forbidden_call_is_noted_even_if_the_answer_goes_on() -> None:
    def answer(x: Tensor) -> Any:
        try:
            return torch.add(x, x)
        except BaseException:
            return 2 * x

    watched = Watched(Exercise("twice", answer, lambda _seed: [], {}, forbidden=("torch.add",)), answer)
    watched(torch.ones(2))
    assert watched.broken == "this exercise forbids add; do it without"
    with pytest.raises(Forbidden):
        Watched(watched.exercise, lambda x: torch.add(x, x))(torch.ones(2))
