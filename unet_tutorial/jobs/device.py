"""Where to compute."""

from __future__ import annotations

import torch


def checked_device(device: str) -> str:
    """The device, if torch has it; else ValueError."""
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(f"device {device!r} is unknown; write cpu or cuda") from error
    if kind not in ("cpu", "cuda"):
        raise ValueError(f"device {device!r} is not one this course runs on; write cpu or cuda")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r}: torch sees no CUDA device here; leave the option out")
    return device
