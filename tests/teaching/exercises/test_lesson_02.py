"""Solutions of lesson 02 beside `paper` and torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from torch.nn import functional as F

from unet_tutorial import paper
from unet_tutorial.teaching.checking.check import find
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN

ORACLES = {
    "double_conv": paper.double_conv,
    "count_parameters": lambda a, b: sum(p.numel() for p in paper.double_conv(a, b).parameters()),
    "pooled_side": range(0, 1000, 2).index,  # ValueError for an odd side
    "pool_by_reshape": lambda x: F.max_pool2d(x, 2),
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    free = replace(find(name), forbidden=())
    assert [judge(free, oracle, seed=seed).sentence for seed in HIDDEN] == [f"ok: {name}"] * len(HIDDEN)
