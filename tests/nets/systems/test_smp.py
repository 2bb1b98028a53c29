"""The Unet of segmentation_models_pytorch: its numbers of parameters, and its output with its weights."""

from __future__ import annotations

import pytest
import torch

from tests.oracles.thin_nets import count, perturbed
from unet_tutorial.nets.systems.smp import smp_unet

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


def test_the_same_weights_give_the_same_output() -> None:
    """Copied in order; then the halves of one weight per step are exchanged, because theirs concatenate [up, skip]."""
    net, other = smp_unet("resnet18", 1, 3).eval(), perturbed(theirs("resnet18", 1, 3)).eval()
    names = [key for key in other.state_dict() if not key.startswith(("encoder.fc", "encoder.global_pool"))]
    values = [other.state_dict()[key] for key in names]
    net.load_state_dict(dict(zip(net.state_dict(), values, strict=True)))
    below = net.levels[-1].channels
    for step in list(net.decoder.get_submodule("steps").children())[:-1]:
        weight = step.get_parameter("block.units.0.conv.weight")
        with torch.no_grad():
            weight.copy_(torch.cat((weight[:, below:], weight[:, :below]), dim=1))
        below = weight.shape[0]  # upsampling keeps the channels
    image = torch.randn(1, 1, 64, 96)
    with torch.no_grad():
        assert torch.allclose(net(image), other(image), atol=1e-5)
