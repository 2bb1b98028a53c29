"""Networks with the weights of other systems, and the comparison of their outputs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tests.oracles.foreign_layouts import Foreign
from unet_tutorial.nets.foreign_weights import System, chosen, structure_of, translated
from unet_tutorial.nets.presets import build
from unet_tutorial.nets.unet import UNet


def imported(system: System, state: dict[str, Tensor], options: dict[str, Any]) -> UNet:
    """The network of ours with these weights, in float64."""
    structure = structure_of(system, state)
    net = build(system.preset, **system.arguments(structure, chosen(system, structure, options)[0]))
    net.load_state_dict(translated(system, structure, state, net))
    return net.double().eval()


@torch.no_grad()
def assert_equal_outputs(system: System, theirs: Foreign, options: dict[str, Any], size: tuple[int, ...]) -> None:
    """Compare both networks on a random batch of two images of this size."""
    ours = imported(system, theirs.state(), options)
    image = torch.randn(2, ours.in_channels, *size, dtype=torch.float64)
    torch.testing.assert_close(ours(image), theirs(image), rtol=0, atol=1e-12)
