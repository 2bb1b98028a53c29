"""Numbers of merged cells (one predicted cell for several true ones) and split cells (several for one true cell).

``truth`` is the ground truth, with true cells, and ``proposal`` the predicted segmentation, with predicted cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import overlaps


def merges(truth: NDArray[Any], proposal: NDArray[Any]) -> int:
    """Number of missing borders between true cells: n - 1 for each predicted cell that contains n true cells.

    A predicted cell contains a true cell if it covers more than half of that cell's pixels, so each true cell is in at
    most one predicted cell. ``truth`` and ``proposal`` are label images of the same shape, with any number of axes and
    0 on background. Raises the errors of ``v_rand``. A true cell without a predicted cell is not counted, so a result
    of 0 does not mean that the segmentation is perfect.

    >>> merges(np.array([1, 1, 0, 2, 2, 0, 3]), np.array([5, 5, 5, 5, 5, 0, 6]))
    1
    """
    table = overlaps(truth, proposal)
    _, index = np.unique(table.truth, return_inverse=True)  # (pairs,)
    held = (table.proposal > 0) & (2 * table.pixels > table.truth_sizes[index])
    _, counts = np.unique(table.proposal[held], return_counts=True)  # true cells in each predicted cell
    return int((counts - 1).sum())


def splits(truth: NDArray[Any], proposal: NDArray[Any]) -> int:
    """Number of extra borders inside true cells: n - 1 for each true cell that contains n predicted cells.

    It is ``merges`` with truth and proposal exchanged. A proposal without cells has 0 splits.

    >>> splits(np.array([1, 1, 1, 1, 1]), np.array([5, 5, 0, 6, 6]))
    1
    """
    overlaps(truth, proposal)  # checks the arguments; merges below would exchange their names in its errors
    return merges(proposal, truth) if (proposal > 0).any() else 0
