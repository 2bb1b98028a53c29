"""Weights of MONAI's BasicUNet give its output here, also those of MONAI itself where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.foreign_layouts import Foreign, monai
from tests.oracles.imported import assert_equal_outputs, imported
from unet_tutorial.nets.systems.monai_basic_unet import MONAI

WIDE = (32, 48)


def no_norm(channels: int) -> nn.Module:  # noqa: ARG001
    return nn.Identity()


CASES: dict[str, tuple[Callable[[], Foreign], dict[str, Any], tuple[int, ...]]] = {
    "default": (monai, {}, WIDE),
    "1D, batch, prelu": (lambda: monai(1, norm=nn.BatchNorm1d, act=nn.PReLU), {}, (32,)),
    "3D, no bias": (partial(monai, 3, bias=False), {}, (16, 32, 16)),
    "group": (
        partial(monai, 2, (4, 8, 8, 8, 8, 4), partial(nn.GroupNorm, 2), nn.ReLU),
        {"norm": ["GROUP", {"num_groups": 2}], "act": ["relu", {"inplace": True}]},
        WIDE,
    ),
    "instance without scale": (
        partial(monai, norm=nn.InstanceNorm2d, act=partial(nn.LeakyReLU, 0.3)),
        {"norm": "instance", "act": ["LeakyReLU", {"negative_slope": 0.3}]},
        WIDE,
    ),
    "instance with scale": (monai, {"norm": ["instance", {"affine": True}]}, WIDE),
    "no norm": (partial(monai, norm=no_norm, act=nn.SiLU), {"norm": None, "act": "swish"}, WIDE),
}


@pytest.mark.parametrize("case", CASES)
def test_the_output_is_that_of_monai(case: str) -> None:
    there, options, size = CASES[case]
    torch.manual_seed(0)
    assert_equal_outputs(MONAI, there(), options, size)


@pytest.mark.parametrize(
    ("there", "options"),
    [
        ({}, {}),
        ({"norm": "batch", "act": "prelu", "bias": False}, {"bias": False}),
        ({"norm": "instance"}, {"norm": "instance"}),
        ({"norm": None}, {"norm": None}),
    ],
)
def test_weights_of_monai_itself(there: dict[str, Any], options: dict[str, Any]) -> None:
    nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
    torch.manual_seed(0)
    theirs = nets.BasicUNet(2, 1, 2, features=(4, 6, 8, 10, 12, 7), **there).eval()
    state = {key: value.clone() for key, value in theirs.state_dict().items()}
    here = imported(MONAI, state, options)
    image = torch.randn(1, 1, 32, 48, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(here(image), theirs.double()(image), rtol=0, atol=1e-12)


bare = partial(monai, norm=no_norm)
REFUSED: list[tuple[Callable[[], Foreign], dict[str, Any], str]] = [
    (monai, {"upsample": "pixelshuffle"}, 'upsample "pixelshuffle" has no equal here'),
    (monai, {"act": ["elu", {"alpha": 0.5}]}, "alpha has no equal here"),
    (monai, {"act": ["leakyrelu", 0.2]}, "write a name, or a list of a name and its arguments by name"),
    (monai, {"norm": ["instance"]}, "write a name, or a list of a name and its arguments by name"),
    (monai, {"norm": ["instance", {"eps": 0.1}]}, "eps has no equal here"),
    (monai, {"norm": ["group", {"num_groups": 3}]}, "num_groups must be one of 1, such as"),
    (monai, {"norm": "group"}, "num_groups must be one of 1, such as"),
    (monai, {"norm": "instance"}, r'norm "instance" .* allow \["instance", {"affine": true}\], "group"'),
    (monai, {"norm": ["instance", {"affine": False}]}, "or does not agree with the weights"),
    (monai, {"norm": ["group", {"num_groups": 1, "affine": False}]}, "or does not agree with the weights"),
    (bare, {}, r'do not state norm, .*"affine": true}\] does not agree .* one of "instance", null: give it'),
    (bare, {"norm": ["instance", {"affine": True}]}, "or does not agree with the weights"),
    (bare, {"norm": ["group", {"num_groups": 2, "affine": False}]}, 'has no equal .* allow "instance", null'),
]


@pytest.mark.parametrize(("there", "options", "sentence"), REFUSED)
def test_what_does_not_fit_is_refused(there: Callable[[], Foreign], options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        imported(MONAI, there().state(), options)
