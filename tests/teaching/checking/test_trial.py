"""An answer beside the solution and the known mistakes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.oracles.doubling_exercise import DOUBLE, right
from unet_tutorial.teaching.checking.guard import Outcome
from unet_tutorial.teaching.checking.trial import HIDDEN, Trial, behaviour


def halved(x: Tensor) -> Tensor:
    return x / 2


def test_outcomes_and_faults() -> None:
    trial = Trial(DOUBLE, halved, 0, 10.0)
    assert len(trial.expected) == len(trial.got) == len(list(DOUBLE.cases(0)))
    assert all(trial.faults)
    assert not any(Trial(DOUBLE, right, 0, 10.0).faults)


def test_a_mistake_is_compared_case_by_case_and_for_another_seed() -> None:
    trial = Trial(DOUBLE, halved, 0, 10.0)
    assert trial.makes(lambda x: x * 0.5)
    assert not trial.makes(lambda x: x * 0.25)
    assert trial.equals(lambda x: x * 0.5)
    assert not trial.equals(right)
    assert trial.elsewhere.seed in HIDDEN
    assert trial.elsewhere.makes(lambda x: x * 0.5)


def test_outcomes_of_a_mistake_are_computed_once() -> None:
    calls: list[Tensor] = []

    def counted(x: Tensor) -> Tensor:
        calls.append(x)
        return x

    trial = Trial(DOUBLE, halved, 0, 10.0)
    assert trial.outcomes(counted) is trial.outcomes(counted)
    assert len(calls) == len(behaviour(DOUBLE, right, 0, 10.0))


@pytest.mark.parametrize(
    ("mistake", "answer", "mostly"),
    [
        ([1, 1, 1, 0], [1, 1, 1, 0], True),
        ([1, 1, 1, 0], [1, 1, 2, 0], True),  # two of three wrong results
        ([1, 1, 0, 0], [1, 1, 2, 2], False),  # two of four
        ([1, 1, 2, 0], [1, 1, 0, 0], False),  # wrong where the answer is right
        ([1, 0, 0, 0], [1, 0, 0, 0], False),  # a single wrong result
    ],
)
def test_a_mistake_explains_most_wrong_results_and_none_that_is_right(
    mistake: list[int], answer: list[int], *, mostly: bool
) -> None:
    fourth = replace(DOUBLE, solution=lambda _i: 0, cases=lambda _seed: [(i,) for i in range(4)])
    assert Trial(fourth, lambda i: answer[i], 0, 10.0).makes_mostly(lambda i: mistake[i]) is mostly


def refused(first: int, second: int) -> Outcome:
    message = f"RuntimeError: The size of tensor a ({first}) must match the size of tensor b ({second})"
    return Outcome(error="it raised", raised=message)


def test_exceptions_are_equal_if_their_words_are() -> None:
    trial = Trial(DOUBLE, halved, 0, 10.0)
    assert trial.alike(refused(3, 5), refused(5, 3))
    assert not trial.alike(refused(3, 5), refused(4, 3))
    assert not trial.alike(refused(3, 5), Outcome(3))


def test_answers_run_with_one_thread_and_the_number_is_restored() -> None:
    seen: list[int] = []

    def counts(x: Tensor) -> Tensor:
        seen.append(torch.get_num_threads())
        return x

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    behaviour(DOUBLE, counts, 0, 10.0)
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert set(seen) == {1}
    assert after == 2
