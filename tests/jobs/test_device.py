"""Names of devices."""

import pytest
import torch

from unet_tutorial.jobs.device import checked_device


def test_cpu_is_there() -> None:
    assert checked_device("cpu") == "cpu"


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("tpu", "device 'tpu' is unknown; write cpu, cuda or mps"),
        ("", "device '' is unknown"),
        ("meta", "device 'meta' is not supported by this course"),
    ],
)
def test_other_devices_are_refused(device: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked_device(device)


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_cuda_depends_on_torch(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert checked_device(device) == device
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"device '{device}': torch finds no CUDA device here"):
        checked_device(device)


def test_mps_depends_on_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert checked_device("mps") == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device 'mps': torch finds no GPU of Apple here"):
        checked_device("mps")
