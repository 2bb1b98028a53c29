"""Relations that hold in every call are named; those that hold in some, or fit by chance, are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from unet_tutorial.teaching.checking.guard import Outcome
from unet_tutorial.teaching.checking.relation import relation

GRID = np.arange(12.0).reshape(3, 4)
RGB = np.random.default_rng(0).standard_normal((3, 4, 5))


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ([3, 8], [4, 9], "every result is 1 too large"),
        ([3, 8], [2, 7], "every result is 1 too small"),
        ([3, 8], [-3, -8], "the negative"),
        ([0.25, 0.5], [25, 50], "a percentage?"),
        ([0.25, 0.4], [0.75, 0.6], "1 minus"),
        ([4.0, 9.0], [2.0, 3.0], "the square root"),
        ([[1, 2], [3, 4, 5]], [[2, 1], [5, 4, 3]], "in reverse order"),
        ([(1, 2), (3, 4, 5)], [(1,), (3, 4)], "the last item is missing"),
        ([[1, 2, 3], [4, 5]], [[2, 1, 3], [4, 5]], "the items are right, but in another order"),
        ([[1, 2], [3]], [[1, 2, 1], [3, 3]], "the items are right, but some are there more than once"),
        ([GRID, 2 * GRID], [GRID.T, 2 * GRID.T], "rows and columns are exchanged"),
        ([torch.eye(3)[:2], torch.ones(2, 3).cumsum(1)], [torch.eye(3)[:2].flip(1), torch.ones(2, 3).cumsum(1).flip(1)],
         "the columns are in reverse order"),
        ([3, 8], [4, 8], ""),
        ([3, 8], [4, 10], ""),
        ([2, 2.5], [4, 6.25], "the square"),
        ([2], [4], ""),  # one call may be chance
        (["a", "b"], ["b", "a"], ""),
        ([0, 0], [1, 1], ""),
        ([3, 8], [11, 16], "every result is 8 too large"),
        ([3, 8], [9, 24], "every result is 3 times"),
        ([3, 8], [8, 8], "the result is 8 in every call"),
        ([(1, 3), (1, 8)], [(1, 4), (1, 9)], "item 1: every result is 1 too large; item 0 is right"),
        ([RGB, 2 * RGB], [RGB[[1, 2, 0]], 2 * RGB[[1, 2, 0]]], "the channels are right, but in another order"),
        ([RGB], [RGB.transpose(1, 2, 0)], "the axes are in another order: (1, 2, 0)"),
        ([RGB], [np.pad(RGB, ((0, 0), (1, 2), (0, 3)))], "the right pixels are in your result"),
        ([np.maximum(RGB, 0)], [RGB], "a ReLU at the end is missing"),
        ([RGB], [RGB + 1], "every value is 1 too large"),
        ([RGB], [RGB + np.arange(3.0).reshape(3, 1, 1)], "as with a wrong bias or a wrong mean"),
        ([RGB], [RGB**3], ""),
        ([RGB], [RGB.astype(np.float64) + 1e-12], ""),  # right values that were refused for another reason
        ([GRID[0], GRID[1]], [GRID[0, [1, 2, 3, 0]], GRID[1, [1, 2, 3, 0]]], "in another order: 1, 2, 3, 0 of"),
        ([[1, 2, 3], [4, 6, 5]], [[2, 1, 3], [6, 4, 5]], "in another order: 1, 0, 2 of"),
        ([torch.ones(2), torch.tensor([2.0, 3.0])], [torch.tensor([1.0, -1]), torch.tensor([2.0, -3])],
         "item 1: every result is the negative of the right one; item 0 is right"),
        ([[(0, 1), (2, 0)], [(3, 1)]], [[(2, 0)], [(3, 1)]], "items are missing, such as (0, 1)"),
        ([[4, 2, 4], [1, 3]], [[2, 4], []], "items are missing, such as 4"),
        ([["b"], ["c"]], [["b", "a"], ["c"]], "items are there that do not belong there, such as 'a'"),
        ([["b"], ["c"]], [["b", "b"], ["c"]], "the items are right, but some are there more than once"),
        ([["b", "a"], ["c"]], [["d"], ["c"]], ""),
        ([[RGB[0]], [GRID]], [[RGB[0], GRID[:2]], [GRID]], "such as an array of shape (2, 4)"),
        ([[(RGB, 1)], [(GRID, 2)]], [[(RGB, 1), (RGB[0], 5)], [(GRID, 2)]], "such as (an array of shape (4, 5), 5)"),
        ([np.array([0.0, 1, 3])], [np.array([0.0, -0.5, -1.5])], "every value is -0.5 times the right one"),
        ([np.array([0.0, 1, 3])], [np.array([1.0, 2, 6])], ""),
        ([np.array([1.0, 2])], [np.array([np.inf, 4])], ""),
        ([[3, 1, 2], [4]], [[1, 2, 3], [4]], "the items are right, but in another order"),
        (["A.", "B c."], ["A", "B c"], "the full stop at the end is missing"),
        (["A b.", "B c."], ["A b.", "B  c."], "the text is right but for spaces"),
        (["A b.", "B c."], ["a b.", "B c."], "the text is right but for capital letters"),
        (["A b.", "B c."], ["a b.", "B  c."], ""),
        ([{"x": 1, "y": [2, 3]}, {"x": 1, "y": [4]}], [{"x": 1, "y": [3]}, {"x": 1, "y": []}],
         "y: the first item is missing"),
        # What a probe of modules returns: the single output counts.
        ([{"output": [RGB]}], [{"output": [np.maximum(RGB, 0) - 1]}], ""),
        ([{"output": [np.maximum(RGB, 0)]}], [{"output": [RGB]}], "a ReLU at the end is missing"),
        ([{"output": [RGB], "gradients": [RGB]}], [{"output": [RGB], "gradients": [RGB * 0]}], "the output is right"),
        ([{"output": [RGB], "gradients": [RGB]}], [{"output": [RGB + 1], "gradients": [RGB * 0]}], "1 too large"),
        ([{"output": RGB}], [{"output": None}], ""),
        ([3, 8], [0, 0], "does a product begin with 0"),
        ([RGB], [1 / RGB], "every value is 1 divided by the right one"),
        ([RGB], [np.maximum(RGB, 0)], "the negative values are set to 0"),
        ([RGB], [abs(RGB)], "the minus signs are lost"),
        ([RGB, GRID], [RGB[None] + 3, GRID[None] + 3], "axis 0 is too many"),
        ([RGB], [RGB[0] + 3], "axis 0 is missing"),
        ([RGB, 2 * RGB], [RGB[:, 1:-1, 1:-1] + 3] * 2, "axes 1 and 2 have 2 entries too few"),
        ([GRID[0], GRID[1]], [GRID[0, :-1] + 3, GRID[1, :-1] + 3], "axis 0 has 1 entry too few"),
        ([RGB, GRID], [RGB[0] + 3, GRID[None] + 3], ""),
    ],
)  # fmt: skip
def test_the_relation_of_all_results(right: Sequence[Any], wrong: Sequence[Any], words: str) -> None:
    found = relation([Outcome(each) for each in right], [Outcome(each) for each in wrong], 1e-5)
    assert words in found if words else found == ""


def test_an_error_has_no_relation() -> None:
    assert relation([Outcome(1), Outcome(2)], [Outcome(2), Outcome(error="it raised")], 1e-5) == ""
