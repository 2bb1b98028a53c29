"""TransUNet: a transformer of ViT-Base at the bottom; drawn as a U with one block of layers at its bottom."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count
from unet_tutorial.nets.presets import padded_unet
from unet_tutorial.nets.systems.transunet import transunet
from unet_tutorial.nets.transformer import transformer

pytestmark = pytest.mark.slow

# per layer: attention 4 · (768² + 768), linear 2 · 768 · 3072 + 3072 + 768, two layer norms; and a last layer norm
VIT_BASE = 12 * (4 * (768**2 + 768) + 2 * 768 * 3072 + 3072 + 768 + 4 * 768) + 2 * 768


def test_the_number_of_parameters() -> None:
    """Those of the padded U-Net, of the layers of ViT-Base, and of two 1×1 convolutions."""
    with torch.device("meta"):
        projections = (1024 * 768 + 768) + (768 * 1024 + 1024)
        assert count(transunet()) == count(padded_unet()) + VIT_BASE + projections


def test_it_passes_the_checks_of_the_family() -> None:
    bottom = transformer(8, depth=2, heads=2, hidden=12, dropout=0.0)
    arch = check_network(
        partial(transunet, 1, 2, (4, 6), rank=3, bottom=bottom), [(12, 8, 8), (8, 12, 8)], odd=(9, 10, 11)
    )
    assert len(arch.skips) == 1
    assert sum(node.kind.startswith("_scaled_dot_product") for node in arch.nodes) == 2
