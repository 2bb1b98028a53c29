"""What counts as the same answer, and what does not."""

from typing import Any

import numpy as np
import pytest
import torch

from unet_tutorial.teaching.checking.compare import mismatch

SAME = [
    (3.0, 3),
    (0.5, torch.tensor([0.5])),
    (0.5, np.float32(0.5)),
    (True, np.True_),
    (True, torch.tensor(True)),
    ([1, 2], np.array([1, 2])),
    ((1, 2), torch.tensor([1, 2])),
    ([0, 1], range(2)),
    ([0, 16], torch.Size((0, 16))),
    ("a", "a"),
    ((1, [2]), (1, (2,))),
    ({"a": 1}, {"a": 1}),
    (np.eye(2), np.eye(2)),
    (2.0, np.float64(2)),
    (np.int64(3), 3),
    (np.eye(3), np.eye(3)[::-1, ::-1]),
    (torch.eye(2), torch.eye(2).bfloat16().float()),
    (torch.eye(2), torch.eye(2).double()),
    (np.eye(2), np.eye(2, dtype=np.float32)),
    (np.arange(3), np.arange(3, dtype=np.uint8)),
    (np.array([1, np.nan]), np.array([1, np.nan])),
    (np.array(["a"]), np.array(["a"])),
]
OTHER = [
    (3, 4, "expected 3, got 4"),
    (3, 3.0, "expected the whole number 3, got the float 3.0; use // instead of /, or round()"),
    (3, np.float32(3), "expected the whole number 3, got the float 3.0; use // instead of /, or round()"),
    (3, 3.5, "expected 3, got 3.5"),
    (3, True, "expected a number, got True"),
    (True, 1, "expected True, got 1"),
    ("a", "b", "expected 'a', got 'b'"),
    (
        f"{'a' * 80} 16, 4 pixels",
        f"{'a' * 80} 16; 4 pixels",
        "the texts differ from character 83 on:"
        " expected '…aaaaaaaaaaaaaaaaa 16, 4 pixels', got '…aaaaaaaaaaaaaaaaa 16; 4 pixels'",
    ),
    ("a" * 99, "a" * 98, f"the texts differ from character 98 on: expected '…{'a' * 21}', got '…{'a' * 20}'"),
    ("", None, "expected '', got None"),
    (31030658, 31030659, "expected 31030658, got 31030659"),
    (31030658.0, 31940000.0, "expected 31030658, got 31940000"),
    (0.12345678, 0.12345999, "expected 0.123457, got 0.12346"),
    ((1, 2), (1,), "expected 2 items, got 1: (1,)"),
    ({"a": 1}, {"b": 1}, "expected a dict with the keys a, got a dict with the keys b"),
    ([1, 2], {1, 2}, "expected a list, got a set; list(…) makes one"),
    ([1, 2], (n for n in (1, 2)), "expected a list, got a generator; list(…) makes one"),
    (np.eye(2), torch.eye(2), "expected a numpy array, got a torch tensor of shape (2, 2); np.asarray(…) makes one"),
    (
        torch.eye(2),
        np.eye(2),
        "expected a torch tensor, got a numpy array of shape (2, 2); torch.as_tensor(…) makes one",
    ),
    (torch.eye(2), [torch.ones(2), torch.ones(2)], "expected a torch tensor, got a list; torch.stack(…) makes one"),
    (torch.eye(2), [[1.0, 0.0], [0.0, 1.0]], "expected a torch tensor, got a list; torch.as_tensor(…) makes one"),
    (
        torch.eye(2) > 0,
        torch.eye(2).long(),
        "expected booleans (dtype torch.bool), got whole numbers (dtype torch.int64)",
    ),
    (np.arange(2), np.arange(2.0), "expected whole numbers (dtype int64), got floats (dtype float64)"),
    (
        np.array([0.1]),
        np.array([0.1], np.float16),
        "expected 0.1, got 0.0999756; your dtype is float16, and not float64",
    ),
    (np.array([31030658]), np.array([31030659]), "expected 31030658, got 31030659"),
    (1, [1], "expected a number, got a list"),
]


@pytest.mark.parametrize(("ours", "theirs"), SAME)
def test_equal_things_are_the_same(ours: Any, theirs: Any) -> None:
    assert mismatch(ours, theirs) == ""


@pytest.mark.parametrize(("ours", "theirs", "sentence"), OTHER)
def test_other_things_are_refused_with_the_exact_reason(ours: Any, theirs: Any, sentence: str) -> None:
    assert mismatch(ours, theirs) == sentence


def test_the_sentence_says_where_the_first_difference_is() -> None:
    assert mismatch([1, (2, 3)], [1, (2, 4)]) == "[1][1]: expected 3, got 4"
    assert mismatch({"d1": 1, "d2": 2}, {"d1": 1, "d2": "x"}) == "d2: expected a number, got 'x'"
    assert mismatch({"a": 1, "b": 2}, {"b": 1}) == "expected a dict with the keys a, b, got a dict with the keys b"
    assert (
        mismatch(np.arange(3), np.array([0, 5, 2])) == "1 of 3 values are wrong, the first at (1,): expected 1, got 5"
    )
