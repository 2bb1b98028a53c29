"""The networks that have a name."""

import pytest
import torch

from unet_tutorial.nets.presets import PRESETS, build


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_the_same_from_the_same_seed(name: str) -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(5)
        states.append(build(name, widths=(4, 8)).state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
