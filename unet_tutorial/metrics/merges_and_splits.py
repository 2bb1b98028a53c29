"""Counts of merged cells (one proposed cell for several true ones) and of split cells (several for one true cell)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import overlaps


def merges(truth: NDArray[Any], proposal: NDArray[Any]) -> int:
    """Number of borders between true cells that are missing: a proposed cell that holds n true cells counts n - 1.

    A proposed cell holds a true cell if it covers more than half of that cell's pixels, so each true cell is held at
    most once. ``truth`` and ``proposal`` are label images of one shape, of any rank, 0 on background; errors are those
    of ``v_rand``. A true cell that the proposal misses altogether is not counted, so 0 does not mean a perfect result.

    >>> merges(np.array([1, 1, 0, 2, 2, 0, 3]), np.array([5, 5, 5, 5, 5, 0, 6]))
    1
    """
    table = overlaps(truth, proposal)
    _, index = np.unique(table.truth, return_inverse=True)  # (pairs,)
    held = (table.proposal > 0) & (2 * table.pixels > table.truth_sizes[index])
    _, counts = np.unique(table.proposal[held], return_counts=True)  # true cells in each proposed cell that holds any
    return int((counts - 1).sum())


def splits(truth: NDArray[Any], proposal: NDArray[Any]) -> int:
    """Number of borders inside true cells: a true cell that holds n proposed cells counts n - 1.

    ``merges`` with the roles exchanged; a proposal without cells has 0 splits.

    >>> splits(np.array([1, 1, 1, 1, 1]), np.array([5, 5, 0, 6, 6]))
    1
    """
    overlaps(truth, proposal)  # checked here too: errors of merges(proposal, truth) would exchange the two names
    return merges(proposal, truth) if (proposal > 0).any() else 0
