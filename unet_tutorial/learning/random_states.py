"""The states of torch's random generators that a training run on a device uses, under the keys of a checkpoint.

Of a run on many processes, the keys of process 0 are those of a run on one process, and those of process 1 end in
".1".
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

KEYS = ("random.cpu", "random.cuda", "random.mps")


def random_states(device: torch.device) -> dict[str, Tensor]:
    """The state of the CPU's generator, and that of the device's own generator if it is a GPU, each (n,) uint8.

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


def of_process(states: Mapping[str, Tensor], rank: int) -> dict[str, Tensor]:
    """The random states of process ``rank``, under the keys of ``random_states``; empty if there are none.

    >>> of_process({"losses": 1, "random.cpu": 2, "random.cpu.1": 3}, 1)
    {'random.cpu': 3}
    """
    return {key: states[key_of(key, rank)] for key in KEYS if key_of(key, rank) in states}


def of_others(states: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The random states of all processes but process 0, under their keys in a checkpoint.

    >>> of_others({"losses": 1, "random.cpu": 2, "random.cpu.1": 3})
    {'random.cpu.1': 3}
    """
    return {key: state for key, state in states.items() if key.startswith("random.") and key not in KEYS}


def key_of(key: str, rank: int) -> str:
    """The key in a checkpoint of a random state of process ``rank``."""
    return f"{key}.{rank}" if rank else key
