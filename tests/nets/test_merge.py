"""Concatenation and addition of skips against numpy, on the middle of the skip; a merge that ignores the skip."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.oracles.thin_nets import inner, thin
from unet_tutorial.nets.merge import Add, Concat, NoSkip
from unet_tutorial.nets.resample import transposed
from unet_tutorial.plan.levels import pyramid


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_concatenation_puts_the_middle_of_the_skip_first(rank: int) -> None:
    merge, size = Concat(3, 2, 6, (2,) * rank), (4, 6, 8)[:rank]
    skip, up = torch.randn(2, 3, *(n + 4 for n in size)), torch.randn(2, 2, *size)
    expected = np.concatenate((skip.numpy()[inner(rank, 2)], up.numpy()), axis=1)
    assert np.array_equal(merge(skip, up, up).numpy(), expected)
    assert merge.out_channels == 5


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_addition_is_the_sum_of_the_middle_of_the_skip(rank: int) -> None:
    merge, size = Add(3, 3, 6, (2,) * rank), (4, 6, 8)[:rank]
    skip, up = torch.randn(2, 3, *(n + 4 for n in size)), torch.randn(2, 3, *size)
    middle = skip[inner(rank, 2)]
    assert np.array_equal(merge(skip, up, up).numpy(), middle.numpy() + up.numpy())
    assert torch.equal(merge(middle, up, up), middle + up)
    assert merge.out_channels == 3


def test_addition_refuses_other_numbers_of_channels() -> None:
    with pytest.raises(ValueError, match=r"upsampled features have 8, .* or merge with Concat"):
        Add(4, 8, 8, (2, 2))
    with pytest.raises(ValueError, match="skip has 4 channels and the upsampled features have 8"):
        thin(pyramid((4, 8)), merge=Add, up=lambda below, _wanted, stride: transposed(below, below, stride))


def test_a_merge_without_a_skip_passes_on_the_upsampled_features() -> None:
    merge, up = NoSkip(3, 2, 6, (2, 2)), torch.randn(2, 2, 4, 6)
    assert torch.equal(merge(torch.randn(2, 3, 4, 6), up, up), up)
    assert merge.out_channels == 2
