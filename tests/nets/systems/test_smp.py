"""The Unet of segmentation_models_pytorch: its numbers of parameters; its output is compared in ``tests/docs``."""

from __future__ import annotations

import pytest
import torch

from tests.oracles.thin_nets import count
from unet_tutorial.nets.systems.smp import smp_unet

pytestmark = pytest.mark.slow

pytest.importorskip("timm", reason="encoders of timm: pip install -r requirements-backbones.txt")
smp = pytest.importorskip("segmentation_models_pytorch", reason="the extra bench: pip install -e '.[bench]'")


def theirs(name: str, channels: int, classes: int) -> torch.nn.Module:
    net: torch.nn.Module = smp.Unet(name, encoder_weights=None, in_channels=channels, classes=classes)
    return net


@pytest.mark.parametrize(
    ("ours", "name", "channels", "classes"),
    [
        ("resnet34", "resnet34", 3, 1),
        ("resnet18", "resnet18", 1, 4),
        ("regnetx_002", "tu-regnetx_002", 1, 2),
        ("densenet121", "densenet121", 3, 2),
    ],
)
def test_the_numbers_of_parameters(ours: str, name: str, channels: int, classes: int) -> None:
    with torch.device("meta"):
        assert count(smp_unet(ours, channels, classes)) == count(theirs(name, channels, classes))
