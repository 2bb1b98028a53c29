"""Solutions of lesson 10 beside torch's batch norm, NumPy's padding and the networks themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.presets import padded_unet
from unet_tutorial.teaching.checking.check import find
from unet_tutorial.teaching.checking.judge import judge
from unet_tutorial.teaching.checking.trial import HIDDEN


def pad_and_cut(net: Callable[[Tensor], Tensor], image: Tensor, depth: int) -> Tensor:
    _, height, width = image.shape
    before = [(-n % 2**depth) // 2 for n in (height, width)]
    pads = [(b, -n % 2**depth - b) for b, n in zip(before, (height, width), strict=True)]
    answer = net(torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], "reflect")))
    return answer[:, before[0] : before[0] + height, before[1] : before[1] + width]


def running_statistics(batches: list[Tensor], share: float) -> tuple[Tensor, Tensor]:
    norm = nn.BatchNorm2d(batches[0].shape[1], momentum=share)
    for x in batches:
        norm(x)
    return norm.get_buffer("running_mean"), norm.get_buffer("running_var")


def can_train(batch: int, sides: tuple[int, ...], depth: int) -> bool:
    """By trying, with one channel per level."""
    net = padded_unet(widths=(1,) * (depth + 1), rank=len(sides)).train()
    try:
        net(torch.zeros(batch, 1, *sides))
    except ValueError:
        return False
    return True


def dead_biases(widths: tuple[int, ...]) -> int:
    """Counted in the network: units in which a norm follows the convolution at once."""
    with torch.device("meta"):
        net = padded_unet(widths=widths)
    units = [list(module) for module in net.modules() if isinstance(module, nn.Sequential)]
    pairs = [(one, two) for unit in units for one, two in pairwise(unit)]
    return sum(c.out_channels for c, norm in pairs if isinstance(c, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d))


def fold_norm(
    weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> tuple[Tensor, Tensor]:
    """The layer is affine: its output for 0 is the bias, and those for unit vectors give the weights."""

    def layer(patches: Tensor) -> Tensor:  # (P, in, *kernel) -> (P, out)
        out = F.conv2d(patches, weight.double(), bias.double())
        vectors = (mean.double(), variance.double(), gamma.double(), beta.double())
        return F.batch_norm(out, *vectors, training=False, eps=epsilon)[..., 0, 0]

    count = weight[0].numel()
    units = torch.eye(count, dtype=torch.float64).reshape(count, *weight.shape[1:])
    nothing = layer(torch.zeros_like(units[:1]))  # (1, out)
    return (layer(units) - nothing).T.reshape(weight.shape).float(), nothing[0].float()


ORACLES = {
    "pad_and_cut": pad_and_cut,
    "batch_normalised": lambda x, gamma, beta, eps: F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps),
    "running_statistics": running_statistics,
    "can_train": can_train,
    "dead_biases": dead_biases,
    "fold_norm": fold_norm,
}


@pytest.mark.parametrize(
    ("name", "oracle"),
    [pytest.param(*each, marks=pytest.mark.slow if each[0] == "can_train" else ()) for each in ORACLES.items()],
)
def test_solutions_agree_with_oracles(name: str, oracle: Any) -> None:
    free = replace(find(name), forbidden=())
    assert [judge(free, oracle, seed=seed).sentence for seed in HIDDEN] == [f"ok: {name}"] * len(HIDDEN)


def test_the_norms_of_torch_are_refused() -> None:
    def by_module(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
        norm = nn.BatchNorm2d(x.shape[1], eps=epsilon)
        norm.load_state_dict({**norm.state_dict(), "weight": gamma, "bias": beta})
        return torch.as_tensor(norm(x))

    for answer in (ORACLES["batch_normalised"], by_module):
        assert judge(find("batch_normalised"), answer).sentence.startswith("batch_normalised: this exercise forbids")
