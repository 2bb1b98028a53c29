"""The states of torch's random generators that a training run on a device uses, under the keys of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def random_states(device: torch.device) -> dict[str, Tensor]:
    """The state of the CPU's generator, and that of the device's own generator if it is a GPU.

    >>> list(random_states(torch.device("cpu")))
    ['random.cpu']
    """
    states = {"random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["random.cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["random.mps"] = torch.mps.get_rng_state()
    return states


def restore_random_states(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Set the generators to these states; a GPU's generator stays as it is if the run was on a device of another kind.

    Other keys are ignored.
    """
    torch.set_rng_state(states["random.cpu"])
    if device.type == "cuda" and "random.cuda" in states:
        torch.cuda.set_rng_state(states["random.cuda"], device)
    if device.type == "mps" and "random.mps" in states:
        torch.mps.set_rng_state(states["random.mps"])
