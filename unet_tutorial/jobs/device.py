"""Checks the name of a torch device."""

from __future__ import annotations

import torch


def checked_device(device: str) -> str:
    """Return the name if torch finds the device: ``cpu``, ``cuda`` (``cuda:1``, …), or ``mps``, the GPU of Apple.

    ValueError for any other name.
    """
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(f"device {device!r} is unknown; write cpu, cuda or mps") from error
    if kind not in ("cpu", "cuda", "mps"):
        raise ValueError(f"device {device!r} is not supported by this course; write cpu, cuda or mps")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r}: torch finds no CUDA device here; leave the option out")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ValueError(f"device {device!r}: torch finds no GPU of Apple here; leave the option out")
    return device
