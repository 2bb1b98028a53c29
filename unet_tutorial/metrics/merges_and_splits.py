"""The mistakes that a reader of cells counts: cells run together, and cells cut into pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import overlaps


def merges(truth: NDArray[Any], proposal: NDArray[Any]) -> int:
    """How many borders between cells are lost: a proposed cell that holds n truth cells has lost n - 1.

    A proposed cell holds a truth cell if more than half of its pixels lie in it, so each truth cell is held at most
    once. ``truth`` and ``proposal`` are label images of one shape, of any rank, 0 on background; errors are those of
    ``v_rand``. Zero is not perfect: a cell that is missing altogether merges with nothing.

    >>> merges(np.array([1, 1, 0, 2, 2, 0, 3]), np.array([5, 5, 5, 5, 5, 0, 6]))
    1
    """
    table = overlaps(truth, proposal)
    _, which = np.unique(table.truth, return_inverse=True)  # (pairs,)
    held = (table.proposal > 0) & (2 * table.pixels > table.truth_sizes[which])
    _, holds = np.unique(table.proposal[held], return_counts=True)
    return int((holds - 1).sum())


def splits(truth: NDArray[Any], proposal: NDArray[Any]) -> int:
    """How many borders are drawn where there are none: a truth cell that holds n proposed cells is split n - 1 times.

    ``merges`` with the roles changed; a proposal without a cell splits nothing.

    >>> splits(np.array([1, 1, 1, 1, 1]), np.array([5, 5, 0, 6, 6]))
    1
    """
    overlaps(truth, proposal)  # refuses what is no pair of label images
    return merges(proposal, truth) if (proposal > 0).any() else 0
