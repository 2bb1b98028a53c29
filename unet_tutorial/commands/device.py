"""Where to compute."""

from __future__ import annotations

import torch


def checked_device(device: str) -> str:
    """The device, if torch has it; else ValueError."""
    if device != "cpu" and not device.startswith("cuda"):
        raise ValueError(f"device {device!r} is unknown; write cpu or cuda")
    if device != "cpu" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r}: torch sees no CUDA device here; leave the option out")
    return device
