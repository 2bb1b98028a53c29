"""UNETR: the numbers of parameters of MONAI's, with the difference explained; drawn, and trained thin."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count
from unet_tutorial.nets.systems.unetr import unetr
from unet_tutorial.nets.transformer import learnt

pytestmark = pytest.mark.slow

MONAI = 92_802_274  # UNETR(1, 2, (96, 96, 96), feature_size=16)
QUERIES_KEYS_VALUES = 12 * 3 * 768  # biases of 12 layers; none there
UNUSED = 12 * 2 * 768  # a layer norm of each layer there for cross-attention, which never runs
UPSAMPLINGS = 3 * 32 + 2 * 64 + 128 + (128 + 64 + 32 + 16)  # biases of the up-convolutions of encoder and decoder
SHORTCUTS = 16 + (128 + 64 + 32 + 16)  # biases of 1×1 convolutions


def test_the_difference_to_monais_number_of_parameters() -> None:
    with torch.device("meta"):
        ours = count(unetr(1, 2, positions=learnt((6, 6, 6))))
    assert ours == MONAI + QUERIES_KEYS_VALUES - UNUSED + UPSAMPLINGS + SHORTCUTS == 92_812_338


def test_monais_number_of_parameters() -> None:
    nets = pytest.importorskip("monai.networks.nets", reason="the extra bench: pip install -e '.[bench]'")
    with torch.device("meta"):
        assert count(nets.UNETR(1, 2, (96, 96, 96), feature_size=16)) == MONAI


def test_it_passes_the_checks_of_the_family() -> None:
    make = partial(unetr, 1, 2, (4, 6, 8), rank=2, depth=2, heads=2, hidden=12)
    check_network(make, [(12, 8), (8, 12)], odd=(9, 10))
