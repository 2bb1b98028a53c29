"""SEG, the segmentation score of the Cell Tracking Challenge: the mean Jaccard index of matched cells.

``truth`` is the ground truth, with true cells, and ``proposal`` the predicted segmentation, with predicted cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import counts, overlaps


def seg_score(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """Mean over the true cells of the Jaccard index of each cell and its match. It is 0 for a cell without a match.

    The match is the predicted cell that covers more than half of the true cell. ``truth`` and ``proposal`` are label
    images of the same shape, with any number of axes and 0 on background. Extra predicted cells do not lower the score.
    If true cells are merged in one predicted cell, the sum of their Jaccard indices is at most 1. A stack is scored as
    one volume. For a movie, average over the cells of all frames:
    ``np.concatenate([cell_jaccards(t, p) for t, p in zip(truths, proposals)]).mean()``.
    Cells without annotation are background in the truth and do not count. Raises the errors of ``v_rand``.
    Source: celltrackingchallenge.net, SEG; Maška et al. 2014, doi 10.1093/bioinformatics/btu080.

    >>> seg_score(np.array([1, 1, 1, 0, 2, 2]), np.array([7, 7, 0, 0, 2, 0]))   # 2/3, and 0: exactly half is no match
    0.3333333333333333
    """
    return float(cell_jaccards(truth, proposal).mean())


def cell_jaccards(truth: NDArray[Any], proposal: NDArray[Any]) -> NDArray[np.float64]:
    """The Jaccard index |R∩S| / |R∪S| of each true cell R and its match S, by ascending label: (true cells,).

    It is 0 for a cell without a match. Arguments and errors are those of ``seg_score``.

    >>> cell_jaccards(np.array([1, 1, 1, 0, 2, 2]), np.array([7, 7, 0, 0, 2, 0])).round(3).tolist()
    [0.667, 0.0]
    """
    table = overlaps(truth, proposal)
    cells, index = np.unique(table.truth, return_inverse=True)  # (true cells,), (pairs,)
    labels, sizes = counts(proposal.astype(np.int64), int(proposal.max()) + 1)
    truth_size = table.truth_sizes[index]  # (pairs,)
    proposal_size = sizes[np.searchsorted(labels, table.proposal)]  # whole cells, also their pixels outside true cells
    match = (table.proposal > 0) & (2 * table.pixels > truth_size)  # more than half: at most one match per true cell
    scores = np.zeros(cells.size)
    jaccard = table.pixels / (truth_size + proposal_size - table.pixels)
    scores[index[match]] = jaccard[match]
    return scores
