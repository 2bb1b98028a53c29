"""Random states of each kind of device; those of GPUs by a stand-in for torch's functions."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from unet_tutorial.learning.random_states import random_states, restore_random_states


def test_the_state_of_the_cpu_is_restored() -> None:
    kept = random_states(torch.device("cpu"))
    first = torch.rand(3)
    restore_random_states(kept, torch.device("cpu"))
    assert torch.equal(torch.rand(3), first)


@pytest.mark.parametrize(("name", "arguments"), [("cuda:1", [torch.device("cuda:1")]), ("cuda", None), ("mps", [])])
def test_the_state_of_a_gpu_is_that_of_the_same_device(
    name: str, arguments: list[torch.device] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, calls = torch.device(name), list[Any]()
    module = getattr(torch, device.type)

    def called(*given: Any) -> torch.Tensor:
        calls.append(given)
        return torch.tensor([7])

    monkeypatch.setattr(module, "get_rng_state", called)
    monkeypatch.setattr(module, "set_rng_state", called)
    states: dict[str, Any] = random_states(device)
    assert states.keys() == {"random.cpu", f"random.{device.type}"}
    restore_random_states(states, device)
    wanted = [device] if arguments is None else arguments
    assert [list(call) for call in calls] == [wanted, [torch.tensor([7]), *wanted]]
    restore_random_states({"random.cpu": states["random.cpu"]}, device)  # of a run on another device
    restore_random_states(states, torch.device("cpu"))
    assert len(calls) == 2
