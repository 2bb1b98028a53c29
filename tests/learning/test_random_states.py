"""Random states of each kind of device; those of GPUs by a stand-in for torch's functions."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from unet_tutorial.learning.random_states import key_of, of_others, of_process, random_states, restore_random_states


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


def test_the_states_of_several_processes_have_keys_of_their_own() -> None:
    tensors = {name: torch.rand(1) for name in ("net.random.weight", "losses")}
    for rank in range(12):
        tensors |= {key_of(key, rank): torch.tensor([rank]) for key in ("random.cpu", "random.cuda")}
    for rank in range(12):
        found = {key: int(state) for key, state in of_process(tensors, rank).items()}
        assert found == {"random.cpu": rank, "random.cuda": rank}
    assert of_process(tensors, 12) == {}
    assert len(of_others(tensors)) == 22
