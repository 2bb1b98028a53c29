"""Solutions of lesson 03 beside `paper`, the library and torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from torch.nn import functional as F

from unet_tutorial import paper
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.teaching.checking.check import find
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN

ORACLES = {
    "crop": lambda x, height, width: center_crop(x, (height, width)),
    "crop_and_concat": paper.crop_and_concat,
    "up_convolution": lambda x, weight, bias: F.conv_transpose2d(x, weight, bias, stride=2),
    "up_step": paper.UpStep,
}


@pytest.mark.parametrize(("name", "oracle"), ORACLES.items())
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    free = replace(find(name), forbidden=())
    assert [judge(free, oracle, seed=seed).sentence for seed in HIDDEN] == [f"ok: {name}"] * len(HIDDEN)
