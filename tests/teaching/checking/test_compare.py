"""What counts as the same answer, and what does not."""

from typing import Any

import numpy as np
import pytest
import torch

from unet_tutorial.teaching.checking.compare import mismatch

SAME = [
    (3, 3.0),
    ("a", "a"),
    ((1, [2]), (1, (2,))),
    ({"a": 1}, {"a": 1}),
    (np.eye(2), np.eye(2)),
    (2.0, np.float64(2)),
    (np.int64(3), 3),
    (np.eye(3), np.eye(3)[::-1, ::-1]),
    (torch.eye(2), torch.eye(2).bfloat16().float()),
]
OTHER = [
    (3, 4),
    (3, True),
    (True, 1),
    ("a", "b"),
    ((1, 2), (1,)),
    ({"a": 1}, {"b": 1}),
    (np.eye(2), torch.eye(2)),
    (1, [1]),
]


@pytest.mark.parametrize(("ours", "theirs"), SAME)
def test_equal_things_are_the_same(ours: Any, theirs: Any) -> None:
    assert mismatch(ours, theirs) == ""


@pytest.mark.parametrize(("ours", "theirs"), OTHER)
def test_other_things_are_not(ours: Any, theirs: Any) -> None:
    assert mismatch(ours, theirs)


def test_the_sentence_says_where_the_first_difference_is() -> None:
    assert mismatch([1, (2, 3)], [1, (2, 4)]) == "[1][1]: expected 3, got 4"
    assert mismatch({"d1": 1, "d2": 2}, {"d1": 1, "d2": "x"}) == "d2: expected a number, got 'x'"
    assert mismatch({"a": 1, "b": 2}, {"b": 1}) == "expected a dict with the keys a, b, got a dict with the keys b"
    assert (
        mismatch(np.arange(3), np.array([0, 5, 2])) == "1 of 3 values are wrong, the first at (1,): expected 1, got 5"
    )
