"""Training runs: trains and tests a network, and writes checkpoint, scores and report; predicts with a checkpoint.

``from unet_tutorial.jobs import train, predict`` works on arrays in memory; see ``jobs.arrays``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unet_tutorial.jobs.arrays import Model, predict, train

__all__ = ["Model", "predict", "train"]


def __getattr__(name: str) -> object:
    """Imports ``train``, ``predict`` and ``Model``, and with them torch, at their first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from unet_tutorial.jobs import arrays

    return getattr(arrays, name)
