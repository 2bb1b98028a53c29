"""Solutions of lesson 00 beside other spellings and the library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import size_steps
from unet_tutorial.teaching.checking.check import hidden


def level_below(size: tuple[int, ...]) -> tuple[int, ...]:
    return next(step.size for step in size_steps(size, pyramid((1, 1)), padding="valid") if step.op == "down")


ORACLES = {
    "cell_share": lambda labels: np.count_nonzero(labels) / labels.size,
    "cell_count": lambda labels: len(set(labels.ravel().tolist()) - {0}),
    "border_share": lambda labels: np.count_nonzero(np.diff(labels, axis=1)) / np.diff(labels, axis=1).size,
    "level_below": level_below,
    "halves": lambda image: np.split(image, [image.shape[1] // 2], axis=1),
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    assert hidden(name, oracle).sentence == f"ok: {name}, hidden"
