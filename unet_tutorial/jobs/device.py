"""Checks the name of a torch device."""

from __future__ import annotations

import torch


def checked_device(device: str) -> str:
    """Return the name if it can be used: ``cpu``, or ``cuda`` (``cuda:1``, …) if torch finds a CUDA device.

    ValueError for any other name.
    """
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(f"device {device!r} is unknown; write cpu or cuda") from error
    if kind not in ("cpu", "cuda"):
        raise ValueError(f"device {device!r} is not supported by this course; write cpu or cuda")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r}: torch finds no CUDA device here; leave the option out")
    return device
